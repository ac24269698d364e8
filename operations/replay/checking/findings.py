"""What a check finds: the same fault of the same column once, with its count and its first rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from operations.replay.arrow_file import Malformed
from operations.replay.columns.faults import LONGEST_SHOWN, NOTHING, SHOWN, Fault


@dataclass
class FileFinding:
    """A fault and the rows that have it; none if it is one of the whole column. `shown` pairs their first numbers with what to show.

    Rows with a fatal fault are left out or refused; any other costs at most an optional value.
    """

    column: str
    reason: str
    remedy: str
    fatal: bool
    rows: int = 0
    shown: list[tuple[int, str | None]] = field(default_factory=list)


class Findings:
    """Collects faults. Memory is bounded but for the numbers of bad rows, 8 bytes each."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], FileFinding] = {}
        self._bad: list[NDArray[np.int64]] = []

    def __iter__(self) -> Iterator[FileFinding]:
        return iter(self._found.values())

    def add(self, fault: Fault, numbers: NDArray[np.int64]) -> None:
        """Add a fault of a batch whose rows have these numbers."""
        found = self._finding(fault.column, fault.reason, fault.remedy, fatal=fault.fatal)
        found.rows += len(fault.rows)
        values = [None if value is None else repr(value) for value in fault.shown] or [None] * SHOWN
        rows = numbers[fault.rows[:SHOWN]].tolist()
        found.shown += list(zip(rows, values, strict=False))[: SHOWN - len(found.shown)]
        if fault.fatal:
            self._bad.append(numbers[fault.rows])

    def add_rows(self, column: str, reason: str, remedy: str, rows: Iterable[tuple[int, str | None]]) -> None:
        """Add a fatal fault of rows with these numbers, and what to show of each."""
        numbered = list(rows)
        if numbered:
            found = self._finding(column, reason, remedy, fatal=True)
            found.rows += len(numbered)
            found.shown += numbered[: SHOWN - len(found.shown)]
            self._bad.append(np.array([number for number, _ in numbered], dtype=np.int64))

    def add_malformed(self, rows: Iterable[Malformed]) -> None:
        """Add rows that have more or fewer fields than the header."""
        for row in rows:
            self.add_rows(
                "",
                f"has {row.fields} fields instead of {row.expected}",
                "Put values that hold the delimiter in quotation marks, or set `delimiter` and `quote` in [file].",
                [(row.number, repr(row.text[:LONGEST_SHOWN]))],
            )

    def warn(self, column: str, reason: str, remedy: str) -> None:
        """Add something about the whole column that costs no row."""
        self._finding(column, reason, remedy, fatal=False)

    def bad_rows(self) -> NDArray[np.int64]:
        """The numbers of all rows with a fatal fault, in order, each once."""
        return np.unique(np.concatenate(self._bad)) if self._bad else NOTHING

    def _finding(self, column: str, reason: str, remedy: str, *, fatal: bool) -> FileFinding:
        return self._found.setdefault((column, reason), FileFinding(column, reason, remedy, fatal))
