"""The rules: evidence of fraud that needs no trained model.

A rule is a compiled condition on a payment's facts, and a row of what people read of it. Its weight is in log-odds. It asks for `review` at most: a rule alone may inconvenience a customer; only a high score blocks one.
"""

from collections.abc import Callable
from math import exp, isnan, log
from typing import Literal

import numpy as np
from msgspec import Struct

from detector.facts import Facts
from detector.features_merchant import from_devices
from detector.moment import Moment
from detector.windows import JUST_UNDER_SHARE
from detector.wording import plural
from weir.compiled import compiled
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
Condition = Callable[[Facts], bool]
Words = Callable[[Moment], str]


class Rule(Struct, frozen=True, kw_only=True):
    """What is known of a rule beside its condition. `words` are its evidence as a sentence.

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
    words: Words


RULES: list[Rule] = []
"""In the order of `fired_by`."""


def rule(
    version: int, weight: float, asks: Asks, *, words: Words, model_can_override: bool = False
) -> Callable[[Condition], Condition]:
    """Compile a condition and add the rule of its name to `RULES`; the docstring becomes the description."""

    def made(condition: Condition) -> Condition:
        row = Rule(
            name=condition.__name__,
            version=version,
            weight=weight,
            asks=asks,
            model_can_override=model_can_override,
            description=" ".join((condition.__doc__ or "").split()),
            words=words,
        )
        RULES.append(row)
        return compiled(condition)

    return made


# The weights below are round numbers, not measured. Before there is a model, one rule scores .12 to .27, which is under
# the default `challenge_at` of .3; two score at least .5.


def _just_under(moment: Moment) -> str:
    facts = moment.facts
    return (
        f"{facts.just_under_1h + 1:.0f} payments just under {facts.otp_threshold:.2f} {moment.currency} within an hour"
    )


@rule(version=1, weight=2.5, asks="challenge", words=_just_under)
def velocity_under_threshold(facts: Facts) -> bool:
    """This payment and at least three in the previous hour are below the OTP threshold but at least half of it."""
    threshold = facts.otp_threshold
    return facts.just_under_1h >= MANY_BEFORE and threshold * JUST_UNDER_SHARE <= facts.amount < threshold


def _journey(moment: Moment) -> str:
    facts = moment.facts
    return f"{facts.distance_km:.0f} km from the last known position; getting here takes {facts.speed_kmh:.0f} km/h"


@rule(version=1, weight=3.0, asks="review", words=_journey)
def impossible_travel(facts: Facts) -> bool:
    """The payment is over 300 km from the customer's last known position; getting there takes more than 1000 km/h.

    The rule does not fire on a trip that the customer confirmed.
    """
    return facts.distance_km > NEARBY_KM and facts.speed_kmh > FASTEST_KMH and not facts.trip_confirmed


@rule(
    version=1,
    weight=2.5,
    asks="challenge",
    words=lambda moment: f"{moment.facts.tiny_10m:.0f} tiny payments in the previous 10 minutes",
)
def card_testing(facts: Facts) -> bool:
    """At least three tiny payments, each at most a tenth of the OTP threshold, were made in the previous 10 minutes."""
    return facts.tiny_10m >= MANY_BEFORE


def _times_the_usual(moment: Moment) -> str:
    times, usual = exp(moment.facts.amount_ratio), moment.facts.usual_amount
    return f"{times:.1f} times the usual amount of {usual:.2f} {moment.currency}"


@rule(
    version=3,
    weight=2.0,
    asks="challenge",
    words=lambda moment: f"A payment from a new device, {_times_the_usual(moment)}",
    model_can_override=True,
)
def new_device_high_amount(facts: Facts) -> bool:
    """A device that is new for the customer pays at least three times the usual amount and at least the OTP threshold.

    The rule does not fire on a device that the customer confirmed.
    """
    return facts.amount_ratio >= HIGH_RATIO and facts.amount >= facts.otp_threshold and facts.new_device == 1


@rule(version=3, weight=2.0, asks="challenge", words=_times_the_usual, model_can_override=True)
def amount_spike(facts: Facts) -> bool:
    """The amount is at least five times the usual amount and at least the OTP threshold.

    The rule does not fire while fewer than five earlier payments are known.
    """
    return facts.amount_ratio >= SPIKE_RATIO and facts.amount >= facts.otp_threshold and not facts.cold


def _frauds_here(moment: Moment) -> str:
    facts = moment.facts
    run, rate = facts.merchant_fraud_run, facts.merchant_fraud_rate
    share = f"including the last {run:.0f} in a row" if run >= BAD_MERCHANT_RUN else f"a fraud rate of {rate:.0%}"
    return f"{plural(facts.merchant_frauds, 'known fraud')} at this merchant {from_devices(moment)}, {share}"


@rule(version=4, weight=2.5, asks="challenge", words=_frauds_here)
def bad_merchant(facts: Facts) -> bool:
    """At least two customers have known frauds here, and the last two known payments or a fifth of all are frauds.

    The fifth is of the smoothed fraud rate. Payments from customers' own devices and from other devices have separate
    records, and a payment is compared with its own kind. Several frauds of one customer count as one victim, because a
    thief often uses one card twice in one shop. Victims count over all time.
    """
    many = facts.merchant_fraud_run >= BAD_MERCHANT_RUN or facts.merchant_fraud_rate >= BAD_MERCHANT_RATE
    return facts.merchant_victims >= BAD_MERCHANT_VICTIMS and many


@rule(
    version=1,
    weight=2.5,
    asks="review",
    words=lambda moment: f"{plural(moment.facts.challenges_failed_24h, 'failed challenge')} in the previous 24 hours",
)
def challenge_not_passed(facts: Facts) -> bool:
    """A challenge failed in the previous 24 hours, and none was passed since."""
    return facts.challenges_failed_24h > 0


WEIGHTS = {rule.name: rule.weight for rule in RULES}
OVERRIDABLE = frozenset(rule.name for rule in RULES if rule.model_can_override)

_WEIGHTS = np.array([rule.weight for rule in RULES])


@compiled
def fired_by(facts: Facts) -> int:
    """Return a bit for each rule that fires: the lowest for the first of `RULES`, and so on."""
    fired = 0
    for place, fires in enumerate(
        (
            velocity_under_threshold(facts),
            impossible_travel(facts),
            card_testing(facts),
            new_device_high_amount(facts),
            amount_spike(facts),
            bad_merchant(facts),
            challenge_not_passed(facts),
        )
    ):
        fired |= int(fires) << place
    return fired


@compiled
def rules_log_odds(fired: int, log_amount: float) -> float:
    """Return the rules' share of the score: the base, a little for a known amount, and the weights of those that fired."""
    weights = 0.0 if isnan(log_amount) else AMOUNT_LOG_ODDS * log_amount
    for place in range(len(_WEIGHTS)):
        if fired >> place & 1:
            weights += _WEIGHTS[place]
    return BASE_LOG_ODDS + weights


def hits_of(fired: int, moment: Moment) -> list[RuleHit]:
    """Return the rules that fired, in the order of `RULES`, with their evidence in words."""
    return [
        RuleHit(rule=rule.name, version=rule.version, decision=rule.asks, text=rule.words(moment))
        for place, rule in enumerate(RULES)
        if fired >> place & 1
    ]
