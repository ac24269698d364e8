"""Which labels come back to the contenders, and when.

all       every label that the mapping sends
alerts    only labels of the cards that the day's alert budget covers, chosen when the day is over
"""

import heapq
from collections.abc import Iterable
from typing import Protocol

from operations.replay.label_schedule import DueLabel, LabelSchedule
from operations.replay.rows import Row
from weir.topics import DAY_MS


class Feedback(Protocol):
    """Labels of scored transactions, until each is due."""

    def add(self, row: Row, score: float) -> None:
        """A transaction was scored."""

    def due(self, now_ms: int) -> list[DueLabel]:
        """Take out the labels known by `now_ms`, in order."""

    def awaits(self, transaction_id: str) -> bool:
        """Whether a label of the transaction may still come."""

    def __len__(self) -> int:
        """How many labels are not due yet."""


class EveryLabel:
    """Every label comes back when it is known."""

    def __init__(self, send: str) -> None:
        self._schedule, self._awaited = LabelSchedule(send), set[str]()

    def add(self, row: Row, score: float = 0.0) -> None:  # noqa: ARG002 -- no label depends on a score
        waiting = len(self._schedule)
        self._schedule.add(row)
        if len(self._schedule) > waiting:
            self._awaited.add(row.transaction.transaction_id)

    def due(self, now_ms: int) -> list[DueLabel]:
        found = self._schedule.due(now_ms)
        self._awaited.difference_update(due.transaction_id for due in found)
        return found

    def awaits(self, transaction_id: str) -> bool:
        return transaction_id in self._awaited

    def __len__(self) -> int:
        return len(self._schedule)


class AlertLabels:
    """Labels come back only for the `budget` cards of a day with the highest scores.

    A card's score is its highest of the day. No label is known before its day is over.
    """

    def __init__(self, send: str, budget: int) -> None:
        self._chosen, self._budget = EveryLabel(send), budget
        self._days: dict[int, list[tuple[Row, float]]] = {}
        self._undecided = set[str]()

    def add(self, row: Row, score: float) -> None:
        self._days.setdefault(row.event_time_ms // DAY_MS, []).append((row, score))
        self._undecided.add(row.transaction.transaction_id)

    def due(self, now_ms: int) -> list[DueLabel]:
        for day in [day for day in self._days if (day + 1) * DAY_MS <= now_ms]:
            self._close(self._days.pop(day), (day + 1) * DAY_MS)
        return self._chosen.due(now_ms)

    def awaits(self, transaction_id: str) -> bool:
        return transaction_id in self._undecided or self._chosen.awaits(transaction_id)

    def __len__(self) -> int:
        return len(self._chosen)

    def _close(self, scored: list[tuple[Row, float]], end_ms: int) -> None:
        alerted = highest_cards(((row.transaction.user_id, score) for row, score in scored), self._budget)
        for row, _ in scored:
            self._undecided.discard(row.transaction.transaction_id)
            if row.transaction.user_id in alerted:
                self._chosen.add(row._replace(known_ms=max(row.known_ms, end_ms)))


def highest_cards(scores: Iterable[tuple[str, float]], budget: int) -> set[str]:
    """The cards with the highest scores.

    >>> sorted(highest_cards([("a", 0.1), ("b", 0.4), ("a", 0.9), ("c", 0.5)], 2))
    ['a', 'c']
    """
    best: dict[str, float] = {}
    for card, score in scores:
        best[card] = max(score, best.get(card, score))
    return set(heapq.nlargest(budget, best, key=best.__getitem__))
