"""When to send transactions, and whether the loop has caught up with them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, TypeVar

from operations.runner.reconciliation import amount, log_length, overdue_labels
from weir.messages import Counts

TICK_S = 0.05
"""The wall time of a slice when a speed is given. A round number: short enough that traffic looks continuous."""


class Timed(Protocol):
    """Anything with an event time."""

    @property
    def event_time_ms(self) -> int:
        """The event time in epoch milliseconds."""


InTime = TypeVar("InTime", bound=Timed)


def slices(rows: Iterable[InTime], length_ms: int) -> Iterator[tuple[int, Iterator[InTime]]]:
    """Group rows by slice of event time. Yields the start and the rows of each slice that has any."""
    for number, some in groupby(rows, key=lambda row: row.event_time_ms // length_ms):
        yield number * length_ms, some


@dataclass(frozen=True)
class Clock:
    """Maps event time to wall time: `speed` seconds of event time pass in one second of wall time."""

    speed: float
    first_event_ms: int
    started_s: float

    def due_s(self, event_ms: int) -> float:
        """The reading of `time.monotonic` at which an event time is reached."""
        return self.started_s + (event_ms - self.first_event_ms) / 1000 / self.speed

    @property
    def tick_ms(self) -> int:
        """The event time that passes in one tick, at least 1 ms."""
        return max(1, round(TICK_S * 1000 * self.speed))


@dataclass(frozen=True)
class Sent:
    """How much has been sent so far. Labels count once the API has accepted them."""

    transactions: int = 0
    labels: int = 0


def unsettled(sent: Sent, counts: Counts | None, learned_n: int) -> str | None:
    """The work that the loop must finish before the next slice, or None if it has caught up.

    `learned_n` is the number of the last example in the newest publication.
    """
    if counts is None:
        return "the ledger has not counted anything yet"
    if unscored := max(sent.transactions - counts.transactions_sent, 0) + counts.in_flight:
        return f"the detector has yet to score {amount(unscored, 'transaction')}"
    if unjoined := max(sent.labels - counts.labels_accepted, 0) + overdue_labels(counts):
        return f"the label join has yet to join {amount(unjoined, 'label')}"
    unlearned = log_length(counts) - learned_n
    return f"the learner has yet to publish {amount(unlearned, 'example')}" if unlearned > 0 else None


def lost(sent: Sent, counts: Counts) -> list[str]:
    """The differences that remain once the loop has settled, one sentence each."""
    found = []
    if sent.transactions != counts.transactions_sent:
        found.append(
            f"The replay sent {amount(sent.transactions, 'transaction')}, but {counts.transactions_sent:,} arrived."
        )
    if counts.in_flight:
        found.append(f"The detector neither scored nor dead-lettered {amount(counts.in_flight, 'transaction')}.")
    if sent.labels != counts.labels_accepted:
        found.append(f"The replay sent {amount(sent.labels, 'label')}, but {counts.labels_accepted:,} arrived.")
    if overdue := overdue_labels(counts):
        found.append(f"The transaction of {amount(overdue, 'label')} never arrived.")
    return found
