"""Rehearsal: known legitimate payments are learned again beside each fraud (docs/adr/0018).

Frauds are labelled within hours, while legitimate payments mature for days. During an attack the model would therefore
learn frauds alone for hours, and come to expect fraud from everybody. Rehearsal keeps both verdicts in every hour.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from weir.compiled import Floats

KEPT = 200
"""Legitimate examples that are kept, the latest ones. A round number; not measured."""

BESIDE_EACH_FRAUD = 10
"""Legitimate examples that are learned again beside a fraud, in turn (docs/measurements/additive-model.md)."""

_BIG_ENDIAN = ">f8"


class Rehearsal:
    """The latest legitimate examples with their weights, packed: the digest reads them with every publication."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []
        self._oldest, self._turn = 0, 0

    def keep(self, vector: Floats, weight: float) -> None:
        """Keep a legitimate example's features in place of the oldest one's."""
        packed = np.append(weight, vector).astype(_BIG_ENDIAN).tobytes()
        if len(self._kept) < KEPT:
            self._kept.append(packed)
        else:
            self._kept[self._oldest] = packed
            self._oldest = (self._oldest + 1) % KEPT

    def next(self) -> Iterator[tuple[Floats, float]]:
        """Yield the examples to learn beside a fraud, as features and weight."""
        for _ in range(min(BESIDE_EACH_FRAUD, len(self._kept))):
            self._turn = (self._turn + 1) % len(self._kept)
            packed = np.frombuffer(self._kept[self._turn], _BIG_ENDIAN).astype(np.float64)
            yield packed[1:], float(packed[0])

    def learned_state(self) -> dict[str, Any]:
        """Return plain values for the digest."""
        return {"kept": b"".join(self._kept), "oldest": self._oldest, "turn": self._turn}
