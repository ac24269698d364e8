"""Many labels in one request: rows of JSON or CSV in, one result for each row out.

    row --> request --+--> accepted | repeated        the broker has the label
                      +--> conflict | invalid         `field` and `reason` say what to mend
                      +--> unavailable                stored, and sent again; repeat the row to be sure

A row without `label_id` gets one that follows from its content. Sending a batch again is therefore safe, whole or in part.
"""

import csv
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from hashlib import sha256
from io import TextIOWrapper
from itertools import islice
from typing import IO, Any, Literal, NamedTuple

import msgspec
from msgspec import Struct, structs

from feedback_api.errors import ConflictingLabel
from feedback_api.label_outbox import LabelOutbox
from feedback_api.labels import Accepted, LabelRequest
from weir.errors import InvalidRecord, PartUnavailable
from weir.json_names import require_distinct_names
from weir.messages import Label, encode, invalid_record

MOST_ROWS = 100_000
"""Rows of one batch. The result of a further row says so. A round number; not measured."""

AT_ONCE = 1000
"""Rows of one database transaction. A round number; not measured."""

LONGEST_ROW = 65_536
"""Bytes of a JSON row. A label has a few hundred."""

LONGEST_TIME = 18
"""Digits of a time in a CSV file: more do not fit into 64 bits."""

LONGEST_SHOWN = 80
"""Characters of an unknown name that a result repeats. A round number."""

Format = Literal["json", "csv"]
Status = Literal["accepted", "repeated", "conflict", "invalid", "unavailable"]


class RowResult(Struct, frozen=True, omit_defaults=True):
    """What became of a row; rows are counted from 1, without a CSV file's header."""

    row: int
    status: Status
    label_id: str | None = None
    field: str | None = None
    reason: str | None = None


class Defaults(NamedTuple):
    """What rows need not say."""

    labeler: str | None = None
    source: str | None = None


_Row = LabelRequest | InvalidRecord
_End = Accepted | InvalidRecord | PartUnavailable


async def accept_batch(
    body: IO[bytes], form: Format, defaults: Defaults, outbox: LabelOutbox, accepted: Callable[[Label], None]
) -> AsyncIterator[RowResult]:
    """Accept the rows of a body, and yield a result for each in order; `accepted` hears of each label.

    Raises:
        PartUnavailable: the database does not answer; rows without a result are not accepted.
    """
    first, rows = 1, _rows(body, form, defaults)
    while group := list(islice(rows, AT_ONCE)):
        for result, end in await _accept(group, first, outbox):
            if isinstance(end, Accepted):
                accepted(end.label)
            yield result
        first += len(group)


async def _accept(group: list[_Row], first: int, outbox: LabelOutbox) -> list[tuple[RowResult, _End]]:
    requests = [row for row in group if isinstance(row, LabelRequest)]
    ends = iter(await outbox.accept_all(requests))
    found: list[tuple[RowResult, _End]] = []
    for number, row in enumerate(group, first):
        label_id, end = (row.label_id, next(ends)) if isinstance(row, LabelRequest) else (None, row)
        found.append((_result(number, label_id, end), end))
    return found


def _result(number: int, label_id: str | None, end: _End) -> RowResult:
    match end:
        case Accepted():
            return RowResult(number, "repeated" if end.repeated else "accepted", label_id)
        case InvalidRecord():
            status: Status = "conflict" if isinstance(end, ConflictingLabel) else "invalid"
            return RowResult(number, status, label_id, end.field, end.reason)
        case PartUnavailable():
            return RowResult(number, "unavailable", label_id, reason=end.problem)


def _rows(body: IO[bytes], form: Format, defaults: Defaults) -> Iterator[_Row]:
    found = _json_rows(body) if form == "json" else _csv_rows(body)
    for number, fields in enumerate(found):
        if number == MOST_ROWS:
            yield InvalidRecord(
                "$", f"a batch has at most {MOST_ROWS:,} rows; send this one and those after it in another"
            )
            return
        yield fields if isinstance(fields, InvalidRecord) else _request(fields, defaults)


def _json_rows(body: IO[bytes]) -> Iterator[dict[str, Any] | InvalidRecord]:
    while line := body.readline(LONGEST_ROW + 1):
        if len(line) > LONGEST_ROW:
            yield InvalidRecord("$", f"a row has at most {LONGEST_ROW:,} bytes")
            while line and not line.endswith(b"\n"):
                line = body.readline(LONGEST_ROW)
        elif line.strip():
            yield _json_row(line)


def _json_row(line: bytes) -> dict[str, Any] | InvalidRecord:
    try:
        require_distinct_names(line)
        fields = msgspec.json.decode(line)
    except InvalidRecord as error:
        return error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return InvalidRecord("$", f"is not JSON: {error}")
    return fields if isinstance(fields, dict) else InvalidRecord("$", "is no JSON object")


def _csv_rows(body: IO[bytes]) -> Iterator[dict[str, Any] | InvalidRecord]:
    """Yield a row's cells by the header's names; an empty cell is none."""
    reader = csv.DictReader(TextIOWrapper(body, encoding="utf-8-sig", errors="strict", newline=""), strict=True)
    try:
        if problem := _header_problem(reader.fieldnames or []):
            yield problem
            return
        for row in reader:
            if None in row:
                yield InvalidRecord("$", f"has more cells than the header, which has {len(reader.fieldnames or [])}")
            else:
                yield {name.strip(): _cell(name, value) for name, value in row.items() if value}
    except (csv.Error, UnicodeDecodeError) as error:
        yield InvalidRecord("$", f"the rest of the file is no CSV in UTF-8: {error}")


def _header_problem(names: Sequence[str]) -> InvalidRecord | None:
    """Return what is wrong with a CSV file's header; nothing if there is none. No row of such a file is read."""
    known, seen = LabelRequest.__struct_fields__, Counter(name.strip() for name in names)
    for name, times in seen.items():
        if name and name not in known:
            remedy = f"the first line must name these, with commas between: {', '.join(known)}"
            return InvalidRecord(
                "$", f"the header has {name[:LONGEST_SHOWN]!r}, which is no field of a label: {remedy}"
            )
        if name and times > 1:
            return InvalidRecord(name, "is named twice in the header")
    return None


def _cell(name: str, value: str) -> Any:
    """Return a cell's text; times may be epoch milliseconds."""
    number = value.strip()
    is_time = name.strip() in {"labelled_at", "as_of"} and number.isdecimal() and len(number) <= LONGEST_TIME
    return int(number) if is_time else value


def _request(fields: dict[str, Any], defaults: Defaults) -> _Row:
    whole = {name: value for name, value in defaults._asdict().items() if value is not None} | fields
    try:
        request = msgspec.convert(whole, LabelRequest)
    except msgspec.ValidationError as error:
        return invalid_record(str(error))
    return request if request.label_id else structs.replace(request, label_id=_id_of(request))


def _id_of(request: LabelRequest) -> str:
    return sha256(encode(request)).hexdigest()[:32]
