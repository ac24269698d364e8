"""The first rows of a file, and how the file is written as far as they show it."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from operations.replay.arrow_file import header, read_batches
from operations.replay.mapping import FileOptions, Mapping, Source
from operations.replay.text_stream import BROKEN, UTF_16, UTF_32, TextStream, is_parquet, open_unpacked
from weir.errors import DeploymentError

SAMPLED_ROWS = 1000
SAMPLED_BYTES = 1 << 20
"""What is looked at. Round numbers."""

_LINES = 200
_PREAMBLE = 40
_DELIMITERS = ",;\t|"
_VALUE = re.compile(r"[-+]?\d+[.,]\d+|\d{4}-\d\d-\d\d([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}( .*)?", re.ASCII)
"""An amount or a date, which no column is called."""


@dataclass(frozen=True)
class Sample:
    """The names of a file's columns, and Arrow arrays of their first values; text files hold texts alone."""

    options: FileOptions
    columns: dict[str, Any]
    reasons: dict[str, str]
    """Why each option was chosen."""


def sampled(file: Path) -> Sample:
    """Look at a file.

    Raises:
        DeploymentError: it cannot be read, or has no rows.
    """
    try:
        options, names, reasons = (FileOptions(), _parquet_names(file), {}) if is_parquet(file) else _sniffed(file)
    except BROKEN as error:
        raise DeploymentError(f"{file} is damaged: {error}.", "Copy or download it again.") from error
    if not is_parquet(file):
        _require_header(file, names)
    columns = {name: array[:SAMPLED_ROWS] for name, array in _first_batch(file, options, names).items()}
    return Sample(options, columns, reasons)


def _require_header(file: Path, names: list[str]) -> None:
    """Refuse a row in place of a header: it would be lost, and its values taken for names."""
    if value := next((name for name in names if _VALUE.fullmatch(name.strip())), None):
        raise DeploymentError(
            f"{file} has {value!r} where the names of its columns should stand, as if its header were a row.",
            "Give it a header with one name for each field of a row.",
        )


def _parquet_names(file: Path) -> list[str]:
    kinds = pa.parquet.ParquetFile(file).schema_arrow
    return [field.name for field in kinds if not pa.types.is_nested(field.type) and not pa.types.is_binary(field.type)]


def _first_batch(file: Path, options: FileOptions, names: list[str]) -> dict[str, Any]:
    every = {name: Source(column=name) for name, times in Counter(names).items() if times == 1 and name}
    batch = next(read_batches(file, Mapping(file=options, transaction=dict(every))), None)
    if batch is None or not len(batch.numbers):
        raise DeploymentError(f"{file} has a header but no rows.", "Give a file with rows.")
    return batch.columns


def _sniffed(file: Path) -> tuple[FileOptions, list[str], dict[str, str]]:
    """How a text file is written, the names of its columns, and why."""
    with open_unpacked(file, None) as opened:
        first = opened.read(SAMPLED_BYTES)
    encoding = _encoding(first)
    text = first.decode(encoding or "utf-8", errors="ignore").removeprefix("\ufeff")
    lines = text.splitlines(keepends=True)[:_LINES]
    if not any(line.strip() for line in lines):
        raise DeploymentError(f"{file} is empty.", "Give a file with a header and rows.")
    delimiter, quote, fields = max(_candidates(lines), key=lambda one: one[2])[:3]
    skipped = _header_at(lines, delimiter, quote, fields[1])
    reasons = {
        "encoding": "its bytes are no UTF-8",
        "delimiter": f"it divides the rows into {fields[1]} fields each",
        "quote": "most values stand in such marks",
        "skip_lines": "the lines above the header have another form",
    }
    options = FileOptions(
        encoding=encoding,
        delimiter=None if delimiter == "," else delimiter,
        quote=None if quote == '"' else quote,
        skip_lines=skipped or None,
    )
    with TextStream(file, options) as stream:
        return options, header(stream, options), reasons


def _encoding(first: bytes) -> str | None:
    """The encoding by the first bytes; None for UTF-8."""
    if first.startswith(UTF_32):
        return "utf-32"
    if first.startswith(UTF_16):
        return "utf-16"
    for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        every_other = first[place:4096:2]
        if every_other.count(b"\0") * 2 > len(every_other):
            return encoding
    try:
        first[: -4 if len(first) == SAMPLED_BYTES else None].decode()
    except UnicodeDecodeError as error:
        return None if error.start >= len(first) - 8 else "cp1252"
    return None


def _candidates(lines: list[str]) -> Iterator[tuple[str, str, tuple[float, int]]]:
    """Each delimiter and quotation mark, with how well it fits: the share of rows of one length, and that length."""
    for quote in ("'", '"') if _mostly_quoted(lines) else ('"',):
        for delimiter in _DELIMITERS:
            lengths = Counter(len(row) for row in _rows(lines, delimiter, quote) if row)
            length, rows = max(lengths.items(), key=lambda one: (one[0] > 1, one[1]), default=(0, 0))
            share = rows / max(sum(lengths.values()), 1) if length > 1 else 0.0
            yield delimiter, quote, (round(share, 1), length)


def _mostly_quoted(lines: list[str]) -> bool:
    """Whether values stand in single quotation marks, as in BankSim."""
    marks = sum(line.count(",'") + line.count("',") for line in lines)
    return marks > 2 * len(lines)


def _header_at(lines: list[str], delimiter: str, quote: str, length: int) -> int:
    """The lines above the first row of the common length."""
    before = 0
    for row, end in islice(_numbered_rows(lines, delimiter, quote), _PREAMBLE):
        if len(row) == length:
            return before
        before = end
    return 0


def _rows(lines: list[str], delimiter: str, quote: str) -> Iterator[list[str]]:
    return (row for row, _ in _numbered_rows(lines, delimiter, quote))


def _numbered_rows(lines: list[str], delimiter: str, quote: str) -> Iterator[tuple[list[str], int]]:
    """Rows and the number of lines up to their end, until one that cannot be read."""
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    try:
        for row in reader:
            yield row, reader.line_num
    except csv.Error:
        return
