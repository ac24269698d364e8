"""The published baselines, trained here: the proof that the judging is right.

    training week          delay week             test week
    2018-07-25 .. 07-31    2018-08-01 .. 08-07    2018-08-08 .. 08-14

scikit-learn's logistic regression and random forest on the handbook's own 15 features, as in its chapter 3.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from operations.evaluate.measures import Block, judge_days
from operations.evaluate.published import CHAPTER_3, Published
from operations.evaluate.report import ContenderReport, Effort, contender_report
from operations.replay.quality import Protocol, without_known_cards
from weir.errors import DeploymentError

TOLERANCE = 0.005
"""Figures that differ by less are the same: a bootstrap over cards moves AP by more."""

WINDOWS = (1, 7, 30)
FEATURES = (
    "TX_AMOUNT",
    "TX_DURING_WEEKEND",
    "TX_DURING_NIGHT",
    *(f"CUSTOMER_ID_{what}_{days}DAY_WINDOW" for days in WINDOWS for what in ("NB_TX", "AVG_AMOUNT")),
    *(f"TERMINAL_ID_{what}_{days}DAY_WINDOW" for days in WINDOWS for what in ("NB_TX", "RISK")),
)
COLUMNS = ("TX_DATETIME", "CUSTOMER_ID", "TX_FRAUD", *FEATURES)
FIRST_TEST_DAY, DELAY_DAYS, WEEK_DAYS = int(np.datetime64("2018-08-08", "D").astype(int)), 7, 7
PROTOCOL = Protocol(FIRST_TEST_DAY, FIRST_TEST_DAY + WEEK_DAYS - 1, DELAY_DAYS, WEEK_DAYS)
BUDGET = 100

Classified = tuple[ContenderReport, pd.DataFrame]


def models() -> dict[str, Any]:
    """The two models whose published figures are reproduced, with the handbook's settings."""
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "random forest": make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=100, random_state=0)),
    }


def read_handbook(file: Path) -> pd.DataFrame:
    """The handbook's transformed transactions from the training week on.

    Raises:
        DeploymentError: the file cannot be read or is another one.
    """
    since = pd.Timestamp(np.datetime64(PROTOCOL.first_known_day, "D"))
    try:
        table = pd.read_parquet(file, columns=list(COLUMNS), filters=[("TX_DATETIME", ">=", since)])
    except (OSError, ValueError, KeyError) as error:
        problem = f"{file} is not the handbook's file with its 15 features: {' '.join(str(error).split())[:200]}."
        raise DeploymentError(problem, "Give --baseline the transformed handbook transactions.") from error
    table["day"] = table["TX_DATETIME"].to_numpy().astype("datetime64[D]").astype("int64")
    return table.rename(columns={"CUSTOMER_ID": "card", "TX_FRAUD": "fraud"}).assign(amount=table["TX_AMOUNT"])


def run_baselines(table: pd.DataFrame) -> Iterator[tuple[ContenderReport, Block, pd.DataFrame]]:
    """Train and judge each model; its report, its block and the payments that count."""
    training = table[table["day"].between(PROTOCOL.first_known_day, PROTOCOL.first_known_day + WEEK_DAYS - 1)]
    test = table[table["day"].between(PROTOCOL.first_day, PROTOCOL.last_day)]
    if training["fraud"].nunique() < 2 or test.empty:  # noqa: PLR2004 -- fraud and legitimate
        raise DeploymentError(
            "The file does not hold the weeks of chapter 3.", "Give --baseline the file of the handbook."
        )
    frauds = table.loc[table["fraud"] == 1, ["day", "card"]]
    for name, model in models().items():
        started_ns = perf_counter_ns()
        model.fit(training[list(FEATURES)], training["fraud"])
        learned_ns = perf_counter_ns()
        score = model.predict_proba(test[list(FEATURES)])[:, 1]
        effort = Effort(
            us_per_score=(perf_counter_ns() - learned_ns) / 1000 / len(test),
            us_per_learn=(learned_ns - started_ns) / 1000 / len(training),
        )
        scored = test.assign(score=score)
        block, left = judge_days(scored, frauds, PROTOCOL, BUDGET), without_known_cards(scored, frauds, PROTOCOL)
        yield contender_report(name, [block], left, effort), block, left


def differences(reports: Sequence[ContenderReport]) -> list[str]:
    """What is not within the tolerance of the published figures, in sentences."""
    published = {model.model: model for model in CHAPTER_3.models}
    return [sentence for one in reports for sentence in _differences(one, published[one.contender])]


def _differences(one: ContenderReport, published: Published) -> Iterator[str]:
    pairs = {
        "AUC": (one.auc, published.auc),
        "AP": (one.ap, published.ap),
        "CP@100": (one.cp_100, published.cp_100),
    }
    for figure, (own, theirs) in pairs.items():
        if own is None or theirs is None or abs(own - theirs) > TOLERANCE:
            yield f"{figure} of the {one.contender} is {own}, published {theirs}."
