"""The labels that wait for their transaction: which they are, since when, and which wait for one that was refused.

A label takes about 600 bytes more while it waits.
"""

from collections.abc import Iterator
from itertools import islice

from weir.messages import WaitingLabel


class WaitingLabels:
    """Waiting labels by the hash of their identity, in the order in which they arrived."""

    def __init__(self) -> None:
        self._unknown: dict[bytes, WaitingLabel] = {}
        self._refused: dict[bytes, WaitingLabel] = {}
        self._of_transaction: dict[bytes, set[bytes]] = {}

    def __getitem__(self, label: bytes) -> WaitingLabel:
        return self._unknown.get(label) or self._refused[label]

    def __contains__(self, label: bytes) -> bool:
        return label in self._unknown or label in self._refused

    def add(self, label: bytes, told: WaitingLabel, transaction: bytes, *, refused: bool) -> None:
        """Add a label that waits for the transaction with this hash, which may have been refused already."""
        (self._refused if refused else self._unknown)[label] = told
        self._of_transaction.setdefault(transaction, set()).add(label)

    def remove(self, label: bytes, transaction: bytes) -> None:
        """Remove a label that waits no longer."""
        self._unknown.pop(label, None)
        self._refused.pop(label, None)
        others = self._of_transaction[transaction]
        others.discard(label)
        if not others:
            del self._of_transaction[transaction]

    def refuse(self, transaction: bytes) -> None:
        """Note that a transaction was refused: its labels wait in vain."""
        for label in self._of_transaction.get(transaction, ()):
            if label in self._unknown:
                self._refused[label] = self._unknown.pop(label)

    @property
    def refused(self) -> int:
        """How many labels wait for a transaction that was refused."""
        return len(self._refused)

    def longest(self, count: int) -> Iterator[WaitingLabel]:
        """The labels that have waited longest for a transaction that nobody has seen."""
        return islice(self._unknown.values(), count)
