"""Ids that come again, found with 25 bytes a row: hashes of ids and of whole rows, row numbers and verdicts.

Two different ids collide in 64 bits about once in 60,000 files of 24 million rows.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from operations.replay.columns.texts import as_text

_BETWEEN = "\x1f"


class Repeat(NamedTuple):
    """A row whose id an earlier row has, and that row."""

    number: int
    first: int


class Repeats(NamedTuple):
    """Rows that equal an earlier one with their id, and rows that only share its id, by whether the verdict differs."""

    equal: NDArray[np.int64]
    other_values: list[Repeat]
    other_verdict: list[Repeat]


class IdBook:
    """Collects the ids of a file."""

    def __init__(self) -> None:
        self._ids: list[NDArray[np.uint64]] = []
        self._rows: list[NDArray[np.uint64]] = []
        self._numbers: list[NDArray[np.int64]] = []
        self._verdicts: list[NDArray[np.int8]] = []

    def add(
        self, ids: Any, columns: dict[str, Any], verdicts: NDArray[np.int8], numbers: NDArray[np.int64], use: Any
    ) -> None:
        """Add the rows of a batch that `use` marks. `columns` are all that the mapping reads."""
        self._ids.append(hashes(ids)[use])
        self._rows.append(_row_hashes(columns, len(numbers))[use])
        self._numbers.append(numbers[use])
        self._verdicts.append(verdicts[use])

    def repeats(self) -> Repeats:
        """Compare each row with the first that has its id."""
        if not self._ids:
            return Repeats(np.array([], dtype=np.int64), [], [])
        ids, rows = np.concatenate(self._ids), np.concatenate(self._rows)
        numbers, verdicts = np.concatenate(self._numbers), np.concatenate(self._verdicts)
        order = np.argsort(ids, kind="stable")
        ordered = ids[order]
        starts = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        later = np.flatnonzero(~starts)
        firsts = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))[later]]
        again = order[later]
        same, other = rows[again] == rows[firsts], verdicts[again] != verdicts[firsts]

        def pairs(chosen: NDArray[np.bool_]) -> list[Repeat]:
            found = zip(numbers[again[chosen]].tolist(), numbers[firsts[chosen]].tolist(), strict=True)
            return sorted(Repeat(number, first) for number, first in found)

        return Repeats(np.sort(numbers[again[same]]), pairs(~same & ~other), pairs(~same & other))


def hashes(texts: Any) -> NDArray[np.uint64]:
    """A hash of 64 bits for each text."""
    found: NDArray[np.uint64] = pd.util.hash_array(texts.fill_null("").to_numpy(zero_copy_only=False), categorize=False)
    return found


def _row_hashes(columns: dict[str, Any], rows: int) -> NDArray[np.uint64]:
    """A hash of all columns of each row; a missing value differs from an empty text in none of them."""
    if not columns:
        return np.arange(rows, dtype=np.uint64)
    texts = [
        (values if pa.types.is_string(values.type) else as_text(values)).fill_null("") for values in columns.values()
    ]
    return hashes(pc.binary_join_element_wise(*texts, _BETWEEN))
