"""Read Parquet and text files in batches of columns.

Every value of a text file is a text at first, so what it becomes does not depend on the rows around it.
"""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from operations.replay.columns.faults import LONGEST_SHOWN, NOTHING
from operations.replay.mapping import FileOptions
from operations.replay.text_stream import TextStream, is_parquet
from weir.errors import DeploymentError

BATCH_ROWS = 65_536
BLOCK_BYTES = 1 << 22
"""Rows of a Parquet file and bytes of a text that are read at once: they bound memory. Round numbers; not measured."""

_TEXT_ONLY = ("delimiter", "quote", "encoding", "skip_lines", "compression")

Columns = dict[str, Any]
"""Arrow arrays by the name of their column."""


class Wanted(Protocol):
    """What to read of a file: how it is written, and which columns. Mappings of payments and of labels say so."""

    @property
    def file(self) -> FileOptions: ...

    @property
    def columns(self) -> list[str]: ...


class Malformed(NamedTuple):
    """A row of a text file that has more or fewer fields than the header."""

    number: int
    fields: int
    expected: int
    text: str


class Batch(NamedTuple):
    """Rows of a file; `numbers` are their numbers in it, from 1.

    The last batch of a text has no rows. Its `header_line` is the line of the header if each row is one line below it:
    row 1 is then on the next line. Otherwise it is None, because blank lines or line breaks in values shift the rows:
    `more_lines` counts the lines that are no rows of their own.
    """

    numbers: NDArray[np.int64]
    columns: Columns
    malformed: list[Malformed]
    header_line: int | None = None
    more_lines: int = 0


def read_batches(file: Path, mapping: Wanted) -> Iterator[Batch]:
    """The columns that a mapping names, batch by batch.

    Raises:
        DeploymentError: the file cannot be read, or lacks a column.
    """
    try:
        yield from _read_parquet(file, mapping) if is_parquet(file) else _read_text(file, mapping)
    except (OSError, pa.ArrowException) as error:
        raise DeploymentError(f"{file} cannot be read: {error}.", _remedy(str(error))) from error


def column_names(file: Path) -> list[str]:
    """The names of the columns of a Parquet file, or of a CSV file in UTF-8.

    Raises:
        DeploymentError: the file cannot be read.
    """
    try:
        if is_parquet(file):
            return list(pa.parquet.ParquetFile(file).schema_arrow.names)
        with TextStream(file, FileOptions()) as stream:
            return header(stream, FileOptions())
    except (OSError, pa.ArrowException) as error:
        raise DeploymentError(f"{file} cannot be read: {error}.", _remedy(str(error))) from error


def _remedy(error: str) -> str:
    if "straddling" in error or "out of sync" in error:
        return f"A quotation mark is probably never closed. {_UNCLOSED}"
    return "Check that it is a Parquet or CSV file."


FEWEST_COLUMNS = 4
"""With fewer columns, a note of two lines may look like the ends of two rows. A round number; not measured."""

_NEVER_CLOSED = "A quotation mark is never closed."
_UNCLOSED = 'Close it, or set `quote` in [file]: quote = "" if the marks are plain characters.'


# Parquet.


def _read_parquet(file: Path, mapping: Wanted) -> Iterator[Batch]:
    if given := [name for name in _TEXT_ONLY if getattr(mapping.file, name) is not None]:
        raise DeploymentError(f"[file] {given[0]!r} has no effect on a Parquet file.", "Remove it from the mapping.")
    opened = pa.parquet.ParquetFile(file)
    _require_columns(file, mapping, opened.schema_arrow.names)
    first = 1
    for batch in opened.iter_batches(BATCH_ROWS, columns=mapping.columns):
        numbers = np.arange(first, first + len(batch), dtype=np.int64)
        columns = {name: _plain(name, batch.column(name), mapping.file) for name in mapping.columns}
        yield Batch(numbers, columns, [])
        first += len(batch)


def _plain(name: str, column: Any, options: FileOptions) -> Any:
    """The column in one of few types: text, numbers, truth values or timestamps in milliseconds."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
        raise DeploymentError(f"Column {name!r} holds values of the type {kind}.", "Write them as texts or numbers.")
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("ms", tz=kind.tz), safe=False)
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("ms"))
    if pa.types.is_decimal(kind):
        return _decimals(column)
    if pa.types.is_float16(kind):
        return column.cast(pa.float64())
    if not pa.types.is_large_string(kind) and not pa.types.is_string_view(kind) and not pa.types.is_string(kind):
        return column
    text = column.cast(pa.string())
    missing = pa.compute.is_in(text, pa.array([*options.null_values, ""]))
    return pa.compute.if_else(missing, pa.scalar(None, pa.string()), text)


def _decimals(column: Any) -> Any:
    """Decimals as numbers; whole ones stay exact, because ids of 18 digits differ in digits that a float has not."""
    for kind in (pa.int64(), pa.decimal128(38, 0), pa.decimal256(76, 0)):
        try:
            whole = column.cast(kind)
        except pa.ArrowInvalid:
            continue
        return whole if pa.types.is_integer(kind) else whole.cast(pa.string())
    return column.cast(pa.float64())


# Texts.


def _read_text(file: Path, mapping: Wanted) -> Iterator[Batch]:
    with TextStream(file, mapping.file) as stream:
        names = header(stream, mapping.file)
        if not names:
            raise DeploymentError(f"{file} is empty.", "Give a file with a header and rows.")
        _require_columns(file, mapping, names)
        if not stream.ends():
            yield from _Rows(mapping, names).read(stream)


def header(stream: TextStream, options: FileOptions) -> list[str]:
    """The names of the columns: the next line that is not blank.

    Raises:
        DeploymentError: it is not a line of the declared form.
    """
    line = stream.read_line()
    while line and not line.strip():
        line = stream.read_line()
    quote = '"' if options.quote is None else options.quote
    while quote and line.count(quote) % 2 and (more := stream.read_line()):
        line += more
    try:
        return next(csv.reader([line], **_dialect(options)), [])
    except csv.Error as error:
        raise DeploymentError(f"The header {line[:LONGEST_SHOWN]!r} cannot be read: {error}.", "Correct it.") from error


def _dialect(options: FileOptions) -> dict[str, Any]:
    delimiter = options.delimiter or ","
    if options.quote == "":
        return {"delimiter": delimiter, "quoting": csv.QUOTE_NONE}
    return {"delimiter": delimiter, "quotechar": options.quote or '"'}


class _Rows:
    """Reads the rows below a header. Columns get plain names, because a header may name two alike."""

    def __init__(self, mapping: Wanted, names: Sequence[str]) -> None:
        self._options = mapping.file
        self._plain = [f"c{index}" for index in range(len(names))]
        self._source = {name: self._plain[list(names).index(name)] for name in mapping.columns}
        self._malformed: list[Malformed] = []
        self._next = 1

    def read(self, stream: TextStream) -> Iterator[Batch]:
        header_line = stream.lines
        wanted = list(dict.fromkeys(self._source.values()))
        opened = pa.csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            read_options=pa.csv.ReadOptions(column_names=self._plain, use_threads=False, block_size=BLOCK_BYTES),
            parse_options=pa.csv.ParseOptions(
                delimiter=self._options.delimiter or ",",
                quote_char=False if self._options.quote == "" else self._options.quote or '"',
                newlines_in_values=True,
                invalid_row_handler=self._set_aside,
            ),
            convert_options=pa.csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, pa.string()),
                strings_can_be_null=True,
                null_values=["", *self._options.null_values],
                check_utf8=False,
            ),
        )
        for batch in opened:
            self._require_one_row_each(batch)
            yield self._batch(batch)
        self._require_closed_quotes()
        rows = self._next - 1 + len(self._malformed)
        empty = dict.fromkeys(self._source, pa.array([], pa.string()))
        more = stream.lines - header_line - rows
        yield Batch(NOTHING, empty, self._malformed, None if more else header_line, max(more, 0))

    def _require_closed_quotes(self) -> None:
        """A row that is malformed and spans lines has swallowed those after it; leaving it out would lose them unseen."""
        for row in self._malformed:
            if "\n" in row.text:
                begin = row.text.splitlines()[0][:LONGEST_SHOWN]
                raise DeploymentError(
                    f"Row {row.number} spans {len(row.text.splitlines())} lines, from {begin!r} on. {_NEVER_CLOSED}",
                    _UNCLOSED,
                )

    def _require_one_row_each(self, batch: Any) -> None:
        """Two quotation marks that are never closed make one row of two: a value that holds the ends of both."""
        if len(self._plain) < FEWEST_COLUMNS:
            return
        for plain in self._source.values():
            values = batch.column(plain)
            if not pc.any(pc.match_substring(values, "\n")).as_py():
                continue
            two_rows = self._pattern_of_two_rows(self._plain.index(plain))
            found = values.filter(pc.match_substring_regex(values, two_rows))
            if len(found):
                shown = found[0].as_py()[:LONGEST_SHOWN]
                raise DeploymentError(f"A value holds the next row, too: {shown!r}. {_NEVER_CLOSED}", _UNCLOSED)

    def _pattern_of_two_rows(self, place: int) -> str:
        """The rest of a row whose column `place` begins a quotation, more lines, and another row up to that column."""
        mark = re.escape(self._options.delimiter or ",")
        value = rf"[^{mark}\n]*"
        after = len(self._plain) - 1 - place
        return rf"^({value}{mark}){{{after}}}{value}\n(.*\n)*({value}{mark}){{{place}}}{value}$"

    def _set_aside(self, row: Any) -> str:
        self._malformed.append(Malformed(row.number, row.actual_columns, row.expected_columns, row.text))
        return "skip"

    def _batch(self, batch: Any) -> Batch:
        """Number the rows: those that were set aside count, and the parser is ahead of what it hands out."""
        ahead = [row.number for row in self._malformed]
        candidates = np.arange(self._next, self._next + len(batch) + len(ahead), dtype=np.int64)
        numbers = candidates[~np.isin(candidates, ahead)][: len(batch)]
        self._next = int(numbers[-1]) + 1 if len(numbers) else self._next
        self._require_closed_quotes()
        passed = [row for row in self._malformed if row.number < self._next]
        self._malformed = [row for row in self._malformed if row.number >= self._next]
        return Batch(numbers, {name: batch.column(plain) for name, plain in self._source.items()}, passed)


# What a mapping names and a file lacks.


def _require_columns(file: Path, mapping: Wanted, names: Sequence[str]) -> None:
    for name in mapping.columns:
        if name not in names:
            raise DeploymentError(f"{file} has no column {name!r}.", _absent(file, mapping, name, names))
        if list(names).count(name) > 1:
            raise DeploymentError(f"{file} has several columns {name!r}.", "Rename all but one.")


def _absent(file: Path, mapping: Wanted, name: str, names: Sequence[str]) -> str:
    """What the cause may be: another delimiter, lines above the header, or another name."""
    if not is_parquet(file):
        with TextStream(file, mapping.file) as stream:
            lines = [stream.read_line() for _ in range(LINES_SEARCHED)]
        if hint := _hint(mapping, lines):
            return hint
    folded = {other.strip().casefold(): other for other in reversed(names)}
    near = get_close_matches(name.strip().casefold(), folded, n=1, cutoff=0.5)
    has = f"It has {', '.join(map(repr, names[:COLUMNS_SHOWN]))}{' and others' if len(names) > COLUMNS_SHOWN else ''}."
    ids = (
        " An id can be the row's number: { row_number = true }." if name.casefold() in {"id", "transaction_id"} else ""
    )
    return (f"Is it {folded[near[0]]!r}? {has}" if near else has) + ids


LINES_SEARCHED = 30
"""Lines in which the header is looked for, when columns are absent. A round number."""

COLUMNS_SHOWN = 40
"""Names of columns that an error lists."""


def _hint(mapping: Wanted, lines: list[str]) -> str | None:
    """The keys of [file] with which the columns are found."""
    present, quote = mapping.file.delimiter or ",", mapping.file.quote
    wanted = set(mapping.columns)
    for skipped, line in enumerate(lines):
        for delimiter in dict.fromkeys([present, *",;\t|"]):
            for other in dict.fromkeys([quote, '"', "'"]):
                options = FileOptions(delimiter=delimiter, quote=other)
                found = _names_in(line, options)
                if len(wanted & found) * 2 > len(wanted) and len(found) > 1:
                    return _keys(mapping.file, skipped, delimiter, other)
    return None


def _names_in(line: str, options: FileOptions) -> set[str]:
    try:
        return set(next(csv.reader([line], **_dialect(options)), []))
    except csv.Error:
        return set()


def _keys(options: FileOptions, skipped: int, delimiter: str, quote: str | None) -> str | None:
    keys = []
    if skipped:
        keys.append(f"skip_lines = {(options.skip_lines or 0) + skipped}")
    if delimiter != (options.delimiter or ","):
        keys.append(f"delimiter = {json.dumps(delimiter)}")
    if (quote or '"') != (options.quote or '"'):
        keys.append(f"quote = {json.dumps(quote)}")
    return f"The header seems to be in another place or form: add {' and '.join(keys)} to [file]." if keys else None
