"""Features of the time of day and of the user's history as a whole."""

from math import atan2, cos, expm1, log1p, pi, sin

from detector.features import Feature, feature
from detector.habits import DAY_MS, hour_angle
from detector.moment import Moment
from detector.user_events import failed_challenges
from detector.windows import HOUR_MS
from detector.wording import plural

# 06:00 UTC. A round number; not measured.
NIGHT_ENDS_MS = DAY_MS // 4

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST_WEEKDAY = WEEKDAYS.index("Thursday")  # 1970-01-01


def _hour(sine: float, cosine: float) -> float:
    return atan2(sine, cosine) % (2 * pi) / (2 * pi) * 24


def _at(moment: Moment) -> str:
    minutes = moment.time_ms % DAY_MS // 60_000
    usual = _hour(moment.habits.hour_sin, moment.habits.hour_cos)
    known = f"; this customer usually pays around {round(usual) % 24:02d}:00" if moment.habits.count else ""
    return f"The time is {minutes // 60:02d}:{minutes % 60:02d} UTC{known}"


@feature("0 to 23", lambda m, _: _at(m))
def hour(moment: Moment) -> float | None:
    """The hour (UTC)."""
    return float(moment.time_ms % DAY_MS // HOUR_MS)


@feature("0 to 6", lambda _, v: f"The day is {WEEKDAYS[int(v)]} (UTC)")
def weekday(moment: Moment) -> float | None:
    """The day of the week (UTC), from Monday on."""
    return float((moment.time_ms // DAY_MS + FIRST_WEEKDAY) % len(WEEKDAYS))


@feature("0 or 1", lambda m, _: _at(m))
def night(moment: Moment) -> float | None:
    """Whether the time is before 06:00 (UTC)."""
    return float(moment.time_ms % DAY_MS < NIGHT_ENDS_MS)


@feature("0 to 2", lambda m, _: _at(m))
def hour_unusual(moment: Moment) -> float | None:
    """Distance from the user's usual hours: 0 if always at this hour, 2 if always opposite; absent if cold."""
    if moment.is_cold:
        return None
    angle, habits = hour_angle(moment.time_ms), moment.habits
    return 1 - (sin(angle) * habits.hour_sin + cos(angle) * habits.hour_cos)


def _known(moment: Moment) -> str:
    return f"This customer has {plural(moment.habits.count, 'known earlier payment')}"


@feature("log(1 + payments)", lambda m, _: _known(m))
def payments_known(moment: Moment) -> float | None:
    """Known earlier payments."""
    return log1p(moment.habits.count)


@feature("0 or 1", lambda m, _: _known(m))
def history_cold(moment: Moment) -> float | None:
    """Whether the history is cold: fewer than 5 earlier payments are known."""
    return float(moment.is_cold)


@feature(
    "log(1 + challenges)",
    lambda _, v: f"{plural(expm1(v), 'failed challenge')} in the previous 24 hours",
)
def challenge_failed(moment: Moment) -> float | None:
    """Challenges failed in the previous 24 hours, with none passed since."""
    return log1p(failed_challenges(moment.state, moment.time_ms, DAY_MS))


FEATURES: tuple[Feature, ...] = (
    hour,
    weekday,
    night,
    hour_unusual,
    payments_known,
    history_cold,
    challenge_failed,
)
