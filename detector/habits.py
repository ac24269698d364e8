"""A user's habits: running means of amount, hour and place, updated one payment at a time."""

from math import cos, isnan, log, log1p, nan, pi, sin
from typing import Any

from weir.compiled import compiled

# A new payment weighs at least 1/150 in the means of amount and hour. A round number; not measured.
MEMORY = 150

# A new position weighs at least 1/50 in the mean position. A round number; not measured.
HOME_MEMORY = 50

# A payment counts as at most 2.5 times the mean, so one large payment (or fraud) hardly moves it. Not measured.
CLIP = 2.5

DAY_MS = 24 * 3600 * 1000
_ANGLE_PER_MS = 2 * pi / DAY_MS


@compiled
def hour_angle(time_ms: float) -> float:
    """Return the time of day (UTC) as an angle in radians."""
    return time_ms % DAY_MS * _ANGLE_PER_MS


@compiled
def log_ratio(habits: Any, amount: float) -> float:
    """Return log((amount + 1) / (mean + 1)); NaN before the first payment, or if the amount is unknown."""
    return log((amount + 1) / (habits.amount + 1)) if habits.count else nan


@compiled
def clipped_mean(mean: float, count: int, amount: float) -> float:
    """Return the mean of `count` amounts after one more."""
    clipped = min(amount, CLIP * mean + 1) if count else amount
    return mean + (clipped - mean) / min(count + 1, MEMORY)


@compiled
def learn(habits: Any, event: Any) -> None:
    """Update the habits with a payment that is not earlier than any they include."""
    amount = event.cents / 100
    _learn_amount(habits, amount)
    _learn_hour(habits, event.time_ms)
    if not isnan(event.latitude) and not isnan(event.longitude):
        _learn_place(habits, event.latitude, event.longitude, event.time_ms)
    if habits.count == 0:
        habits.first_ms = event.time_ms
    habits.last_ms = event.time_ms
    habits.count += 1


@compiled
def _learn_amount(habits: Any, amount: float) -> None:
    """An unknown amount, NaN, teaches nothing; until the first known one, the means are NaN."""
    if habits.count == 0 or isnan(habits.amount):
        habits.amount, habits.log_mean = amount, log1p(amount)
    elif not isnan(amount):
        share = 1 / min(habits.count + 1, MEMORY)
        habits.amount = clipped_mean(habits.amount, habits.count, amount)
        difference = log1p(amount) - habits.log_mean
        habits.log_mean += difference * share
        habits.log_variance += (difference * difference * (1 - share) - habits.log_variance) * share


@compiled
def _learn_hour(habits: Any, time_ms: int) -> None:
    share, angle = 1 / min(habits.count + 1, MEMORY), hour_angle(time_ms)
    habits.hour_sin += (sin(angle) - habits.hour_sin) * share
    habits.hour_cos += (cos(angle) - habits.hour_cos) * share


@compiled
def _learn_place(habits: Any, latitude: float, longitude: float, time_ms: int) -> None:
    """Update the home, a running mean; longitudes differ by the short way round the globe."""
    share = 1 / min(habits.located + 1, HOME_MEMORY)
    if habits.located == 0:
        habits.home_latitude, habits.home_longitude = latitude, longitude
    east = (longitude - habits.home_longitude + 180) % 360 - 180
    habits.home_latitude += (latitude - habits.home_latitude) * share
    habits.home_longitude = (habits.home_longitude + east * share + 180) % 360 - 180
    habits.last_latitude, habits.last_longitude, habits.last_located_ms = latitude, longitude, time_ms
    habits.located += 1
