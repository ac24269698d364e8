from itertools import pairwise

import pytest

from detector.decision import CHALLENGE_STANDS_AT, Thresholds, decide, thresholds_by_profile
from detector.rules import BASE_LOG_ODDS, RULES
from tests.builders import DAY_MS, HOUR_MS
from tests.detecting import User, a_champion
from weir.artefact import probability
from weir.messages import RuleHit
from weir.settings import DetectorSettings

LADDER = Thresholds(0.3, 0.6, 0.95)


def a_hit(decision):
    return RuleHit(rule="r", version=1, decision=decision, text="")


@pytest.mark.parametrize(
    ("score", "decision"),
    [(0.0, "approve"), (0.3, "challenge"), (0.59, "challenge"), (0.6, "review"), (0.95, "block"), (1.0, "block")],
)
def test_the_score_climbs_the_ladder(score, decision):
    assert decide(score, LADDER, []) == decision


@pytest.mark.parametrize(
    ("score", "asked", "decision"),
    [(0.05, "challenge", "challenge"), (0.0499, "challenge", "approve"), (0.0, "review", "review")],
)
def test_a_sure_model_spares_a_customer_a_rules_challenge_but_no_review(score, asked, decision):
    assert decide(score, LADDER, [a_hit(asked)]) == decision


def test_every_rules_challenge_stands_as_long_as_no_model_is_trusted():
    lowest = min(rule.weight for rule in RULES if rule.asks == "challenge")
    assert probability(BASE_LOG_ODDS + lowest) >= CHALLENGE_STANDS_AT


def test_a_spared_challenge_is_told_with_its_rule():
    user = User(a_champion(trust=1.0, intercept=-8.0))
    user.pay_daily(10, amount=20.0)
    spared = user.pay(200.0)
    assert ([hit.rule for hit in spared.rules], spared.decision) == (["amount_spike"], "approve")


def test_a_rule_raises_the_decision():
    assert decide(0.1, LADDER, [a_hit("challenge"), a_hit("review"), a_hit("challenge")]) == "review"


def test_a_rule_never_lowers_the_decision():
    assert decide(0.99, LADDER, [a_hit("challenge")]) == "block"


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
