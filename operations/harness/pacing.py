"""When transactions leave, and whether the loop has caught up with what was sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, TypeVar

from weir.messages import Counts

TICK_S = 0.05
"""Wall time that a slice takes when a speed is given."""


class Timed(Protocol):
    """What has its place in event time."""

    @property
    def event_time_ms(self) -> int:
        """The event time in epoch milliseconds."""


InTime = TypeVar("InTime", bound=Timed)


def slices(rows: Iterable[InTime], length_ms: int) -> Iterator[tuple[int, Iterator[InTime]]]:
    """The rows by slices of event time, each with the time it starts at; empty slices are left out."""
    for number, some in groupby(rows, key=lambda row: row.event_time_ms // length_ms):
        yield number * length_ms, some


@dataclass(frozen=True)
class Clock:
    """Event time against wall time: `speed` seconds of event time pass in one of wall time."""

    speed: float
    first_event_ms: int
    started_s: float

    def due_s(self, event_ms: int) -> float:
        """The wall time at which an event time is reached."""
        return self.started_s + (event_ms - self.first_event_ms) / 1000 / self.speed

    @property
    def tick_ms(self) -> int:
        """The slice of event time that passes in one tick."""
        return max(1, round(TICK_S * 1000 * self.speed))


@dataclass(frozen=True)
class Sent:
    """What a replay has sent so far."""

    transactions: int = 0
    labels: int = 0


def unsettled(sent: Sent, counts: Counts | None, learned_n: int) -> str | None:
    """What the loop still has to do before the next slice may leave, in words; None when it has caught up.

    `learned_n` is the number of the last example that the newest publication learned. A label of a dead-lettered
    transaction waits for ever, so as many labels as there are dead letters may wait.
    """
    if counts is None:
        return "the ledger has not counted anything yet"
    unscored = max(sent.transactions - counts.transactions_sent, 0) + counts.in_flight
    if unscored:
        return f"{unscored} transactions are not scored yet"
    unjoined = max(sent.labels - counts.labels_accepted, 0)
    unjoined += max(counts.labels_waiting - counts.transactions_dead_lettered, 0)
    if unjoined:
        return f"{unjoined} labels are not joined yet"
    unlearned = log_length(counts) - learned_n
    return f"{unlearned} examples are not learned and in force yet" if unlearned > 0 else None


def log_length(counts: Counts) -> int:
    """Entries of the learning log; they are numbered densely, so this is the number of the last one."""
    labelled = counts.label_examples + counts.label_revisions + counts.label_confirmations
    return labelled + counts.implicit_examples


def lost(sent: Sent, counts: Counts) -> list[str]:
    """What does not reconcile at the end, in words."""
    ended = counts.label_examples + counts.label_revisions + counts.label_confirmations + counts.labels_dead_lettered
    checks = {
        f"{sent.transactions} transactions were sent, {counts.transactions_sent} arrived": (
            sent.transactions == counts.transactions_sent
        ),
        f"{counts.in_flight} transactions were neither scored nor dead-lettered": counts.in_flight == 0,
        f"{sent.labels} labels were sent, {counts.labels_accepted} were accepted": (
            sent.labels == counts.labels_accepted
        ),
        f"{counts.labels_accepted} labels were accepted, {ended} ended and {counts.labels_waiting} wait": (
            counts.labels_accepted == ended + counts.labels_waiting
        ),
        f"{counts.labels_waiting} labels wait for a transaction": (
            counts.labels_waiting <= counts.transactions_dead_lettered
        ),
    }
    return [text for text, holds in checks.items() if not holds]
