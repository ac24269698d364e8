"""Read Parquet and CSV files in batches, in event-time order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from operations.replay.mapping import NUMBERS, Mapping
from operations.replay.period import Extent, Period
from operations.replay.rows import Columns, Row, RowReader
from weir.errors import DeploymentError

BATCH_ROWS = 16_384
"""Bounds memory, because a batch becomes Python objects. A round number; not measured."""


def measure(file: Path, mapping: Mapping, period: Period, limit: int | None) -> Extent:
    """Count the rows of the period, and find their first and last event time. Reads the time column only.

    Raises:
        DeploymentError: the file cannot be read, is not in event-time order, or has no row in the period.
    """
    reader, column = RowReader(mapping), mapping.sources["event_time"].column or ""
    times = np.concatenate([reader.event_times_ms(columns) for columns in _batches(file, mapping, [column])] or [[]])
    if (np.diff(times) < 0).any():
        raise DeploymentError(f"{file} is not in event-time order.", f"Sort it by {column!r} first.")
    chosen = times[period.among(times)][:limit]
    if not len(chosen):
        raise DeploymentError(f"{file} has no rows in that period.", "Check --from and --to.")
    return Extent(len(chosen), int(chosen[0]), int(chosen[-1]))


def read_rows(file: Path, mapping: Mapping, period: Period, limit: int | None) -> Iterator[Row]:
    """The first `limit` rows of the period."""
    reader, left = RowReader(mapping), limit
    for columns in _batches(file, mapping, mapping.columns):
        for row in reader.rows(columns):
            if left == 0 or (period.stop_ms is not None and row.event_time_ms >= period.stop_ms):
                return
            if period.holds(row.event_time_ms):
                left = None if left is None else left - 1
                yield row


def _batches(file: Path, mapping: Mapping, columns: list[str]) -> Iterator[Columns]:
    try:
        opened = _open_csv(file, mapping, columns) if file.suffix == ".csv" else _open_parquet(file, columns)
        for batch in opened:
            yield {name: _plain(batch.column(name)) for name in columns}
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise DeploymentError(f"{file} cannot be read: {error}.", "Check that it is a Parquet or CSV file.") from error


def _open_parquet(file: Path, columns: list[str]) -> Iterator[Any]:
    opened = pa.parquet.ParquetFile(file)
    if absent := [name for name in columns if name not in opened.schema_arrow.names]:
        raise DeploymentError(f"{file} has no column {absent[0]!r}.", f"It has {', '.join(opened.schema_arrow.names)}.")
    yield from opened.iter_batches(BATCH_ROWS, columns=columns)


def _open_csv(file: Path, mapping: Mapping, columns: list[str]) -> Iterator[Any]:
    """Read text fields as strings, because the id 007 is not 7."""
    texts = [source.column for name, source in mapping.sources.items() if name not in (*NUMBERS, "event_time")]
    types = {name: pa.string() for name in texts if name in columns}
    options = pa.csv.ConvertOptions(include_columns=columns, column_types=types, strings_can_be_null=True)
    yield from pa.csv.open_csv(file, convert_options=options)


def _plain(column: Any) -> list[Any]:
    """The column as Python values, with timestamps as epoch milliseconds."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ms", tz=column.type.tz), safe=False).cast(pa.int64())
    return list(column.to_pylist())
