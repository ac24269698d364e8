"""Features of the time of day and of the user's history as a whole."""

from math import atan2, cos, expm1, log1p, nan, pi, sin

from detector.facts import Facts
from detector.features import feature
from detector.habits import DAY_MS, hour_angle
from detector.moment import Moment
from detector.records import flag
from detector.windows import HOUR_MS
from detector.wording import plural
from weir.compiled import compiled
from weir.times import time_of_day

# 06:00. A round number; not measured.
NIGHT_ENDS_MS = DAY_MS // 4


def _hour(sine: float, cosine: float) -> float:
    return atan2(sine, cosine) % (2 * pi) / (2 * pi) * 24


def _at(moment: Moment) -> str:
    facts, offset_ms = moment.facts, moment.transaction.utc_offset_ms
    usual = _hour(facts.hour_sin, facts.hour_cos) + offset_ms / HOUR_MS
    known = f"; this customer usually pays around {round(usual) % 24:02d}:00" if facts.payments else ""
    return f"The time is {time_of_day(int(facts.time_ms), offset_ms)}{known}"


@feature("0 to 23", lambda m, _: _at(m))
def hour(facts: Facts) -> float:
    """The hour on the customer's clock if the event time has an offset from UTC, else in UTC."""
    return facts.local_ms % DAY_MS // HOUR_MS


@feature("0 or 1", lambda m, _: _at(m))
def night(facts: Facts) -> float:
    """Whether it is before 06:00, on the same clock as `hour`."""
    return flag(facts.local_ms % DAY_MS < NIGHT_ENDS_MS)


@feature("0 to 2", lambda m, _: _at(m))
def hour_unusual(facts: Facts) -> float:
    """Distance from the user's usual hours: 0 if always at this hour, 2 if always opposite; absent if cold."""
    angle = hour_angle(facts.time_ms)
    return nan if facts.cold else 1 - (sin(angle) * facts.hour_sin + cos(angle) * facts.hour_cos)


def _known(moment: Moment) -> str:
    return f"This customer has {plural(moment.facts.payments, 'known earlier payment')}"


@feature("log(1 + payments)", lambda m, _: _known(m))
def payments_known(facts: Facts) -> float:
    """Known earlier payments."""
    return log1p(facts.payments)


@feature("0 or 1", lambda m, _: _known(m))
def history_cold(facts: Facts) -> float:
    """Whether the history is cold: fewer than 5 earlier payments are known."""
    return facts.cold


@feature(
    "log(1 + challenges)",
    lambda _, v: f"{plural(expm1(v), 'failed challenge')} in the previous 24 hours",
)
def challenge_failed(facts: Facts) -> float:
    """Challenges failed in the previous 24 hours, with none passed since."""
    return log1p(facts.challenges_failed_24h)


@compiled
def time_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        hour(facts),
        night(facts),
        hour_unusual(facts),
    )


@compiled
def history_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        payments_known(facts),
        history_cold(facts),
        challenge_failed(facts),
    )
