"""One user's keyed state: records in one array of bytes that compiled code reads and changes in place.

    compacted: habits, panes, known names       kept one by one, sorted by event time
    ----------------------------------------|------------------------------------------> event time
                                 latest - 24 h - allowed lateness                  latest

Everything left of the bar precedes every event that can still be inserted. The features of an event that arrives out of
order therefore depend only on events at or before its own event time.

    header | habits | panes | known names, six kinds | category means | confirmed devices | trips | challenges
           | seen ids, this month's and the last month's | recent

In memory every section but the last has its full length; `detector.state_encoding` keeps only what is used.
"""

from math import isnan
from typing import Any

import numpy as np

from detector.names import NAME
from detector.records import INTEGER, NUMBER, Bytes, record
from weir.compiled import compiled

# The kinds of names that a payment carries.
MERCHANT, CATEGORY, DEVICE, COUNTRY, IP, CARD = KINDS = tuple(range(6))

# Bounds a user's known devices, merchants, categories and so on. A round number; not measured.
MAX_KNOWN = 64

# Bounds a user's trips and challenges. A round number; not measured.
MAX_NOTES = 8

# The longest window, 30 days, both of its edges, and the allowed lateness of up to five days.
MAX_PANES = 40

HEADER = record(
    ("panes", INTEGER),
    ("known", INTEGER, (len(KINDS),)),
    ("means", INTEGER),
    ("confirmed", INTEGER),
    ("trips", INTEGER),
    ("challenges", INTEGER),
    ("seen", INTEGER),
    ("seen_before", INTEGER),
    ("recent", INTEGER),
    ("truncated_ms", INTEGER),
    ("seen_month", INTEGER),
    ("seen_in_last", INTEGER),
)
"""How many records each section holds. `truncated_ms` is the event time of the last payment that was compacted early
because there were too many, 0 if there is none. `seen_month` is the month of the seen ids, and `seen_in_last` how many
their last filter holds (`detector.repeats`)."""

EVENT = record(
    ("time_ms", INTEGER),
    ("identity", INTEGER),
    ("cents", NUMBER),
    ("ratio", NUMBER),
    ("names", INTEGER, (len(KINDS),)),
    ("latitude", NUMBER),
    ("longitude", NUMBER),
)
"""A payment. `identity` is the CRC-32 of its transaction id. `cents` are whole hundredths of the base currency, so sums
are exact in any order. `ratio` is the amount's log ratio to the user's habit before it. What a payment lacks is NaN, or 0
as a name."""

PANE = record(("index", INTEGER), ("count", INTEGER), ("cents", NUMBER), ("ratio", NUMBER))
"""The compacted payments of one day; `ratio` is the highest of theirs."""

HABITS = record(
    ("count", INTEGER),
    ("first_ms", INTEGER),
    ("last_ms", INTEGER),
    ("amount", NUMBER),
    ("log_mean", NUMBER),
    ("log_variance", NUMBER),
    ("hour_sin", NUMBER),
    ("hour_cos", NUMBER),
    ("located", INTEGER),
    ("home_latitude", NUMBER),
    ("home_longitude", NUMBER),
    ("last_latitude", NUMBER),
    ("last_longitude", NUMBER),
    ("last_located_ms", INTEGER),
)
"""Running means over the user's payments so far, in event-time order.

`amount` is in base currency; `log_mean` and `log_variance` are of log(amount + 1); the hour is a mean vector on the
unit circle; `last_located_ms` is the time of the last payment with a position."""

COMPACTED, LATEST, AS_OF = 0, 1, 2
"""The habits up to the bar, those up to the latest payment, and room for those as of an earlier one."""

MEAN = record(("name", INTEGER), ("count", INTEGER), ("amount", NUMBER))
"""A clipped running mean of amounts, in base currency, by merchant category."""

NOTE = record(("time_ms", INTEGER), ("until_ms", INTEGER), ("value", INTEGER))
"""What the customer did at a time: confirmed a trip until another time, to the country whose name is `value`, or failed
or passed a challenge, where `value` is 0 or 1."""


SEEN_BYTES = 7936
"""The most bytes of a month's seen ids: filters of 256, 512 and so on up to 4,096 bytes (`detector.repeats`)."""

KNOWN_BYTES = MAX_KNOWN * NAME.itemsize


def _ends(*lengths: int) -> tuple[int, ...]:
    return tuple(int(end) for end in np.cumsum(lengths))


(
    HEADER_END,
    HABITS_END,
    PANES_END,
    KNOWN_END,
    MEANS_END,
    CONFIRMED_END,
    TRIPS_END,
    CHALLENGES_END,
    SEEN_END,
    RECENT_AT,
) = _ends(
    HEADER.itemsize,
    3 * HABITS.itemsize,
    MAX_PANES * PANE.itemsize,
    len(KINDS) * KNOWN_BYTES,
    MAX_KNOWN * MEAN.itemsize,
    MAX_KNOWN * NAME.itemsize,
    MAX_NOTES * NOTE.itemsize,
    MAX_NOTES * NOTE.itemsize,
    SEEN_BYTES,
    SEEN_BYTES,
)


@compiled
def header_of(state: Bytes) -> Any:
    return state[:HEADER_END].view(HEADER)[0]


@compiled
def habits_of(state: Bytes) -> Any:
    """Return the three habits, at `COMPACTED`, `LATEST` and `AS_OF`."""
    return state[HEADER_END:HABITS_END].view(HABITS)


@compiled
def panes_of(state: Bytes) -> Any:
    return state[HABITS_END:PANES_END].view(PANE)


@compiled
def known_of(state: Bytes, kind: int) -> Any:
    """Return the names of a kind in compacted payments, least recently used first."""
    begin = PANES_END + kind * KNOWN_BYTES
    return state[begin : begin + KNOWN_BYTES].view(NAME)


@compiled
def means_of(state: Bytes) -> Any:
    """Return the mean of compacted amounts in each known category, least recently used first."""
    return state[KNOWN_END:MEANS_END].view(MEAN)


@compiled
def confirmed_of(state: Bytes) -> Any:
    """Return the devices that the customer confirmed."""
    return state[MEANS_END:CONFIRMED_END].view(NAME)


@compiled
def trips_of(state: Bytes) -> Any:
    return state[CONFIRMED_END:TRIPS_END].view(NOTE)


@compiled
def challenges_of(state: Bytes) -> Any:
    return state[TRIPS_END:CHALLENGES_END].view(NOTE)


@compiled
def seen_of(state: Bytes) -> Bytes:
    """Return the filters of the ids seen in the month of `seen_month`."""
    return state[CHALLENGES_END:SEEN_END]


@compiled
def seen_before_of(state: Bytes) -> Bytes:
    """Return the filters of the month before it."""
    return state[SEEN_END:RECENT_AT]


@compiled
def recent_of(state: Bytes) -> Any:
    """Return the payments that are kept one by one, in event-time order."""
    return state[RECENT_AT:].view(EVENT)


@compiled
def spent(event: Any) -> float:
    """Return a payment's hundredths; one of unknown amount adds nothing to a sum."""
    return 0.0 if isnan(event.cents) else event.cents


def fresh_state(recent: int = 0) -> Bytes:
    """Return a new user's state with room for so many payments that are kept one by one."""
    state = np.empty(RECENT_AT + recent * EVENT.itemsize, np.uint8)
    state[:HABITS_END] = 0
    return state
