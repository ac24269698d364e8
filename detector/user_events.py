"""Confirmed devices, confirmed trips and challenge outcomes, as of an event time."""

from bisect import bisect_right
from operator import attrgetter
from typing import TypeVar

from detector.habits import DAY_MS
from detector.history import remember
from detector.state import Challenge, Trip, UserState
from weir.messages import Transaction, UserEvent

Kept = TypeVar("Kept", Trip, Challenge)

# Bounds a user's trips and challenges in the state. A round number; not measured.
MAX_KEPT = 8

# The length of a trip that was confirmed without an end. A round number; not measured.
TRIP_DEFAULT_MS = 14 * DAY_MS


def note(state: UserState, event: UserEvent) -> None:
    """Add a user event to the state; a repeated one changes nothing."""
    time_ms = event.event_time_ms
    if event.type == "device_confirmed":
        remember(state.confirmed_devices, event.device_id, time_ms)
    elif event.type == "trip_confirmed":
        until_ms = event.until_ms if event.until_ms is not None else time_ms + TRIP_DEFAULT_MS
        _keep(state.trips, Trip(time_ms, until_ms, event.country), "from_ms")
    else:
        _keep(state.challenges, Challenge(time_ms, event.type == "challenge_passed"), "time_ms")


def _keep(kept: list[Kept], new: Kept, time: str) -> None:
    if new not in kept:
        kept.insert(bisect_right(kept, getattr(new, time), key=attrgetter(time)), new)
        del kept[:-MAX_KEPT]


def device_is_confirmed(state: UserState, device_id: str, time_ms: int) -> bool:
    """Whether the customer had confirmed the device by `time_ms`."""
    confirmed_ms = state.confirmed_devices.get(device_id)
    return confirmed_ms is not None and confirmed_ms <= time_ms


def trip_covers(state: UserState, transaction: Transaction, time_ms: int) -> bool:
    """Whether a confirmed trip covers the payment; without a country, a trip or a payment matches any."""
    country = transaction.country
    return any(
        trip.from_ms <= time_ms <= trip.until_ms
        and (trip.country is None or country is None or trip.country == country)
        for trip in state.trips
    )


def failed_challenges(state: UserState, time_ms: int, window_ms: int) -> int:
    """Count the challenges that failed in the window after the last one that was passed."""
    failed = 0
    for challenge in state.challenges:
        if time_ms - window_ms < challenge.time_ms <= time_ms:
            failed = 0 if challenge.passed else failed + 1
    return failed
