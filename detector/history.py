"""Insert payments into a user's state and compact old ones; `detector.state` has a picture."""

from bisect import bisect_right
from copy import copy
from operator import attrgetter
from typing import Any, NamedTuple

from detector.habits import DAY_MS, clipped_mean, learn, log_ratio
from detector.state import Event, Habits, Mean, Pane, UserState

# The far edge of a window over panes is off by up to half of this. A round number; not measured.
PANE_MS = DAY_MS

# The length of the longest window.
KEPT_MS = 30 * DAY_MS

# Bounds a user's known devices, merchants, categories and so on. A round number; not measured.
MAX_KNOWN = 64

event_time = attrgetter("time_ms")


def is_late(state: UserState, time_ms: int, allowed_lateness_ms: int) -> bool:
    """Whether an event is too old to be inserted in event-time order."""
    if not state.habits.count:
        return False
    return time_ms < state.habits.last_ms - allowed_lateness_ms or time_ms < state.compacted.last_ms


class Earlier(NamedTuple):
    """The payments by some time that are not compacted yet, in event-time order, and what they name, as columns."""

    events: list[Event]
    devices: list[str | None]
    merchants: list[str | None]
    categories: list[str | None]
    countries: list[str | None]
    ips: list[str | None]
    cards: list[str | None]


def earlier_than(state: UserState, time_ms: int) -> Earlier:
    """Return the payments by `time_ms`. Read once here: every column is needed for several features."""
    events = _events_by(state, time_ms)
    return Earlier(
        events,
        [event.device_id for event in events],
        [event.merchant_id for event in events],
        [event.category for event in events],
        [event.country for event in events],
        [event.ip for event in events],
        [event.card_id for event in events],
    )


def _events_by(state: UserState, time_ms: int) -> list[Event]:
    recent = state.recent
    if not recent or recent[-1].time_ms <= time_ms:
        return recent
    return recent[: bisect_right(recent, time_ms, key=event_time)]


def habits_at(state: UserState, time_ms: int) -> Habits:
    """Return the habits as of `time_ms`. They may be the state's own: do not modify them."""
    if time_ms >= state.habits.last_ms:
        return state.habits
    habits = copy(state.compacted)
    for event in _events_by(state, time_ms):
        learn(habits, event)
    return habits


def category_mean(state: UserState, earlier: Earlier, category: str) -> float | None:
    """Return the clipped mean of the user's earlier amounts in a merchant category; None if there are none."""
    mean = state.category_means.get(category)
    count, amount = (mean.count, mean.amount) if mean is not None else (0, 0.0)
    if category in earlier.categories:
        for event in earlier.events:
            if event.category == category:
                amount = clipped_mean(amount, count, event.cents / 100)
                count += 1
    return amount if count else None


def advance(state: UserState, time_ms: int, allowed_lateness_ms: int) -> None:
    """Compact payments that no event can precede any more after one at `time_ms`; drop panes older than any window."""
    bar, recent, old = time_ms - DAY_MS - allowed_lateness_ms, state.recent, 0
    while old < len(recent) and recent[old].time_ms < bar:
        _compact(state, recent[old])
        old += 1
    if old:
        del recent[:old]
    oldest, panes, gone = (time_ms - allowed_lateness_ms - KEPT_MS) // PANE_MS - 1, state.panes, 0
    while gone < len(panes) and panes[gone].index < oldest:
        gone += 1
    if gone:
        del panes[:gone]


def insert(state: UserState, event: Event, max_recent_events: int) -> None:
    """Insert a payment that is not late in event-time order; if there are too many, compact the oldest early."""
    recent = state.recent
    if event.time_ms >= state.habits.last_ms:
        recent.append(event)
        _learn_next(state.habits, event)
    else:
        recent.insert(bisect_right(recent, event.time_ms, key=event_time), event)
        _relearn(state)
    if len(recent) > max_recent_events:
        oldest = recent.pop(0)
        _compact(state, oldest)
        state.truncated_ms = oldest.time_ms


def _learn_next(habits: Habits, event: Event) -> None:
    event.ratio = log_ratio(habits, event.cents / 100)
    learn(habits, event)


def _relearn(state: UserState) -> None:
    """Recompute habits and ratios as if the payments had arrived in order."""
    state.habits = copy(state.compacted)
    for event in state.recent:
        _learn_next(state.habits, event)


def _compact(state: UserState, event: Event) -> None:
    learn(state.compacted, event)
    _compact_into_pane(state.panes, event)
    remember(state.devices, event.device_id, event.time_ms)
    remember(state.merchants, event.merchant_id, event.time_ms)
    remember(state.categories, event.category, event.time_ms)
    remember(state.countries, event.country, event.time_ms)
    remember(state.cards, event.card_id, event.time_ms)
    remember(state.ips, event.ip, event.time_ms)
    if event.category is not None:
        _learn_category(state.category_means, event.category, event.cents / 100)


def _compact_into_pane(panes: list[Pane], event: Event) -> None:
    index = event.time_ms // PANE_MS
    if not panes or panes[-1].index != index:
        panes.append(Pane(index))
    pane = panes[-1]
    pane.count += 1
    pane.cents += event.cents
    if event.ratio is not None and (pane.ratio is None or event.ratio > pane.ratio):
        pane.ratio = event.ratio


def _learn_category(means: dict[str, Mean], category: str, amount: float) -> None:
    mean = means.pop(category, None) or Mean()
    means[category] = Mean(mean.count + 1, clipped_mean(mean.amount, mean.count, amount))
    _forget(means)


def remember(known: dict[str, int], name: str | None, time_ms: int) -> None:
    """Record a use and keep the earliest time; beyond `MAX_KNOWN`, drop the least recently used name."""
    if name is None:
        return
    known[name] = min(known.pop(name, time_ms), time_ms)
    _forget(known)


def _forget(known: dict[str, Any]) -> None:
    if len(known) > MAX_KNOWN:
        del known[next(iter(known))]
