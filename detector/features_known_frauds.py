"""Features of the known frauds of a payment's merchant, device, IP address and card, the same eight for each."""

from collections.abc import Callable
from math import exp, expm1

from detector.features import Words, describe
from detector.features_merchant import from_devices
from detector.moment import Moment
from detector.wording import DAY_S, duration, plural
from weir.messages import Entity

NOUN: dict[Entity, str] = {"merchant": "merchant", "device": "device", "ip": "IP address", "card": "card"}

# The unit and the meaning of each feature; {it} is the noun.
_MEANING = {
    "fraud_run": ("log(1 + frauds)", "Frauds in a row among the {it}'s latest known payments."),
    "unexplained_frauds": (
        "frauds",
        "The frauds of that run, each by how ordinary its amount was: 1 if 5% of payments are as high, 0 if .5% are.",
    ),
    "run_days": ("log(1 + days)", "Time since the first fraud of that run; absent without one."),
    "legitimate_days": (
        "log(1 + days)",
        "Time since the {it}'s last known legitimate payment before that run; absent without a run or such a payment.",
    ),
    "fraud_age_days": ("log(1 + days)", "Time since the {it}'s last known fraud; absent without one."),
    "fraud_odds_3d": ("log odds", "The {it}'s known fraud rate against everybody's; payments fade over 3 days."),
    "fraud_odds_10d": ("log odds", "The same, fading over 10 days."),
    "fraud_odds_30d": ("log odds", "The same, fading over 30 days."),
}


def describe_known_frauds(entity: Entity) -> None:
    """Describe the features of one entity; `detector.known_frauds` computes them."""
    words = _words(entity)
    for name, (unit, meaning) in _MEANING.items():
        describe(f"{entity}_{name}", unit, words[name], meaning.format(it=NOUN[entity]))


def _words(entity: Entity) -> dict[str, Words]:
    """Word the values. A merchant's frauds are those of one kind of device, so the text names it."""
    noun = NOUN[entity]

    def whose(moment: Moment) -> str:
        return f"{noun} {from_devices(moment)}" if entity == "merchant" else noun

    def odds(days: int) -> Words:
        return lambda m, v: (
            f"The fraud rate of this {whose(m)} is {exp(v):.1f} times the overall rate, with a memory of {days} days"
        )

    ago: Callable[[float], str] = lambda value: duration(expm1(value) * DAY_S)  # noqa: E731
    return {
        "fraud_run": lambda m, v: (
            f"{plural(expm1(v), 'fraud')} in a row among the latest known payments of this {whose(m)}"
        ),
        "unexplained_frauds": lambda m, v: (
            f"{v:.1f} of the latest frauds in a row of this {whose(m)} had ordinary amounts"
        ),
        "run_days": lambda m, v: f"The frauds in a row of this {whose(m)} began {ago(v)} earlier",
        "legitimate_days": lambda m, v: f"The last known legitimate payment of this {whose(m)} was {ago(v)} earlier",
        "fraud_age_days": lambda m, v: f"The last known fraud of this {whose(m)} was {ago(v)} earlier",
        "fraud_odds_3d": odds(3),
        "fraud_odds_10d": odds(10),
        "fraud_odds_30d": odds(30),
    }
