"""Features of the time of day and of the user's history as a whole."""

from math import atan2, cos, expm1, log1p, pi, sin

from detector.features import Feature, feature
from detector.habits import DAY_MS, hour_angle
from detector.moment import Moment
from detector.user_events import failed_challenges
from detector.wording import plural

# 06:00 UTC. A round number; not measured.
NIGHT_ENDS_MS = DAY_MS // 4


def _hour(sine: float, cosine: float) -> float:
    return atan2(sine, cosine) % (2 * pi) / (2 * pi) * 24


def _at(moment: Moment) -> str:
    minutes = moment.time_ms % DAY_MS // 60_000
    usual = _hour(moment.habits.hour_sin, moment.habits.hour_cos)
    known = f"; this customer usually pays around {round(usual) % 24:02d}:00" if moment.habits.count else ""
    return f"The time is {minutes // 60:02d}:{minutes % 60:02d} UTC{known}"


@feature("time", "-1 to 1", lambda m, _: _at(m))
def hour_sin(moment: Moment) -> float | None:
    """Sine of the time of day (UTC)."""
    return sin(hour_angle(moment.time_ms))


@feature("time", "-1 to 1", lambda m, _: _at(m))
def hour_cos(moment: Moment) -> float | None:
    """Cosine of the time of day (UTC)."""
    return cos(hour_angle(moment.time_ms))


@feature("time", "0 or 1", lambda m, _: _at(m))
def night(moment: Moment) -> float | None:
    """Whether the time is before 06:00 (UTC)."""
    return float(moment.time_ms % DAY_MS < NIGHT_ENDS_MS)


@feature("time", "0 to 2", lambda m, _: _at(m))
def hour_unusual(moment: Moment) -> float | None:
    """Distance from the user's usual hours: 0 if always at this hour, 2 if always opposite; absent if cold."""
    if moment.is_cold:
        return None
    angle, habits = hour_angle(moment.time_ms), moment.habits
    return 1 - (sin(angle) * habits.hour_sin + cos(angle) * habits.hour_cos)


@feature("history", "0 or 1", lambda m, _: f"This customer has {plural(m.habits.count, 'known earlier payment')}")
def history_cold(moment: Moment) -> float | None:
    """Whether the history is cold: fewer than 5 earlier payments are known."""
    return float(moment.is_cold)


@feature(
    "history",
    "log(1 + challenges)",
    lambda _, v: f"{plural(expm1(v), 'failed challenge')} in the previous 24 hours",
)
def challenge_failed(moment: Moment) -> float | None:
    """Challenges failed in the previous 24 hours, with none passed since."""
    return log1p(failed_challenges(moment.state, moment.time_ms, DAY_MS))


FEATURES: tuple[Feature, ...] = (hour_sin, hour_cos, night, hour_unusual, history_cold, challenge_failed)
