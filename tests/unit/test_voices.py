"""The mean of the two voices, the trees' fading, and attributions that add up."""

import pytest

from tests.scorers import a_scorer
from tests.trees import features_of, rows, some_trees
from weir.topics import DAY_MS
from weir.vectors import vector_of
from weir.voices import Voices, risk, share_of_trees

PAYMENTS = [features_of(row) for row in rows(20, seed=11)]
ADDITIVE = a_scorer(trust=0.75, log_amount=0.5, merchants_24h=0.2)
FRESH, FADING = Voices(ADDITIVE, some_trees()), Voices(ADDITIVE, some_trees(), 21 * DAY_MS)


@pytest.mark.parametrize("payment", PAYMENTS)
def test_fresh_voices_are_the_plain_mean_of_both(payment):
    both = ADDITIVE.log_odds(payment), some_trees().log_odds(payment)
    assert FRESH.log_odds(vector_of(payment)) == pytest.approx(sum(both) / 2)


def test_without_trees_the_additive_model_speaks_alone():
    alone = Voices(ADDITIVE)
    for payment in PAYMENTS:
        assert alone.log_odds(vector_of(payment)) == ADDITIVE.log_odds(payment)
        assert alone.contributions(vector_of(payment)) == ADDITIVE.contributions(payment)
    assert alone.intercept == ADDITIVE.intercept


@pytest.mark.parametrize("voices", [FRESH, FADING, Voices(ADDITIVE)])
def test_contributions_and_intercept_add_up_to_the_log_odds(voices):
    for payment in PAYMENTS:
        total = voices.intercept + sum(voices.contributions(vector_of(payment)).values())
        assert total == pytest.approx(voices.log_odds(vector_of(payment)), abs=1e-9)


def test_features_that_only_one_voice_reads_contribute():
    assert set(FRESH.contributions(vector_of({}))) == {"log_amount", "merchants_24h", "hour", "device_new", "count_1h"}


def test_trees_fade_out_between_the_second_and_the_fourth_week():
    days = [-1, 0, 14, 17.5, 21, 28, 60]
    assert [share_of_trees(round(day * DAY_MS)) for day in days] == [0.5, 0.5, 0.5, 0.375, 0.25, 0.0, 0.0]


def test_old_trees_are_silent():
    silent = Voices(ADDITIVE, some_trees(), 28 * DAY_MS)
    assert [silent.log_odds(vector_of(payment)) for payment in PAYMENTS] == [
        ADDITIVE.log_odds(payment) for payment in PAYMENTS
    ]


def test_without_a_model_the_rules_alone_score():
    assert risk(None, -4.0, vector_of(PAYMENTS[0])) == -4.0


def test_rules_have_what_the_models_trust_leaves():
    payment = PAYMENTS[0]
    assert risk(FRESH, 2.0, vector_of(payment)) == pytest.approx(0.25 * 2.0 + 0.75 * FRESH.log_odds(vector_of(payment)))
