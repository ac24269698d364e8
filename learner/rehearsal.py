"""Rehearsal: known legitimate payments are learned again beside each fraud (docs/adr/0018).

Frauds are labelled within hours, while legitimate payments mature for days. During an attack the model would therefore
learn frauds alone for hours, and come to expect fraud from everybody. Rehearsal keeps both verdicts in every hour.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weir.compiled import Floats

Rows = NDArray[np.float64]

KEPT = 200
"""Legitimate examples that are kept, the latest ones. A round number; not measured."""

BESIDE_EACH_FRAUD = 10
"""Legitimate examples that are learned again beside a fraud, in turn (docs/measurements/additive-model.md)."""


class Rehearsal:
    """The latest legitimate examples: a row for each, its weight before its features."""

    def __init__(self) -> None:
        self._kept: Rows | None = None
        self._count, self._oldest, self._turn = 0, 0, 0

    def keep(self, vector: Floats, weight: float) -> None:
        """Keep a legitimate example's features in place of the oldest one's."""
        if self._kept is None:
            self._kept = np.zeros((KEPT, 1 + len(vector)))
        row = self._count if self._count < KEPT else self._oldest
        self._kept[row, 0], self._kept[row, 1:] = weight, vector
        if self._count < KEPT:
            self._count += 1
        else:
            self._oldest = (self._oldest + 1) % KEPT

    def forget(self, vector: Floats) -> None:
        """Forget a legitimate example with these features, because its payment proved to be a fraud."""
        if self._kept is not None:
            same = (self._kept[: self._count, 1:] == vector) | (
                np.isnan(self._kept[: self._count, 1:]) & np.isnan(vector)
            )
            self._kept[np.flatnonzero(same.all(axis=1))[:1], 0] = 0.0

    def next(self) -> Iterator[tuple[Floats, float]]:
        """Yield the examples to learn beside a fraud, as features and weight."""
        if self._kept is None:
            return
        for _ in range(min(BESIDE_EACH_FRAUD, self._count)):
            self._turn = (self._turn + 1) % self._count
            row = self._kept[self._turn]
            if row[0] > 0:
                yield row[1:], float(row[0])

    def learned_state(self) -> dict[str, Any]:
        """Return plain values for the digest."""
        kept = b"" if self._kept is None else self._kept[: self._count].astype(">f8").tobytes()
        return {"kept": kept, "oldest": self._oldest, "turn": self._turn}
