"""Turn batches of columns into transactions and labels, as a mapping defines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from operations.replay.arrow_file import Batch, Columns
from operations.replay.columns.attributes import AttributeReader
from operations.replay.columns.faults import Fault
from operations.replay.columns.numbers import LIMITS, NumberReader
from operations.replay.columns.texts import TextReader
from operations.replay.columns.times import NO_TIME, Bounds, TimeReader
from operations.replay.columns.verdicts import FRAUD, LEGITIMATE, UNLABELLED, VerdictReader
from operations.replay.mapping import NUMBERS, REQUIRED, Mapping
from weir.messages import LAST_MS, Transaction, Verdict

_VERDICT: dict[int, Verdict] = {FRAUD: "fraud", LEGITIMATE: "legitimate"}


class Row(NamedTuple):
    """A transaction with its verdict from the file, and the time at which that becomes known."""

    event_time_ms: int
    transaction: Transaction
    verdict: Verdict | None
    known_ms: int


@dataclass(frozen=True)
class RowBlock:
    """A batch as a mapping reads it, column by column.

    Numbers are NaN and texts are null where there is none. A row with a fatal fault cannot become a transaction. `zone` is
    that of the customers' clocks; None for UTC.
    """

    numbers: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    known_ms: NDArray[np.int64]
    verdicts: NDArray[np.int8]
    fields: dict[str, Any]
    attributes: dict[str, Any]
    faults: list[Fault]
    zone: ZoneInfo | None = None

    @property
    def faulty(self) -> NDArray[np.bool_]:
        """Which rows have a fatal fault."""
        found = np.zeros(len(self.numbers), dtype=np.bool_)
        for fault in self.faults:
            found[fault.rows] |= fault.fatal
        return found

    def rows(self, chosen: NDArray[np.int64]) -> Iterator[Row]:
        """The rows at these positions, in this order. None may have a fatal fault."""
        fields = [_plain(values, chosen) for values in self.fields.values()]
        attributes = [_plain(values, chosen) for values in self.attributes.values()]
        more = zip(*attributes, strict=True) if attributes else repeat((), len(chosen))
        times, known = self.times_ms[chosen].tolist(), self.known_ms[chosen].tolist()
        verdicts = map(_VERDICT.get, self.verdicts[chosen].tolist())
        for time_ms, values, some, verdict, known_ms in zip(
            times, zip(*fields, strict=True), more, verdicts, known, strict=True
        ):
            yield Row(time_ms, self._transaction(time_ms, values, some), verdict, known_ms)

    def _transaction(self, time_ms: int, values: tuple[Any, ...], more: tuple[Any, ...]) -> Transaction:
        given = {name: value for name, value in zip(self.fields, values, strict=True) if value is not None}
        attributes = {name: value for name, value in zip(self.attributes, more, strict=True) if value is not None}
        event_time = time_ms if self.zone is None else datetime.fromtimestamp(time_ms / 1000, self.zone)
        return Transaction(event_time=event_time, attributes=attributes, **given)


class RowReader:
    """Reads batches by a mapping. A time after `latest_ms` is a fault."""

    def __init__(self, mapping: Mapping, latest_ms: int = LAST_MS) -> None:
        self._mapping = mapping
        sources = mapping.sources
        zone = sources["event_time"].zone
        self._zone = None if zone is None else ZoneInfo(zone)
        self._event_time = TimeReader(sources["event_time"], Bounds(latest_ms, required=True))
        self._numbers = {
            name: NumberReader(sources[name], mapping.file, LIMITS[name]) for name in NUMBERS if name in sources
        }
        self._texts = {
            name: TextReader(source, required=name in REQUIRED)
            for name, source in sources.items()
            if name not in {*NUMBERS, "event_time"}
        }
        self._attributes = {
            name: AttributeReader(source, mapping.file) for name, source in mapping.attribute_sources.items()
        }
        label, time = mapping.label, mapping.label_time
        self._verdicts = None if label is None else VerdictReader(label)
        self._delay_ms = 0 if label is None else round(label.delay_s * 1000)
        self._label_time = None if time is None else TimeReader(time, Bounds(LAST_MS, required=False))

    def read(self, batch: Batch) -> RowBlock:
        """Read every mapped value of a batch."""
        columns, faults = batch.columns, list[Fault]()

        def kept(read: tuple[Any, list[Fault]]) -> Any:
            faults.extend(read[1])
            return read[0]

        times_ms = kept(self._event_time.read(columns))
        fields = {name: kept(reader.read(columns, batch.numbers)) for name, reader in self._texts.items()}
        fields |= {name: kept(reader.read(columns, len(batch.numbers))) for name, reader in self._numbers.items()}
        attributes = {name: kept(reader.read(columns, batch.numbers)) for name, reader in self._attributes.items()}
        verdicts = self._read_verdicts(columns, len(batch.numbers), faults)
        known_ms = self._known_ms(columns, times_ms, faults)
        return RowBlock(batch.numbers, times_ms, known_ms, verdicts, fields, attributes, faults, self._zone)

    def _read_verdicts(self, columns: Columns, rows: int, faults: list[Fault]) -> NDArray[np.int8]:
        if self._verdicts is None or self._mapping.label is None:
            return np.full(rows, UNLABELLED, dtype=np.int8)
        verdicts, found = self._verdicts.read(columns[self._mapping.label.column])
        faults.extend(found)
        return verdicts

    def _known_ms(self, columns: Columns, times_ms: NDArray[np.int64], faults: list[Fault]) -> NDArray[np.int64]:
        """When each label becomes known: after the delay, or at its own time if that is later."""
        known_ms = np.where(times_ms == NO_TIME, NO_TIME, times_ms + self._delay_ms)
        if self._label_time is None:
            return known_ms
        own_ms, found = self._label_time.read(columns)
        faults.extend(found)
        return np.maximum(known_ms, own_ms)


def _plain(values: Any, chosen: NDArray[np.int64]) -> list[Any]:
    """Values as Python objects, None where there is none."""
    if isinstance(values, np.ndarray):
        return [None if value != value else value for value in values[chosen].tolist()]  # noqa: PLR0124 -- NaN
    found: list[Any] = values.take(pa.array(chosen)).to_pylist()
    return found
