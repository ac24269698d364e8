"""The labels of a file as the API takes them, and the rows that are none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from operations.labels.label_mapping import REQUIRED, TEXTS, TIMES, LabelMapping, mapping_by_names, read_label_mapping
from operations.replay.arrow_file import Batch, column_names, read_batches
from operations.replay.columns.faults import Fault
from operations.replay.columns.texts import TextReader
from operations.replay.columns.times import NO_TIME, Bounds, TimeReader
from operations.replay.columns.verdicts import FRAUD, UNLABELLED, VerdictReader
from weir.clock import now_ms
from weir.times import SKEW_MS

JSON_LINES = {".jsonl", ".ndjson"}


class LabelRow(NamedTuple):
    """A row: its number from 1, and the label's JSON or why it has none."""

    number: int
    body: bytes | None
    problem: str | None = None


def read_labels(file: Path, mapping_file: Path | None) -> Iterator[LabelRow]:
    """Read the labels of a file, in order.

    Raises:
        DeploymentError: the file or the mapping cannot be read, or a column is missing.
    """
    if mapping_file is None and file.suffix.lower() in JSON_LINES:
        yield from _json_lines(file)
        return
    mapping = mapping_by_names(column_names(file)) if mapping_file is None else read_label_mapping(mapping_file)
    reader = _RowReader(mapping)
    for batch in read_batches(file, mapping):
        yield from reader.read(batch)


def _json_lines(file: Path) -> Iterator[LabelRow]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield LabelRow(number, line.strip())


class _RowReader:
    def __init__(self, mapping: LabelMapping) -> None:
        sources = mapping.sources
        self._texts = {name: TextReader(sources[name], required=name in REQUIRED) for name in TEXTS if name in sources}
        bounds = Bounds(now_ms() + SKEW_MS, required=False)
        self._times = {name: TimeReader(sources[name], bounds) for name in TIMES if name in sources}
        self._verdict_column = None if mapping.verdict is None else mapping.verdict.column
        self._verdicts = None if mapping.verdicts is None else VerdictReader(mapping.verdicts)

    def read(self, batch: Batch) -> Iterator[LabelRow]:
        columns, faults = batch.columns, list[Fault]()
        fields: dict[str, list[Any]] = {}
        for name, texts in self._texts.items():
            values, found = texts.read(columns, batch.numbers)
            faults += found
            fields[name] = values.to_pylist()
        for name, times in self._times.items():
            known_ms, found = times.read(columns)
            faults += found
            fields[name] = [None if value == NO_TIME else value for value in known_ms.tolist()]
        fields["verdict"], found = self._read_verdicts(batch)
        faults += found
        problems = _problems(faults)
        for place, number in enumerate(batch.numbers.tolist()):
            if place in problems:
                yield LabelRow(number, None, problems[place])
                continue
            body = {name: values[place] for name, values in fields.items() if values[place] is not None}
            yield LabelRow(number, msgspec.json.encode(body))
        for one in batch.malformed:
            yield LabelRow(one.number, None, f"has {one.fields} fields, not {one.expected}: {one.text!r}")

    def _read_verdicts(self, batch: Batch) -> tuple[list[Any], list[Fault]]:
        if self._verdicts is None or self._verdict_column is None:
            return ["fraud"] * len(batch.numbers), []
        values = batch.columns[self._verdict_column]
        codes, found = self._verdicts.read(values)
        unknown = {int(row) for fault in found for row in fault.rows}
        empty = [place for place in np.flatnonzero(codes == UNLABELLED).tolist() if place not in unknown]
        missing = Fault(self._verdict_column, "is empty", "", np.array(empty, np.int64))
        return ["fraud" if code == FRAUD else "legitimate" for code in codes.tolist()], [*found, missing]


def _problems(faults: list[Fault]) -> dict[int, str]:
    """The first problem of each row, by its place in the batch."""
    found: dict[int, str] = {}
    for fault in faults:
        for place, row in enumerate(fault.rows.tolist()):
            shown = f" {fault.shown[place]!r}" if place < len(fault.shown) and fault.shown[place] is not None else ""
            found.setdefault(row, f"column {fault.column!r}{shown} {fault.reason}. {fault.remedy}".rstrip())
    return found
