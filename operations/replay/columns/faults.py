"""What is wrong with the values of one column in a batch."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SHOWN = 20
"""Rows of a fault that are listed; the others are counted. A round number."""

LONGEST_SHOWN = 60
"""Characters of a value that are shown."""

NOTHING: NDArray[np.int64] = np.array([], dtype=np.int64)


class Fault(NamedTuple):
    """A fault of some rows of a batch.

    `rows` are positions in the batch, `shown` the values of the first few. A fatal fault costs the row; any other costs
    an optional value.
    """

    column: str
    reason: str
    remedy: str
    rows: NDArray[np.int64]
    shown: tuple[str | None, ...] = ()
    fatal: bool = True


def fault(
    column: str, wrong: NDArray[np.bool_], values: Any, reason: str, remedy: str, *, fatal: bool = True
) -> list[Fault]:
    """The fault of the rows that are wrong: none or one. `values` is indexed by the row; None shows no value."""
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return []
    shown = () if values is None else tuple(_text(values[int(row)]) for row in rows[:SHOWN])
    return [Fault(column, reason, remedy, rows, shown, fatal)]


def _text(value: Any) -> str | None:
    plain = value.as_py() if isinstance(value, pa.Scalar) else value
    if plain is None:
        return None
    text = str(plain)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
