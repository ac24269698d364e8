from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from operations.replay.quality import Protocol, assess, card_precision, without_known_cards

DATA = Path(__file__).parents[3] / "shared" / "data"
ASSESSED = Protocol(first_day=100, last_day=101, delay_days=7, training_days=7)


def scores(*rows: tuple[int, str, int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["day", "card", "fraud", "score"])


def frauds(*rows: tuple[int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["day", "card"]).astype({"day": "int64"})


@pytest.mark.parametrize(
    ("fraud_day", "days_left"),
    [
        (85, [100, 101]),  # before the training week: forgotten
        (86, []),  # the first training day: known on both days
        (92, []),  # eight days before the first assessed day
        (93, [100]),  # known only on the second day
        (94, [100, 101]),  # seven days before the second day: not known yet
    ],
)
def test_a_card_is_excluded_from_the_day_its_fraud_is_known(fraud_day, days_left):
    left = without_known_cards(scores((100, "c", 0, 0.1), (101, "c", 0, 0.1)), frauds((fraud_day, "c")), ASSESSED)
    assert list(left["day"]) == days_left


def test_other_days_than_the_assessed_ones_are_excluded():
    left = without_known_cards(scores((99, "a", 1, 1.0), (102, "b", 1, 1.0), (100, "c", 0, 0.1)), frauds(), ASSESSED)
    assert list(left["card"]) == ["c"]


def test_a_cards_score_is_its_highest_of_the_day():
    day = scores((100, "a", 0, 0.2), (100, "a", 1, 0.9), (100, "b", 0, 0.5), (100, "c", 0, 0.4))
    assert card_precision(day, Protocol(100, 100), top=1) == 1.0


def test_a_card_that_was_found_is_excluded_from_later_days():
    days = scores((100, "a", 1, 0.9), (100, "b", 0, 0.1), (101, "a", 1, 0.9), (101, "b", 0, 0.1))
    assert card_precision(days, ASSESSED, top=1) == 0.5


def test_a_compromised_card_that_was_not_found_stays_in_the_later_days():
    days = scores((100, "a", 1, 0.1), (100, "b", 0, 0.9), (101, "a", 1, 0.9), (101, "b", 0, 0.1))
    assert card_precision(days, ASSESSED, top=1) == 0.5


def test_a_perfect_ranking_has_perfect_metrics():
    quality = assess(scores((100, "a", 1, 0.9), (100, "b", 0, 0.8), (101, "c", 0, 0.1)), frauds((100, "a")), ASSESSED)
    assert (quality.roc_auc, quality.average_precision) == (1.0, 1.0)
    assert (quality.transactions, quality.frauds) == (3, 1)


def test_days_without_a_fraud_have_no_auc():
    quality = assess(scores((100, "a", 0, 0.9)), frauds(), ASSESSED)
    assert (quality.roc_auc, quality.average_precision, quality.card_precision_at_100) == (None, None, 0.0)


@pytest.mark.skipif(not DATA.is_dir(), reason="the external data is not here")
def test_the_published_figures_of_chapter_3_are_reproduced():
    since = [("TX_DATETIME", ">=", pd.Timestamp("2018-07-25"))]
    table = pd.read_parquet(DATA / "handbook_transformed_public_to_0814.parquet", filters=since)
    table = table.rename(columns={"CUSTOMER_ID": "card", "TX_FRAUD": "fraud"})
    table["day"] = table["TX_DATETIME"].astype("int64") // 86_400_000
    features = [name for name in table.columns if name.endswith("_WINDOW") or name.startswith("TX_DURING")]
    features.append("TX_AMOUNT")
    train = table[table["day"].between(*_days("2018-07-25", "2018-07-31"))]
    first, last = _days("2018-08-08", "2018-08-14")
    test = table[table["day"].between(first, last)].copy()
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train[features], train["fraud"])
    test["score"] = model.predict_proba(test[features])[:, 1]
    quality = assess(test, table[table["fraud"] == 1][["day", "card"]], Protocol(first, last))
    assert (quality.transactions, quality.frauds) == (58_264, 385)
    found = (quality.roc_auc, quality.average_precision, quality.card_precision_at_100)
    assert found == pytest.approx((0.871, 0.606, 0.291), abs=0.005)


def _days(first: str, last: str) -> tuple[int, int]:
    return int(np.datetime64(first, "D").astype(int)), int(np.datetime64(last, "D").astype(int))
