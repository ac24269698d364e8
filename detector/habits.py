"""What is normal for a user, learned one payment at a time."""

import math

from detector.state import Event, Habits

MEMORY = 150
HOME_MEMORY = 50
CLIP = 2.5
DAY_MS = 24 * 3600 * 1000
_ANGLE_PER_MS = 2 * math.pi / DAY_MS


def hour_angle(time_ms: int) -> float:
    """The time of day (UTC) as an angle."""
    return time_ms % DAY_MS * _ANGLE_PER_MS


def log_ratio(habits: Habits, amount: float) -> float | None:
    """How far an amount is above the user's habit, as a log ratio; None before the first payment."""
    return math.log((amount + 1) / (habits.amount + 1)) if habits.count else None


def learn(habits: Habits, event: Event) -> None:
    """Move the habits by one payment, which is not before any that they know."""
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
    """The mean is clipped, so that one large payment (or fraud) does not become the habit."""
    share = 1 / min(habits.count + 1, MEMORY)
    clipped = min(amount, CLIP * habits.amount + 1) if habits.count else amount
    habits.amount += (clipped - habits.amount) * share
    difference = math.log1p(amount) - habits.log_mean
    habits.log_mean += difference * share
    habits.log_variance += (difference * difference * (1 - share) - habits.log_variance) * share


def _learn_hour(habits: Habits, time_ms: int) -> None:
    share, angle = 1 / min(habits.count + 1, MEMORY), hour_angle(time_ms)
    habits.hour_sin += (math.sin(angle) - habits.hour_sin) * share
    habits.hour_cos += (math.cos(angle) - habits.hour_cos) * share


def _learn_place(habits: Habits, latitude: float, longitude: float, time_ms: int) -> None:
    """The home is a running mean; longitudes are compared the short way round."""
    share = 1 / min(habits.located + 1, HOME_MEMORY)
    if not habits.located:
        habits.home_latitude, habits.home_longitude = latitude, longitude
    east = (longitude - habits.home_longitude + 180) % 360 - 180
    habits.home_latitude += (latitude - habits.home_latitude) * share
    habits.home_longitude = (habits.home_longitude + east * share + 180) % 360 - 180
    habits.last_latitude, habits.last_longitude, habits.last_located_ms = latitude, longitude, time_ms
    habits.located += 1
