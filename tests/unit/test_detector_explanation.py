from itertools import combinations
from math import log

import pytest

from detector.decision import decide, thresholds_by_profile
from detector.rules import AMOUNT_LOG_ODDS, RULES, rules_log_odds
from tests.builders import HOUR_MS, MINUTE_MS
from tests.detecting import User, a_champion, a_model_of_everything, champion_with_trees, fired
from weir.artefact import probability
from weir.messages import RuleHit
from weir.settings import DetectorSettings


def test_without_a_model_the_rules_score_and_the_score_says_so():
    scored = User().pay()
    assert scored.score == pytest.approx(probability(-4.0 + AMOUNT_LOG_ODDS * log(21)))
    assert (scored.model, scored.flags) == (None, ["no_model", "history_cold"])


def test_trust_shifts_the_score_from_the_rules_to_the_model():
    scores = [User(a_champion(trust, intercept=2.0)).pay().score for trust in (0.0, 0.5, 1.0)]
    rules = -4.0 + AMOUNT_LOG_ODDS * log(21)
    assert scores == pytest.approx([probability(log_odds) for log_odds in (rules, (rules + 2.0) / 2, 2.0)])


def test_before_a_model_the_amount_ranks_payments_but_decides_nothing():
    small, large, huge = (User().pay(amount) for amount in (1.0, 100.0, 1e9))
    assert small.score < large.score < huge.score < 0.021
    assert huge.decision == "approve"


@pytest.mark.parametrize("count", range(len(RULES) + 1))
def test_with_the_default_thresholds_no_amount_decides(count):
    for rules in combinations(RULES, count):
        hits = [RuleHit(rule=rule.name, version=1, decision=rule.asks, text="") for rule in rules]
        for thresholds in thresholds_by_profile(DetectorSettings()).values():
            scores = [probability(rules_log_odds(fired(rules), log(1 + amount))) for amount in (0.0, 1e12)]
            assert len({decide(score, thresholds, hits, trust=0.0) for score in scores}) == 1


def test_the_model_on_the_score_is_the_one_that_scored():
    champion = a_champion()
    assert User(champion).pay().model == champion.ref


def test_a_reason_states_the_users_usual_amount():
    user = User(a_champion(intercept=2.0, amount_ratio=2.0))
    user.pay_daily(10)
    reason = user.pay(83.0).reasons[0]
    assert reason.code == "amount_ratio"
    assert reason.text == "83.00 EUR is 4.0 times this customer's usual amount of 20.00"


def test_rules_weigh_what_the_model_is_not_trusted_with():
    user = User(a_champion(trust=0.25))
    user.pay(at_ms=-HOUR_MS, latitude=0, longitude=0)
    assert [reason.contribution for reason in user.pay(latitude=50, longitude=0).reasons] == [0.75 * 3.0]


def test_four_reasons_for_and_two_against_the_largest_first():
    user = User(a_model_of_everything())
    user.pay_daily(10, merchant_id="m1", device_id="d1", latitude=1, longitude=1)
    contributions = [reason.contribution for reason in user.pay(90.0, latitude=2, longitude=1).reasons]
    assert [value > 0 for value in contributions] == [True] * 4 + [False] * 2
    assert contributions[:4] == sorted(contributions[:4], reverse=True)
    assert contributions[4:] == sorted(contributions[4:])


def test_of_the_windows_of_one_fact_the_strongest_is_the_reason():
    user = User(a_champion(intercept=9.0, count_1h=1.0, count_24h=2.0, amount_1h=0.5, small_count_1h=3.0))
    for nth in range(1, 4):
        user.pay(at_ms=-nth * MINUTE_MS)
    codes = [reason.code for reason in user.pay().reasons if reason.contribution > 0]
    assert [code for code in codes if code.startswith(("count", "amount", "small"))] == [
        *("small_count_1h", "count_24h", "amount_1h"),
    ]


def test_a_tiny_contribution_is_no_reason():
    scored = User(a_champion(intercept=9.0, log_amount=0.001)).pay()
    assert (scored.decision, scored.reasons) == ("review", [])


def test_only_an_alert_has_reasons():
    approved = User(a_champion(intercept=-9.0, log_amount=2.0)).pay()
    assert (approved.decision, approved.reasons) == ("approve", [])
    assert User(a_champion(intercept=9.0, log_amount=2.0)).pay().reasons


def test_trees_are_half_of_the_models_evidence():
    champion = champion_with_trees(intercept=4.0, log_amount=1.0)
    scored = User(champion).pay(20.0)
    half = 0.5 * champion.scorer.trees.contributions(scored.features)["log_amount"]
    half += 0.5 * champion.scorer.additive.contributions(scored.features)["log_amount"]
    found = {reason.code: reason.contribution for reason in scored.reasons}
    of_rules = (1 - champion.scorer.trust) * AMOUNT_LOG_ODDS * log(21)
    assert found["log_amount"] == pytest.approx(of_rules + champion.scorer.trust * half)
    assert scored.model == champion.ref
