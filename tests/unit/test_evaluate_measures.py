"""Every figure against a value worked out by hand."""

import math

import pandas as pd
import pytest

from operations.evaluate.measures import (
    average_precision_over_time,
    calibration,
    calibration_error,
    caught_within,
    isotonic_log_loss,
    judge_days,
    mean_of,
    weeks_of,
)
from operations.replay.quality import Protocol

DAY = 18_000
NOBODY = pd.DataFrame({"day": pd.Series(dtype="int64"), "card": pd.Series(dtype=object)})
COLUMNS = ["day", "card", "fraud", "amount", "score", "alert"]
FOUR = [
    (DAY, "a", 1, 100.0, 0.9, 1),
    (DAY, "b", 0, 10.0, 0.8, 1),
    (DAY, "c", 1, 50.0, 0.3, 0),
    (DAY, "d", 0, 20.0, 0.1, 0),
]


def scored(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def figures(rows: list[tuple], *, days: int = 1, budget: int = 1, frauds: pd.DataFrame = NOBODY):
    return judge_days(scored(rows), frauds, Protocol(DAY, DAY + days - 1), budget).figures


def test_auc_is_the_share_of_pairs_in_order():
    """Of the four pairs of a fraud and a legitimate payment only (c, b) is out of order."""
    assert figures(FOUR).auc == 3 / 4


def test_average_precision_is_the_mean_precision_at_each_fraud():
    assert figures(FOUR).ap == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_card_precision_counts_compromised_cards_of_a_hundred():
    assert figures(FOUR).cp_100 == 2 / 100


def test_log_loss_is_the_mean_surprise():
    surprises = [-math.log(0.9), -math.log(1 - 0.8), -math.log(0.3), -math.log(1 - 0.1)]
    assert figures(FOUR).log_loss == pytest.approx(sum(surprises) / 4)


def test_mean_score_stands_beside_the_share_of_frauds():
    assert (figures(FOUR).mean_score, figures(FOUR).fraud_rate) == (pytest.approx(2.1 / 4), 0.5)


def test_calibration_compares_expected_and_observed_bin_by_bin():
    bins = calibration(scored(FOUR))
    assert [(one.low, one.high, one.transactions) for one in bins] == [(0.1, 0.2, 1), (0.2, 0.5, 1), (0.5, 1.0, 2)]
    assert [(one.mean_score, one.fraud_rate) for one in bins] == [(0.1, 0.0), (0.3, 1.0), (pytest.approx(0.85), 0.5)]
    assert calibration_error(bins) == pytest.approx((0.1 + 0.7 + 2 * 0.35) / 4)


def test_scores_of_zero_and_one_have_a_bin():
    bins = calibration(scored([(DAY, "a", 1, 1.0, 1.0, 1), (DAY, "b", 0, 1.0, 0.0, 0)]))
    assert [(one.low, one.high) for one in bins] == [(0.0, 0.001), (0.5, 1.0)]
    assert calibration_error(bins) == 0.0


def test_isotonic_fit_scores_each_step_with_its_share_of_frauds():
    """In the order of their scores the verdicts are 0, 1, 0, 1; the two in the middle share one step of a half."""
    assert isotonic_log_loss(scored(FOUR)) == pytest.approx(2 * math.log(2) / 4)


def test_isotonic_fit_needs_both_verdicts():
    assert isotonic_log_loss(scored(FOUR[:1])) is None


def test_recall_and_money_count_the_frauds_of_the_cards_within_the_budget():
    found = figures(FOUR, budget=2)  # the cards a and b
    assert found.recall_at_budget == 1 / 2
    assert (found.money_caught, found.money_missed, found.money_caught_share) == (100.0, 50.0, pytest.approx(2 / 3))


def test_a_cards_highest_score_of_the_day_covers_all_its_payments():
    rows = [(DAY, "a", 1, 7.0, 0.05, 0), (DAY, "a", 1, 5.0, 0.9, 1), (DAY, "b", 0, 1.0, 0.8, 1)]
    assert figures(rows).money_caught == 12.0


def test_a_card_that_was_found_leaves_the_later_days():
    rows = [(DAY, "a", 1, 7.0, 0.9, 1), (DAY + 1, "a", 1, 5.0, 0.9, 1), (DAY + 1, "b", 1, 3.0, 0.1, 0)]
    caught = caught_within(scored(rows), budget=1)
    assert list(zip(caught["amount"], caught["caught"], strict=True)) == [(7.0, True), (3.0, True)]


def test_alerts_are_decisions_other_than_approve():
    found = figures(FOUR)
    assert (found.alerts, found.alert_precision, found.alert_recall) == (2, 0.5, 0.5)


def test_a_model_that_decides_nothing_has_no_alerts():
    block = judge_days(scored(FOUR).drop(columns="alert"), NOBODY, Protocol(DAY, DAY), 1)
    assert (block.figures.alerts, block.figures.alert_recall) == (None, None)


def test_known_cards_are_left_out_of_every_figure():
    known = pd.DataFrame({"day": [DAY - 8], "card": ["a"]})
    found = figures(FOUR, frauds=known, budget=4)
    assert (found.transactions, found.frauds, found.alerts, found.money_caught) == (3, 1, 1, 50.0)


def test_days_without_a_fraud_have_no_ranking_and_no_recall():
    found = figures(FOUR[1:2])
    assert (found.auc, found.ap, found.recall_at_budget, found.money_caught_share) == (None, None, None, None)
    assert found.log_loss == pytest.approx(-math.log(1 - 0.8))


def test_nothing_to_judge_has_counts_only():
    found = judge_days(scored(FOUR).iloc[:0], NOBODY, Protocol(DAY, DAY), 1).figures
    assert (found.transactions, found.log_loss, found.calibration_error) == (0, None, None)


def test_whole_weeks_are_judged_alone_and_other_periods_in_one_piece():
    weeks = weeks_of(Protocol(DAY, DAY + 13, delay_days=3))
    assert [(week.first_day, week.last_day, week.delay_days) for week in weeks] == [
        (DAY, DAY + 6, 3),
        (DAY + 7, DAY + 13, 3),
    ]
    assert weeks_of(Protocol(DAY, DAY + 9)) == [Protocol(DAY, DAY + 9)]


def test_blocks_have_the_mean_of_their_rates_and_the_sum_of_their_counts():
    both = mean_of([figures(FOUR), figures(FOUR[:2], budget=2)])
    assert (both.auc, both.transactions, both.money_caught) == (pytest.approx((3 / 4 + 1) / 2), 6, 200.0)
    assert both.money_caught_share == pytest.approx(200 / 250)


def test_a_rate_that_a_block_lacks_is_the_mean_of_the_others():
    assert mean_of([figures(FOUR), figures(FOUR[1:2])]).auc == 3 / 4


def test_average_precision_over_time_skips_days_without_a_fraud():
    rows = [*FOUR, (DAY + 1, "e", 0, 1.0, 0.5, 0), (DAY + 2, "e", 0, 1.0, 0.5, 0), (DAY + 2, "f", 1, 1.0, 0.6, 0)]
    found = average_precision_over_time(scored(rows), Protocol(DAY, DAY + 2), days=1)
    assert found == [("2019-04-14", pytest.approx(5 / 6)), ("2019-04-16", 1.0)]
