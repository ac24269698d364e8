"""The examples that the trees are trained on, as columns: a bounded, even sample of the learning log.

Of each verdict at most `MOST` transactions are kept, those whose ids have the lowest hashes, and their weights make up
for the rest. What the cache holds follows from the log alone.
"""

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from weir.messages import Example
from weir.topics import DAY_MS
from weir.vectors import arranged, places_of, vector_of

MOST = 300_000
"""Kept transactions of each verdict. More legitimate ones help the trees a little and take longer (docs/adr/0020)."""

_SALT = b"trees"
"""The label join draws matured payments by an unsalted hash of the same ids; this sample must not depend on that one."""

DENSE = 0.5
"""Share of a median day's legitimate payments that makes a day known. A round number; not measured."""

_ALL = 2**64
"""Above every hash."""


class TrainingSet(NamedTuple):
    """A row for each transaction, in the log's order. A missing value is NaN."""

    values: NDArray[np.float32]
    frauds: NDArray[np.bool_]
    weights: NDArray[np.float32]


class ExampleCache:
    """Keeps the verdict in force on each transaction of the sample.

    A transaction is known by 64 bits of a hash. Among a million, two share them with a probability of 3e-8, and the
    later one then replaces the earlier. A million examples of 135 features take 0.5 GB at most.
    """

    def __init__(self, names: tuple[str, ...], most: int = MOST) -> None:
        self._places, self._most = places_of(names), most
        rows = 3 * most  # both verdicts, and as many examples until the next compaction; untouched memory is free
        self._hashes, self._frauds = np.empty(rows, np.uint64), np.empty(rows, np.bool_)
        self._days = np.empty(rows, np.int32)
        self._weights, self._values = np.empty(rows, np.float32), np.empty((rows, len(names)), np.float32)
        self._count = 0
        self._kept_below = {False: _ALL, True: _ALL}

    def add(self, example: Example) -> None:
        """Add an example, unless it has no weight or its transaction is outside the sample."""
        hashed, fraud = _hash(example), example.verdict == "fraud"
        superseded = example.outcome == "revision"
        if example.weight <= 0 or (hashed >= self._kept_below[fraud] and not superseded):
            return
        if self._count == len(self._hashes):
            self.compact()
        row = self._count
        self._hashes[row], self._frauds[row], self._weights[row] = hashed, fraud, example.weight
        self._days[row] = example.event_time_ms // DAY_MS
        with np.errstate(over="ignore"):
            self._values[row] = arranged(vector_of(example.features), self._places)
        self._count += 1

    def compact(self) -> None:
        """Drop superseded verdicts, then everything outside the sample."""
        self._keep(_last_of_each(self._hashes[: self._count]))
        inside = np.ones(self._count, np.bool_)
        for fraud in (False, True):
            hashes = self._hashes[: self._count][self._frauds[: self._count] == fraud]
            if len(hashes) > self._most:
                self._kept_below[fraud] = int(np.partition(hashes, self._most)[self._most])
            if self._kept_below[fraud] < _ALL:
                inside &= (self._frauds[: self._count] != fraud) | (
                    self._hashes[: self._count] < self._kept_below[fraud]
                )
        self._keep(np.flatnonzero(inside))

    def frauds_to_train_on(self) -> int:
        """Return how many frauds the training set has."""
        self.compact()
        return int(self._frauds[self._known_rows()].sum())

    def training_set(self) -> TrainingSet:
        """Compact, and return what is kept of known days, weighted by the share of its verdict that is kept."""
        self.compact()
        rows = self._known_rows()
        shares = [self._kept_below[fraud] / _ALL for fraud in (False, True)]
        weights = self._weights[rows] / np.where(self._frauds[rows], shares[True], shares[False])
        return TrainingSet(self._values[rows], self._frauds[rows], weights.astype(np.float32))

    def _known_rows(self) -> NDArray[np.intp]:
        """Return the places of payments up to the last day on which about as many legitimate ones are known as on others.

        Frauds are often known before legitimate payments mature. Trees that saw newer frauds alone would tell frauds by
        their newness, and suspect everybody (docs/adr/0020).
        """
        rows = slice(self._count)
        days, legitimate = self._days[rows], ~self._frauds[rows]
        found, places = np.unique(days[legitimate], return_inverse=True)
        weights = np.bincount(places, self._weights[rows][legitimate])
        known = found[weights >= DENSE * np.median(weights)] if len(found) else found
        return np.flatnonzero(days <= known[-1]) if len(known) else np.empty(0, np.intp)

    def _keep(self, places: NDArray[np.intp]) -> None:
        if len(places) < self._count:
            for column in (self._hashes, self._frauds, self._days, self._weights, self._values):
                column[: len(places)] = column[places]
            self._count = len(places)


def _last_of_each(hashes: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the last place of each hash, in order."""
    _, from_the_end = np.unique(hashes[::-1], return_index=True)
    return np.sort(len(hashes) - 1 - from_the_end)


def _hash(example: Example) -> int:
    """Hash the customer and the id: payments of two customers may share one. Old examples name no customer."""
    transaction_id, user_id = example.transaction_id, example.user_id or ""
    identity = f"{len(transaction_id)}:{transaction_id}{user_id}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(identity, digest_size=8, salt=_SALT).digest())
