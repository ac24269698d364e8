"""The rules: what speaks for fraud before any model has learned, and stays in words when one has.

A rule is its row and a function that returns the evidence in words, or None. Its weight is in log-odds. The decision that
it asks for is never above review: a rule alone may inconvenience a customer, only a high score may block one.
"""

from collections.abc import Callable, Iterable
from math import exp, log
from typing import Literal

from msgspec import Struct

from detector.features_device import is_new_device
from detector.features_merchant import from_devices
from detector.habits import DAY_MS
from detector.moment import Moment
from detector.user_events import failed_challenges, trip_covers
from detector.windows import JUST_UNDER_SHARE
from weir.messages import RuleHit

BASE_LOG_ODDS = -4.0

FASTEST_KMH = 1000
NEARBY_KM = 300
MANY_BEFORE = 3
HIGH_RATIO = log(3)
SPIKE_RATIO = log(5)
BAD_MERCHANT_VICTIMS = 2
BAD_MERCHANT_RUN = 2
BAD_MERCHANT_RATE = 0.2

Asks = Literal["challenge", "review"]
Evidence = Callable[[Moment], str | None]


class Rule(Struct, frozen=True, kw_only=True):
    """A rule. Its version changes with anything that changes when it fires, or what it weighs or asks for.

    `model_can_override` says that its challenge is spared where a trusted model is sure: for evidence of which the model has seen all
    there is. A rule that knows an attack does not yield: the model may never have been taught that attack.
    """

    name: str
    version: int
    weight: float
    asks: Asks
    model_can_override: bool
    description: str
    evidence: Evidence


def rule(version: int, weight: float, asks: Asks, *, model_can_override: bool = False) -> Callable[[Evidence], Rule]:
    """Make a function a rule: its name is the rule's, its docstring the description."""

    def row(evidence: Evidence) -> Rule:
        return Rule(
            name=evidence.__name__,
            version=version,
            weight=weight,
            asks=asks,
            model_can_override=model_can_override,
            description=" ".join((evidence.__doc__ or "").split()),
            evidence=evidence,
        )

    return row


@rule(version=1, weight=2.5, asks="challenge")
def velocity_under_threshold(moment: Moment) -> str | None:
    """This payment and three more within an hour lay just under the OTP threshold, that is from half of it on."""
    threshold, earlier = moment.otp_threshold, moment.windows.just_under_1h
    if earlier < MANY_BEFORE or not threshold * JUST_UNDER_SHARE <= moment.amount < threshold:
        return None
    return f"{earlier + 1} payments just under {threshold:.2f} {moment.currency} within an hour"


@rule(version=1, weight=3.0, asks="review")
def impossible_travel(moment: Moment) -> str | None:
    """The payment is over 300 km from the one before, and getting there takes more than 1000 km/h.

    It stays silent on a trip that the customer confirmed.
    """
    distance, speed = moment.distance_km, moment.speed_kmh
    if distance is None or speed is None or distance <= NEARBY_KM or speed <= FASTEST_KMH:
        return None
    if trip_covers(moment.state, moment.transaction, moment.time_ms):
        return None
    return f"{distance:.0f} km from the payment before, which takes {speed:.0f} km/h"


@rule(version=1, weight=2.5, asks="challenge")
def card_testing(moment: Moment) -> str | None:
    """Three tiny payments, up to a tenth of the OTP threshold, were made in the 10 minutes before."""
    tiny = moment.windows.tiny_10m
    return f"{tiny} tiny payments in the 10 minutes before" if tiny >= MANY_BEFORE else None


@rule(version=3, weight=2.0, asks="challenge", model_can_override=True)
def new_device_high_amount(moment: Moment) -> str | None:
    """A device that is new for the customer pays at least three times the usual, and not less than the OTP threshold.

    It stays silent on a device that the customer confirmed.
    """
    ratio = moment.amount_ratio
    if ratio is None or ratio < HIGH_RATIO or moment.amount < moment.otp_threshold or not is_new_device(moment):
        return None
    return f"A new device pays {exp(ratio):.1f} times the usual {moment.habits.amount:.2f} {moment.currency}"


@rule(version=3, weight=2.0, asks="challenge", model_can_override=True)
def amount_spike(moment: Moment) -> str | None:
    """The amount is at least five times the usual, and not less than the OTP threshold; never on a cold history."""
    ratio = moment.amount_ratio
    if ratio is None or ratio < SPIKE_RATIO or moment.amount < moment.otp_threshold or moment.is_cold:
        return None
    return f"{exp(ratio):.1f} times the usual amount of {moment.habits.amount:.2f} {moment.currency}"


@rule(version=4, weight=2.5, asks="challenge")
def bad_merchant(moment: Moment) -> str | None:
    """The merchant has known frauds of two customers or more, and frauds are its last two known payments or a fifth of all.

    Payments from customers' own devices and all others are counted apart, and like is compared with like. The frauds of
    one customer are one theft: the thief chose the shop. The customers are counted over all time.
    """
    merchant = moment.reputation
    if merchant is None or merchant.known_victims < BAD_MERCHANT_VICTIMS:
        return None
    if merchant.fraud_run < BAD_MERCHANT_RUN and merchant.fraud_rate < BAD_MERCHANT_RATE:
        return None
    run, rate = merchant.fraud_run, merchant.fraud_rate
    share = f"the last {run} in a row" if run >= BAD_MERCHANT_RUN else f"{rate:.0%} of all"
    return f"{merchant.known_frauds} known frauds at this merchant {from_devices(moment)}, {share}"


@rule(version=1, weight=2.5, asks="review")
def challenge_not_passed(moment: Moment) -> str | None:
    """A challenge failed in the 24 hours before and none was passed since."""
    failed = failed_challenges(moment.state, moment.time_ms, DAY_MS)
    return f"{failed} failed challenges in the last 24 hours" if failed else None


RULES: tuple[Rule, ...] = (
    velocity_under_threshold,
    impossible_travel,
    card_testing,
    new_device_high_amount,
    amount_spike,
    bad_merchant,
    challenge_not_passed,
)
WEIGHTS = {rule.name: rule.weight for rule in RULES}
OVERRIDABLE = frozenset(rule.name for rule in RULES if rule.model_can_override)


def rules_log_odds(hits: Iterable[RuleHit]) -> float:
    """What the rules that fired say together, in log-odds."""
    return BASE_LOG_ODDS + sum(WEIGHTS[hit.rule] for hit in hits)


_EVIDENCE = tuple((rule, rule.evidence) for rule in RULES)


def hits_of(moment: Moment) -> list[RuleHit]:
    """The rules that fire, in their fixed order."""
    hits = []
    for fired, evidence in _EVIDENCE:
        text = evidence(moment)
        if text is not None:
            hits.append(RuleHit(rule=fired.name, version=fired.version, decision=fired.asks, text=text))
    return hits
