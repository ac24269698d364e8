"""Rehearsal: known legitimate payments are learned again beside each fraud (docs/adr/0018).

Frauds are labelled within hours, while legitimate payments mature for days. During an attack the model would therefore
learn frauds alone for hours, and come to expect fraud from everybody. Rehearsal keeps both verdicts in every hour.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from math import nan
from typing import Any

KEPT = 200
"""Legitimate examples that are kept, the latest ones. A round number; not measured."""

BESIDE_EACH_FRAUD = 10
"""Legitimate examples that are learned again beside a fraud, in turn (docs/measurements/additive-model.md)."""


class Rehearsal:
    """The latest legitimate examples with their weights, packed: the digest reads them with every publication."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._kept: list[bytes] = []
        self._oldest, self._turn = 0, 0

    def keep(self, features: Mapping[str, float], weight: float) -> None:
        """Keep a legitimate example in place of the oldest one."""
        get = features.get
        packed = struct.pack(f">{1 + len(self._names)}d", weight, *[get(name, nan) for name in self._names])
        if len(self._kept) < KEPT:
            self._kept.append(packed)
        else:
            self._kept[self._oldest] = packed
            self._oldest = (self._oldest + 1) % KEPT

    def next(self) -> Iterator[tuple[dict[str, float], float]]:
        """Yield the examples to learn beside a fraud, as features and weight."""
        for _ in range(min(BESIDE_EACH_FRAUD, len(self._kept))):
            self._turn = (self._turn + 1) % len(self._kept)
            weight, *values = struct.unpack(f">{1 + len(self._names)}d", self._kept[self._turn])
            yield dict(zip(self._names, values, strict=True)), weight

    def learned_state(self) -> dict[str, Any]:
        """Return plain values for the digest."""
        return {"kept": b"".join(self._kept), "oldest": self._oldest, "turn": self._turn}
