"""Confirmed devices, confirmed trips and challenge outcomes, as of an event time."""

from typing import Any

from detector.habits import DAY_MS
from detector.names import NO_NAME, country_of, name_of, place_of, remember
from detector.records import Bytes
from detector.state import challenges_of, confirmed_of, header_of, trips_of
from weir.compiled import compiled
from weir.messages import UserEvent

# The length of a trip that was confirmed without an end. A round number; not measured.
TRIP_DEFAULT_MS = 14 * DAY_MS


def note(state: Bytes, event: UserEvent) -> None:
    """Add a user event to the state; a repeated one changes nothing."""
    time_ms = event.event_time_ms
    if event.type == "device_confirmed":
        _confirm_device(state, name_of(event.device_id), time_ms)
    elif event.type == "trip_confirmed":
        until_ms = event.until_ms if event.until_ms is not None else time_ms + TRIP_DEFAULT_MS
        _confirm_trip(state, time_ms, until_ms, name_of(country_of(event.country)))
    else:
        _challenge(state, time_ms, int(event.type == "challenge_passed"))


@compiled
def _confirm_device(state: Bytes, device: int, time_ms: int) -> None:
    header = header_of(state)
    header.confirmed = remember(confirmed_of(state), header.confirmed, device, time_ms)


@compiled
def _confirm_trip(state: Bytes, from_ms: int, until_ms: int, country: int) -> None:
    header = header_of(state)
    header.trips = _keep(trips_of(state), header.trips, from_ms, until_ms, country)


@compiled
def _challenge(state: Bytes, time_ms: int, passed: int) -> None:
    header = header_of(state)
    header.challenges = _keep(challenges_of(state), header.challenges, time_ms, time_ms, passed)


@compiled
def _keep(notes: Any, count: int, time_ms: int, until_ms: int, value: int) -> int:
    """Insert a note by its time and return the new count. If there is no room, the earliest one goes."""
    for place in range(count):
        if notes[place].time_ms == time_ms and notes[place].until_ms == until_ms and notes[place].value == value:
            return count
    if count == len(notes):
        if time_ms < notes[0].time_ms:
            return count
        for place in range(1, count):
            notes[place - 1] = notes[place]
        count -= 1
    place = count
    while place > 0 and notes[place - 1].time_ms > time_ms:
        notes[place] = notes[place - 1]
        place -= 1
    notes[place].time_ms, notes[place].until_ms, notes[place].value = time_ms, until_ms, value
    return count + 1


@compiled
def device_is_confirmed(state: Bytes, device: int, time_ms: int) -> bool:
    """Whether the customer had confirmed the device by `time_ms`."""
    confirmed, count = confirmed_of(state), header_of(state).confirmed
    place = place_of(confirmed, count, device)
    return bool(place < count and confirmed[place].first_ms <= time_ms)


@compiled
def trip_covers(state: Bytes, country: int, time_ms: int) -> bool:
    """Whether a confirmed trip covers a payment; without a country, a trip or a payment matches any."""
    trips = trips_of(state)
    for place in range(header_of(state).trips):
        trip = trips[place]
        anywhere = NO_NAME in (trip.value, country)
        if trip.time_ms <= time_ms <= trip.until_ms and (anywhere or trip.value == country):
            return True
    return False


@compiled
def failed_challenges(state: Bytes, time_ms: int, window_ms: int) -> int:
    """Count the challenges that failed in the window after the last one that was passed."""
    challenges, failed = challenges_of(state), 0
    for place in range(header_of(state).challenges):
        if time_ms - window_ms < challenges[place].time_ms <= time_ms:
            failed = 0 if challenges[place].value else failed + 1
    return failed
