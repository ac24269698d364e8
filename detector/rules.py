"""The rules: evidence of fraud that needs no trained model.

A rule is a function that returns its evidence in words, or None if it does not fire, with a row of metadata. Its weight
is in log-odds. It asks for `review` at most: a rule alone may inconvenience a customer; only a high score blocks one.
"""

from collections.abc import Callable, Iterable
from math import exp, log
from typing import Literal

from msgspec import Struct

from detector.features_merchant import from_devices
from detector.moment import Moment
from detector.windows import JUST_UNDER_SHARE
from detector.wording import plural
from weir.messages import RuleHit

# A score of .018 when no rule fires, so low that no single rule reaches the default `challenge_at`. A round number; not
# measured.
BASE_LOG_ODDS = -4.0

# Before there is a model, the amount ranks what the rules leave equal: in a first week without labels it raised average
# precision from .02 to .18 (docs/measurements/two-voices.md). With the default thresholds it decides nothing: the largest
# amount adds .11, and the closest sum of rules stays .114 below a threshold.
AMOUNT_LOG_ODDS = 0.004

# Faster than an airliner, which cruises at about 900 km/h.
FASTEST_KMH = 1000

# Two payments a minute apart reach 1000 km/h over 17 km already. A round number; not measured.
NEARBY_KM = 300

# The fourth payment of a burst fires the rule. Not measured.
MANY_BEFORE = 3

# Lower than for a spike because the new device is evidence too. A round number; not measured.
HIGH_RATIO = log(3)

# Higher than for a new device, because the amount is the only evidence. A round number; not measured.
SPIKE_RATIO = log(5)

# A thief often uses one card twice in one shop, so two frauds of one customer say little about the shop (ADR 17).
BAD_MERCHANT_VICTIMS = 2

# The shortest run that is more than a single fraud. Not measured.
BAD_MERCHANT_RUN = 2

# A fifth instead of a tenth: 10% fewer false alerts on development seeds and no catch lost (changelog).
BAD_MERCHANT_RATE = 0.2

Asks = Literal["challenge", "review"]
Evidence = Callable[[Moment], str | None]


class Rule(Struct, frozen=True, kw_only=True):
    """A rule's metadata and its evidence function.

    Raise `version` with every change to when the rule fires, what it weighs or what it asks for.

    `model_can_override` waives the rule's challenge if a trusted model gives a low score. Set it only if the model sees
    all of the rule's evidence. Never set it for a rule that recognises an attack: the model may never have been taught
    that attack (ADR 16).
    """

    name: str
    version: int
    weight: float
    asks: Asks
    model_can_override: bool
    description: str
    evidence: Evidence


def rule(version: int, weight: float, asks: Asks, *, model_can_override: bool = False) -> Callable[[Evidence], Rule]:
    """Turn an evidence function into a `Rule` with its name; the docstring becomes the description."""

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


# The weights below are round numbers, not measured. Before there is a model, one rule scores .12 to .27, which is under
# the default `challenge_at` of .3; two score at least .5.


@rule(version=1, weight=2.5, asks="challenge")
def velocity_under_threshold(moment: Moment) -> str | None:
    """This payment and at least three in the previous hour are below the OTP threshold but at least half of it."""
    threshold, earlier = moment.facts.otp_threshold, moment.facts.just_under_1h
    if earlier < MANY_BEFORE or not threshold * JUST_UNDER_SHARE <= moment.facts.amount < threshold:
        return None
    return f"{earlier + 1:.0f} payments just under {threshold:.2f} {moment.currency} within an hour"


@rule(version=1, weight=3.0, asks="review")
def impossible_travel(moment: Moment) -> str | None:
    """The payment is over 300 km from the customer's last known position; getting there takes more than 1000 km/h.

    The rule does not fire on a trip that the customer confirmed.
    """
    distance, speed = moment.facts.distance_km, moment.facts.speed_kmh
    if not (distance > NEARBY_KM and speed > FASTEST_KMH) or moment.facts.trip_confirmed:
        return None
    return f"{distance:.0f} km from the last known position; getting here takes {speed:.0f} km/h"


@rule(version=1, weight=2.5, asks="challenge")
def card_testing(moment: Moment) -> str | None:
    """At least three tiny payments, each at most a tenth of the OTP threshold, were made in the previous 10 minutes."""
    tiny = moment.facts.tiny_10m
    return f"{tiny:.0f} tiny payments in the previous 10 minutes" if tiny >= MANY_BEFORE else None


@rule(version=3, weight=2.0, asks="challenge", model_can_override=True)
def new_device_high_amount(moment: Moment) -> str | None:
    """A device that is new for the customer pays at least three times the usual amount and at least the OTP threshold.

    The rule does not fire on a device that the customer confirmed.
    """
    facts = moment.facts
    if not (facts.amount_ratio >= HIGH_RATIO and facts.amount >= facts.otp_threshold and facts.new_device):
        return None
    return f"A payment from a new device, {_times_the_usual(moment)}"


@rule(version=3, weight=2.0, asks="challenge", model_can_override=True)
def amount_spike(moment: Moment) -> str | None:
    """The amount is at least five times the usual amount and at least the OTP threshold.

    The rule does not fire while fewer than five earlier payments are known.
    """
    facts = moment.facts
    if not (facts.amount_ratio >= SPIKE_RATIO and facts.amount >= facts.otp_threshold) or facts.cold:
        return None
    return _times_the_usual(moment)


def _times_the_usual(moment: Moment) -> str:
    times, usual = exp(moment.facts.amount_ratio), moment.facts.usual_amount
    return f"{times:.1f} times the usual amount of {usual:.2f} {moment.currency}"


@rule(version=4, weight=2.5, asks="challenge")
def bad_merchant(moment: Moment) -> str | None:
    """At least two customers have known frauds here, and the last two known payments or a fifth of all are frauds.

    The fifth is of the smoothed fraud rate. Payments from customers' own devices and from other devices have separate
    records, and a payment is compared with its own kind. Several frauds of one customer count as one victim, because a
    thief often uses one card twice in one shop. Victims count over all time.
    """
    merchant = moment.merchant
    if merchant is None or merchant.known_victims < BAD_MERCHANT_VICTIMS:
        return None
    if merchant.fraud_run < BAD_MERCHANT_RUN and merchant.fraud_rate < BAD_MERCHANT_RATE:
        return None
    run, rate = merchant.fraud_run, merchant.fraud_rate
    share = f"including the last {run} in a row" if run >= BAD_MERCHANT_RUN else f"a fraud rate of {rate:.0%}"
    return f"{plural(merchant.known_frauds, 'known fraud')} at this merchant {from_devices(moment)}, {share}"


@rule(version=1, weight=2.5, asks="review")
def challenge_not_passed(moment: Moment) -> str | None:
    """A challenge failed in the previous 24 hours, and none was passed since."""
    failed = moment.facts.challenges_failed_24h
    return f"{plural(failed, 'failed challenge')} in the previous 24 hours" if failed else None


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


def rules_log_odds(hits: Iterable[RuleHit], log_amount: float) -> float:
    """Return the rules' share of the score: the base, a little for the amount, and the weights of those that fired."""
    return BASE_LOG_ODDS + AMOUNT_LOG_ODDS * log_amount + sum(WEIGHTS[hit.rule] for hit in hits)


_EVIDENCE = tuple((rule, rule.evidence) for rule in RULES)


def hits_of(moment: Moment) -> list[RuleHit]:
    """Return the rules that fire, in the order of `RULES`."""
    hits = []
    for fired, evidence in _EVIDENCE:
        text = evidence(moment)
        if text is not None:
            hits.append(RuleHit(rule=fired.name, version=fired.version, decision=fired.asks, text=text))
    return hits
