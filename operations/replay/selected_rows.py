"""The rows of a checked file that a replay sends: those of its period, in event-time order, without what was left out."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from operations.replay.arrow_file import BATCH_ROWS, Batch, read_batches
from operations.replay.checking.file_check import CheckedFile
from operations.replay.period import Extent, Period
from operations.replay.rows import Row, RowReader
from weir.errors import DeploymentError


def extent(checked: CheckedFile, period: Period, limit: int | None) -> Extent:
    """Count the rows of the period, and find their first and last event time.

    Raises:
        DeploymentError: the file has no row in the period.
    """
    chosen = checked.times_ms[period.among(checked.times_ms)][:limit]
    if not len(chosen):
        raise DeploymentError(f"{checked.file} has no rows in that period.", "Check --from and --to.")
    return Extent(len(chosen), int(chosen[0]), int(chosen[-1]))


def read_rows(checked: CheckedFile, period: Period, limit: int | None) -> Iterator[Row]:
    """The first `limit` rows of the period."""
    chosen = period.among(checked.times_ms)
    first, stop, _ = chosen.indices(len(checked.times_ms))
    stop = stop if limit is None else min(stop, first + limit)
    return (
        _in_file_order(checked, first, stop) if checked.order is None else _sorted(checked, checked.order[first:stop])
    )


def _in_file_order(checked: CheckedFile, first: int, stop: int) -> Iterator[Row]:
    """The kept rows from position `first` to before `stop`."""
    reader, passed = RowReader(checked.mapping), 0
    for batch in read_batches(checked.file, checked.mapping):
        kept = _kept(batch, checked)
        chosen = kept[max(first - passed, 0) : max(stop - passed, 0)]
        passed += len(kept)
        if len(chosen):
            yield from reader.read(batch).rows(chosen)
        if passed >= stop:
            return


def _sorted(checked: CheckedFile, order: NDArray[np.int64]) -> Iterator[Row]:
    """The kept rows at these positions. The mapped columns of the whole file are in memory."""
    reader, numbers, tables = RowReader(checked.mapping), [], []
    for batch in read_batches(checked.file, checked.mapping):
        kept = _kept(batch, checked)
        numbers.append(batch.numbers[kept])
        tables.append(pa.table(batch.columns).take(pa.array(kept)))
    table, every = pa.concat_tables(tables).combine_chunks(), np.concatenate(numbers)
    for start in range(0, len(order), BATCH_ROWS):
        some = order[start : start + BATCH_ROWS]
        taken = table.take(pa.array(some)).combine_chunks()
        columns = {name: _one(taken.column(name)) for name in taken.column_names}
        yield from reader.read(Batch(every[some], columns, [])).rows(np.arange(len(some)))


def _one(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _kept(batch: Batch, checked: CheckedFile) -> NDArray[np.int64]:
    """The positions of the batch's rows that were not left out."""
    return np.flatnonzero(~np.isin(batch.numbers, checked.left_out))
