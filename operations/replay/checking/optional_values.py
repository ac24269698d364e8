"""Values that the detector reads in its forgiving way: what it mends, what it leaves out, and what it refuses.

Each distinct value of a field with few of them is read once as the detector would read it.
"""

from typing import Literal, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from operations.replay.columns.faults import SHOWN, Fault
from weir.errors import InvalidRecord
from weir.messages import Transaction, encode
from weir.payments import read_payment
from weir.times import EARLIEST_MS

CODES = ("currency", "country", "incumbent_decision")
"""Fields whose values are codes."""

Treatment = Literal["kept", "mended", "left out", "refused"]


class Reading(NamedTuple):
    """How the detector reads a value, and what it becomes."""

    treatment: Treatment
    value: str | None = None


class CodeBook:
    """Reads codes as the detector does, each once."""

    def __init__(self) -> None:
        self._readings: dict[tuple[str, str], Reading] = {}

    def read(self, field: str, value: str) -> Reading:
        """Return how the detector reads a value of a field."""
        key = field, value
        if key not in self._readings:
            self._readings[key] = _read(field, value)
        return self._readings[key]


def code_faults(
    name: str, column: str, values: list[str], readings: list[Reading], indices: NDArray[np.int64]
) -> list[Fault]:
    """What the detector makes of a batch's codes. `indices` point into `values`; one beyond them is no code."""
    found = []
    for treatment, reason, remedy in _REASONS:
        chosen = np.array([*(reading.treatment == treatment for reading in readings), False])[indices]
        shown = {
            int(index): values[index] if treatment != "mended" else f"{values[index]} as {readings[index].value}"
            for index in np.unique(indices[chosen]).tolist()
        }
        texts = [shown[index] for index in indices[chosen][:SHOWN].tolist()]
        rows = np.flatnonzero(chosen)
        if len(rows):
            found.append(
                Fault(column, reason.format(name=name), remedy, rows, tuple(texts), fatal=treatment == "refused")
            )
    return found


_REASONS: tuple[tuple[Treatment, str, str], ...] = (
    ("refused", "is no {name}", 'Give a code of three letters, or translate it: map = { "euro" = "EUR" }.'),
    ("left out", "is no {name}, so the detector leaves it out", "Translate it with `map`, or drop the field."),
    ("mended", "is written in another way than usual, and read by its meaning", ""),
)


def _read(field: str, value: str) -> Reading:
    sent = Transaction(transaction_id="t", user_id="u", event_time=EARLIEST_MS, amount=1.0)
    try:
        read = read_payment(encode(structs.replace(sent, **{field: value})))
    except InvalidRecord:
        return Reading("refused")
    found = getattr(read.transaction, field)
    if found is None:
        return Reading("left out")
    return Reading("kept" if found == value else "mended", found)
