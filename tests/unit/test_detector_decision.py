from itertools import pairwise

import pytest

from detector.decision import OVERRIDE_BELOW_SCORE, Thresholds, decide, thresholds_by_profile
from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS
from tests.detecting import User, a_champion
from weir.messages import RuleHit
from weir.settings import DetectorSettings

LADDER = Thresholds(0.3, 0.6, 0.95)


def a_hit(decision, rule="card_testing"):
    return RuleHit(rule=rule, version=1, decision=decision, text="")


@pytest.mark.parametrize(
    ("score", "decision"),
    [(0.0, "approve"), (0.3, "challenge"), (0.59, "challenge"), (0.6, "review"), (0.95, "block"), (1.0, "block")],
)
def test_the_score_climbs_the_ladder(score, decision):
    assert decide(score, LADDER, [], trust=0.0) == decision


@pytest.mark.parametrize(
    ("score", "trust", "rule", "decision"),
    [
        (0.0999, 0.5, "amount_spike", "approve"),
        (0.1, 0.5, "amount_spike", "challenge"),
        (0.0999, 0.4999, "amount_spike", "challenge"),
        (0.0, 1.0, "card_testing", "challenge"),
    ],
)
def test_a_confident_and_trusted_model_overrides_the_rules_that_allow_it(score, trust, rule, decision):
    assert decide(score, LADDER, [a_hit("challenge", rule)], trust) == decision


def test_no_rule_is_overridden_before_there_is_a_model():
    user = User()
    user.pay_daily(10, amount=20.0)
    assert user.pay(200.0).decision == "challenge"


@pytest.mark.parametrize(("amounts", "rule"), [([1.0] * 4, "card_testing"), ([28.0] * 4, "velocity_under_threshold")])
def test_an_attack_that_a_confident_model_never_learned_is_stopped(amounts, rule):
    user = User(a_champion(trust=1.0, intercept=-8.0))
    last = [user.pay(amount, at_ms=number * MINUTE_MS) for number, amount in enumerate(amounts)][-1]
    assert rule in [hit.rule for hit in last.rules]
    assert (last.decision, last.score < OVERRIDE_BELOW_SCORE) == ("challenge", True)


def test_an_overridden_rule_is_still_listed():
    user = User(a_champion(trust=1.0, intercept=-8.0))
    user.pay_daily(10, amount=20.0)
    spared = user.pay(200.0)
    assert ([hit.rule for hit in spared.rules], spared.decision) == (["amount_spike"], "approve")


def test_a_rule_raises_the_decision():
    assert decide(0.1, LADDER, [a_hit("challenge"), a_hit("review"), a_hit("challenge")], trust=1.0) == "review"


def test_a_rule_never_lowers_the_decision():
    assert decide(0.99, LADDER, [a_hit("challenge")], trust=1.0) == "block"


def test_thresholds_of_every_profile_are_in_order():
    for thresholds in thresholds_by_profile(DetectorSettings()).values():
        steps = (thresholds.challenge_at, thresholds.review_at, thresholds.block_at)
        assert all(lower < higher for lower, higher in pairwise(steps))


def test_new_customers_are_challenged_earlier_and_trusted_ones_later():
    by_profile = thresholds_by_profile(DetectorSettings())
    challenges = [by_profile[profile].challenge_at for profile in ("new", "standard", "trusted")]
    blocks = [by_profile[profile].block_at for profile in ("new", "standard", "trusted")]
    assert challenges == sorted(set(challenges))
    assert blocks[1] < blocks[2] < 1


def test_the_profile_grows_with_the_history():
    user = User()
    profiles = [user.pay(at_ms=day * DAY_MS).profile for day in range(110)]
    assert [profiles.index(profile) for profile in ("new", "standard", "trusted")] == [0, 5, 101]


def test_many_payments_in_a_few_days_earn_no_trust():
    user = User()
    assert [user.pay(at_ms=hour * HOUR_MS).profile for hour in range(200)][-1] == "standard"


def test_a_failed_challenge_costs_the_trust():
    user = User()
    user.pay_daily(120)
    user.tell("challenge_failed", at_ms=-DAY_MS)
    assert user.pay().profile == "standard"


def test_a_model_alone_can_block():
    user = User(a_champion(trust=1.0, intercept=6.0))
    assert user.pay().decision == "block"
