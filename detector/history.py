"""Insert payments into a user's state and compact old ones; `detector.state` has a picture."""

from math import isnan, nan
from typing import Any

from detector.habits import DAY_MS, clipped_mean, learn, log_ratio
from detector.names import NO_NAME, place_of, remember, shift_to_last
from detector.records import Bytes
from detector.state import (
    AS_OF,
    CATEGORY,
    COMPACTED,
    KINDS,
    LATEST,
    habits_of,
    header_of,
    known_of,
    means_of,
    panes_of,
    recent_of,
    spent,
)
from weir.compiled import compiled

# The far edge of a window over panes is off by up to half of this. A round number; not measured.
PANE_MS = DAY_MS

# A first-seen time that no event can have.
NO_EARLIER = -1.0

# The length of the longest window.
KEPT_MS = 30 * DAY_MS


@compiled
def is_late(state: Bytes, time_ms: int, allowed_lateness_ms: int) -> bool:
    """Whether an event is too old to be inserted in event-time order."""
    habits = habits_of(state)
    if habits[LATEST].count == 0:
        return False
    return bool(time_ms < habits[LATEST].last_ms - allowed_lateness_ms or time_ms < habits[COMPACTED].last_ms)


@compiled
def earlier_than(state: Bytes, time_ms: int) -> int:
    """Return how many of the recent payments happened by `time_ms`."""
    recent, earlier = recent_of(state), header_of(state).recent
    while earlier > 0 and recent[earlier - 1].time_ms > time_ms:
        earlier -= 1
    return int(earlier)


@compiled
def habits_at(state: Bytes, earlier: int) -> Any:
    """Return the habits after the first `earlier` recent payments. They may be the state's own: do not change them."""
    habits = habits_of(state)
    if earlier == header_of(state).recent:
        return habits[LATEST]
    habits[AS_OF] = habits[COMPACTED]
    recent = recent_of(state)
    for place in range(earlier):
        learn(habits[AS_OF], recent[place])
    return habits[AS_OF]


@compiled
def category_mean(state: Bytes, earlier: int, category: int) -> float:
    """Return the clipped mean of the user's earlier amounts in a merchant category; NaN if there are none."""
    if category == NO_NAME:
        return nan
    means, known, recent = means_of(state), header_of(state).means, recent_of(state)
    place = place_of(means, known, category)
    count, amount = (means[place].count, means[place].amount) if place < known else (0, 0.0)
    for place in range(earlier):
        if recent[place].names[CATEGORY] == category and not isnan(recent[place].cents):
            amount = clipped_mean(amount, count, recent[place].cents / 100)
            count += 1
    return amount if count else nan


@compiled
def first_seen(state: Bytes, earlier: int, event: Any, kind: int) -> float:
    """Return when the user first used the name of this kind that an event carries, at or before the event.

    The result is `NO_EARLIER` if the user has used others of its kind but not this one, and NaN if there is nothing to
    compare: the event names none, or no earlier one is known.
    """
    name, known, count, recent = (
        event.names[kind],
        known_of(state, kind),
        header_of(state).known[kind],
        recent_of(state),
    )
    if name == NO_NAME:
        return nan
    place = place_of(known, count, name)
    if place < count and known[place].first_ms <= event.time_ms:
        return float(known[place].first_ms)
    comparable = count > 0
    for place in range(earlier):
        if recent[place].names[kind] == name:
            return float(recent[place].time_ms)
        comparable = comparable or recent[place].names[kind] != NO_NAME
    return NO_EARLIER if comparable else nan


@compiled
def advance(state: Bytes, time_ms: int, allowed_lateness_ms: int) -> None:
    """Compact payments that no event can precede any more after one at `time_ms`; drop panes older than any window."""
    header, recent, bar, old = header_of(state), recent_of(state), time_ms - DAY_MS - allowed_lateness_ms, 0
    while old < header.recent and recent[old].time_ms < bar:
        _compact(state, recent[old])
        old += 1
    header.recent = _drop(recent, header.recent, old)
    panes, oldest, gone = panes_of(state), (time_ms - allowed_lateness_ms - KEPT_MS) // PANE_MS - 1, 0
    while gone < header.panes and panes[gone].index < oldest:
        gone += 1
    header.panes = _drop(panes, header.panes, gone)


@compiled
def _drop(records: Any, count: int, gone: int) -> int:
    """Drop the first records; return the new count."""
    if gone:
        for place in range(gone, count):
            records[place - gone] = records[place]
    return count - gone


@compiled
def insert(state: Bytes, event: Any, max_recent_events: int) -> bool:
    """Insert a payment that is not late in event-time order; if there are too many, compact the oldest early.

    If the array has no room for one more, nothing changes and the result is false.
    """
    header, recent, latest = header_of(state), recent_of(state), habits_of(state)[LATEST]
    place = header.recent
    if place == len(recent):
        return False
    while place > 0 and recent[place - 1].time_ms > event.time_ms:
        recent[place] = recent[place - 1]
        place -= 1
    recent[place] = event
    header.recent += 1
    if event.time_ms >= latest.last_ms:
        _learn_next(latest, recent[place])
    else:
        _relearn(state)
    if header.recent > max_recent_events:
        header.truncated_ms = recent[0].time_ms
        _compact(state, recent[0])
        header.recent = _drop(recent, header.recent, 1)
    return True


@compiled
def _learn_next(habits: Any, event: Any) -> None:
    event.ratio = log_ratio(habits, event.cents / 100)
    learn(habits, event)


@compiled
def _relearn(state: Bytes) -> None:
    """Recompute habits and ratios as if the payments had arrived in order."""
    habits, recent = habits_of(state), recent_of(state)
    habits[LATEST] = habits[COMPACTED]
    for place in range(header_of(state).recent):
        _learn_next(habits[LATEST], recent[place])


@compiled
def _compact(state: Bytes, event: Any) -> None:
    learn(habits_of(state)[COMPACTED], event)
    header = header_of(state)
    header.panes = _compact_into_pane(panes_of(state), header.panes, event)
    for kind in KINDS:
        header.known[kind] = remember(known_of(state, kind), header.known[kind], event.names[kind], event.time_ms)
    header.means = _learn_category(means_of(state), header.means, event)


@compiled
def _compact_into_pane(panes: Any, count: int, event: Any) -> int:
    index = event.time_ms // PANE_MS
    if count == 0 or panes[count - 1].index != index:
        pane = panes[count]
        pane.index, pane.count, pane.cents, pane.ratio = index, 0, 0.0, nan
        count += 1
    pane = panes[count - 1]
    pane.count += 1
    pane.cents += spent(event)
    if isnan(pane.ratio) or event.ratio > pane.ratio:
        pane.ratio = event.ratio
    return count


@compiled
def _learn_category(means: Any, known: int, event: Any) -> int:
    """Update a category's mean and return how many are known. If there is no room, the least recently used goes."""
    category = event.names[CATEGORY]
    if category == NO_NAME or isnan(event.cents):
        return known
    place, count, amount = place_of(means, known, category), 0, 0.0
    if place < known:
        count, amount = means[place].count, means[place].amount
    elif known < len(means):
        known += 1
    else:
        place = 0
    shift_to_last(means, place, known)
    mean = means[known - 1]
    mean.name, mean.count, mean.amount = category, count + 1, clipped_mean(amount, count, event.cents / 100)
    return known
