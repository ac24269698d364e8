"""A user's habits: running means of amount, hour and place, updated one payment at a time."""

import math

from detector.state import Event, Habits

# A new payment weighs at least 1/150 in the means of amount and hour. A round number; not measured.
MEMORY = 150

# A new position weighs at least 1/50 in the mean position. A round number; not measured.
HOME_MEMORY = 50

# A payment counts as at most 2.5 times the mean, so one large payment (or fraud) hardly moves it. Not measured.
CLIP = 2.5

DAY_MS = 24 * 3600 * 1000
_ANGLE_PER_MS = 2 * math.pi / DAY_MS


def hour_angle(time_ms: int) -> float:
    """Return the time of day (UTC) as an angle in radians."""
    return time_ms % DAY_MS * _ANGLE_PER_MS


def log_ratio(habits: Habits, amount: float) -> float | None:
    """Return log((amount + 1) / (mean + 1)); None before the first payment."""
    return math.log((amount + 1) / (habits.amount + 1)) if habits.count else None


def clipped_mean(mean: float, count: int, amount: float) -> float:
    """Return the mean of `count` amounts after one more."""
    clipped = min(amount, CLIP * mean + 1) if count else amount
    return mean + (clipped - mean) / min(count + 1, MEMORY)


def learn(habits: Habits, event: Event) -> None:
    """Update the habits with a payment that is not earlier than any they include."""
    amount = event.cents / 100
    _learn_amount(habits, amount)
    _learn_hour(habits, event.time_ms)
    if event.latitude is not None and event.longitude is not None:
        _learn_place(habits, event.latitude, event.longitude, event.time_ms)
    if not habits.count:
        habits.first_ms = event.time_ms
    habits.last_ms = event.time_ms
    habits.count += 1


def _learn_amount(habits: Habits, amount: float) -> None:
    share = 1 / min(habits.count + 1, MEMORY)
    habits.amount = clipped_mean(habits.amount, habits.count, amount)
    difference = math.log1p(amount) - habits.log_mean
    habits.log_mean += difference * share
    habits.log_variance += (difference * difference * (1 - share) - habits.log_variance) * share


def _learn_hour(habits: Habits, time_ms: int) -> None:
    share, angle = 1 / min(habits.count + 1, MEMORY), hour_angle(time_ms)
    habits.hour_sin += (math.sin(angle) - habits.hour_sin) * share
    habits.hour_cos += (math.cos(angle) - habits.hour_cos) * share


def _learn_place(habits: Habits, latitude: float, longitude: float, time_ms: int) -> None:
    """Update the home, a running mean; longitudes differ by the short way round the globe."""
    share = 1 / min(habits.located + 1, HOME_MEMORY)
    if not habits.located:
        habits.home_latitude, habits.home_longitude = latitude, longitude
    east = (longitude - habits.home_longitude + 180) % 360 - 180
    habits.home_latitude += (latitude - habits.home_latitude) * share
    habits.home_longitude = (habits.home_longitude + east * share + 180) % 360 - 180
    habits.last_latitude, habits.last_longitude, habits.last_located_ms = latitude, longitude, time_ms
    habits.located += 1
