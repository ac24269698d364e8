"""How payments enter a user's state and how old ones are folded. See the picture in `detector.state`."""

from bisect import bisect_right
from copy import copy
from operator import attrgetter

from detector.habits import DAY_MS, learn, log_ratio
from detector.state import Event, Habits, Pane, UserState

PANE_MS = DAY_MS
KEPT_MS = 30 * DAY_MS
MAX_KNOWN = 64

event_time = attrgetter("time_ms")


def is_late(state: UserState, time_ms: int, allowed_lateness_ms: int) -> bool:
    """Whether an event can no longer be inserted where it belongs."""
    if not state.habits.count:
        return False
    return time_ms < state.habits.last_ms - allowed_lateness_ms or time_ms < state.compacted.last_ms


def habits_at(state: UserState, time_ms: int) -> Habits:
    """The habits from the payments at or before a time; not to be changed."""
    if time_ms >= state.habits.last_ms:
        return state.habits
    habits = copy(state.compacted)
    for event in state.recent:
        if event.time_ms > time_ms:
            break
        learn(habits, event)
    return habits


def advance(state: UserState, time_ms: int, allowed_lateness_ms: int) -> None:
    """Fold what no admissible event can precede any more, once a payment of `time_ms` is here."""
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
    """Put a payment that is not late where it belongs; the oldest is folded early where there are too many."""
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
    """Habits and ratios as if the payments had arrived in order."""
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


def _compact_into_pane(panes: list[Pane], event: Event) -> None:
    index = event.time_ms // PANE_MS
    if not panes or panes[-1].index != index:
        panes.append(Pane(index))
    pane = panes[-1]
    pane.count += 1
    pane.cents += event.cents
    if event.ratio is not None and (pane.ratio is None or event.ratio > pane.ratio):
        pane.ratio = event.ratio


def remember(known: dict[str, int], name: str | None, time_ms: int) -> None:
    """Note a use; the first-seen time stays, and beyond the bound the least recently used is forgotten."""
    if name is None:
        return
    known[name] = min(known.pop(name, time_ms), time_ms)
    if len(known) > MAX_KNOWN:
        del known[next(iter(known))]
