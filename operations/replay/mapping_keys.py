"""Which key of a mapping has an effect on which kind of field. Any other is refused, so no key is ignored.

             column columns join constant row_number prefix strip map scale unit origin format zone
text            x      x     x       x        ids       x     x    x
number          x                    x                        x    x    x
time            x      x     x                                x         x     x     x      x     x
attribute       x      x     x       x                  x     x    x    x
"""

import codecs
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from operations.replay.mapping import NUMBERS, REQUIRED, FileOptions, Labels, Mapping, Source, as_key
from weir.messages import Transaction

_WHOLE = ("column", "columns", "constant", "row_number")
_TEXT = {"column", "columns", "join", "constant", "prefix", "strip", "map"}
_NUMBER = {"column", "constant", "strip", "map", "scale"}
_TIME = {"column", "columns", "join", "strip", "unit", "scale", "origin", "format", "zone"}
_ATTRIBUTE = _TEXT | {"scale"}
_ROW_NUMBER = ("transaction_id", "user_id")
_EPOCH = ("unit", "scale", "origin")


def first_problem(mapping: Mapping) -> str | None:
    """The first problem that is independent of the data, or None."""
    return next(_problems(mapping), None)


def _problems(mapping: Mapping) -> Iterator[str]:
    known = [name for name in Transaction.__struct_fields__ if name != "attributes"]
    yield from file_problems(mapping.file)
    for name in REQUIRED:
        if name not in mapping.transaction:
            yield f"[transaction] has no {name!r}"
    for name, source in mapping.sources.items():
        if name not in known:
            yield f"[transaction] {name!r} is not a field of a transaction (the fields are {', '.join(known)})"
        yield from _source_problems(f"[transaction] {name!r}", source, _allowed(name), text=_is_text(name))
        if source.constant is not None and name == "transaction_id":
            yield f"[transaction] {name!r} is a constant, so every row would have the same id"
        if source.constant is not None and name in NUMBERS and isinstance(source.constant, str | bool):
            yield f"[transaction] {name!r} needs a number as its constant"
    for name, source in mapping.attribute_sources.items():
        yield from _source_problems(f"[attributes] {name!r}", source, _ATTRIBUTE, text=source.scale is None)
    if mapping.label is not None:
        yield from _label_problems(mapping.label)
        if mapping.label_time is not None:
            yield from _source_problems("[label] 'time'", mapping.label_time, _TIME, text=False)


def source_problems(where: str, source: Source, *, time: bool) -> Iterator[str]:
    """What is wrong with the source of a time or a text."""
    allowed = _TIME if time else _TEXT | {"row_number"}
    yield from _source_problems(where, source, allowed, text=not time)


def _is_text(name: str) -> bool:
    return name not in NUMBERS and name != "event_time"


def _allowed(name: str) -> set[str]:
    if name == "event_time":
        return _TIME
    if name in NUMBERS:
        return _NUMBER
    return _TEXT | {"row_number"} if name in _ROW_NUMBER else _TEXT


def _given(source: Source) -> list[str]:
    return [name for name in source.__struct_fields__ if getattr(source, name) is not None]


def _source_problems(where: str, source: Source, allowed: set[str], *, text: bool) -> Iterator[str]:
    given = _given(source)
    whole = [name for name in given if name in _WHOLE]
    if "constant" in whole and "constant" not in allowed:
        yield f"{where} must be a column"
    if len(whole) != 1:
        yield f"{where} needs either a column or a constant, and only one of them"
    for name in given:
        if name not in allowed:
            yield f"{where} has the key {name!r}, which has no effect on it"
    yield from _key_problems(where, source, given)
    if allowed is _TIME:
        yield from _time_problems(where, source, given)
    if text and source.map and not all(isinstance(value, str) for value in source.map.values()):
        yield f"{where} has a `map` with values that are no texts"


def _key_problems(where: str, source: Source, given: list[str]) -> Iterator[str]:
    if source.constant is not None and (more := [name for name in given if name != "constant"]):
        yield f"{where} has the key {more[0]!r}, which has no effect on a constant"
    if source.row_number is False:
        yield f"{where} has `row_number = false`, which has no effect"
    if source.row_number and (more := [name for name in given if name not in {"row_number", "prefix"}]):
        yield f"{where} has the key {more[0]!r}, which has no effect on the number of a row"
    if source.join is not None and source.columns is None:
        yield f"{where} has the key 'join', which has no effect on a single column"
    if source.columns is not None and len(source.columns) < 2:  # noqa: PLR2004 -- several
        yield f"{where} names fewer than two `columns`; use `column`"
    if source.columns is not None and source.scale is not None:
        yield f"{where} has the key 'scale', which has no effect on several columns"
    if source.prefix is not None and source.scale is not None:
        yield f"{where} has the keys 'prefix' and 'scale', but a text has no scale and a number no prefix"
    if source.strip is not None and not all(source.stripped or [""]):
        yield f"{where} has an empty text to `strip`, which has no effect"
    if source.map is not None and not source.map:
        yield f"{where} has an empty `map`, which has no effect"


def _time_problems(where: str, source: Source, given: list[str]) -> Iterator[str]:
    numbers = [name for name in _EPOCH if name in given]
    if numbers and source.columns is not None:
        yield f"{where} has the key {numbers[0]!r}, which has no effect on a time of several columns"
    if numbers and source.format is not None:
        yield f"{where} has the keys {numbers[0]!r} and 'format', but one is for numbers and the other for texts"
    if source.zone is not None and numbers and source.origin is None:
        yield f"{where} has the key 'zone', which has no effect on a number that counts from 1970 in UTC"
    if source.zone is not None and not _exists(source.zone):
        yield f"{where} has the unknown zone {source.zone!r}; write it as in Europe/Berlin"
    if source.format is not None and (problem := _format_problem(source)):
        yield f"{where} has the format {source.format!r}, {problem}"
    if source.origin is not None and not _is_iso(source.origin):
        yield f"{where} has the origin {source.origin!r}, which is not a time as in 2024-01-31 or 2024-01-31T09:30:00Z"
    if source.scale is not None and not source.scale > 0:
        yield f"{where} has the scale {source.scale:g}, which is not above 0"


def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, LookupError):
        return False
    return True


def _format_problem(source: Source) -> str | None:
    """What is wrong with a format of times, in the language of `strptime`."""
    text = source.format or ""
    parts = set(re.findall(r"%(.)", text))
    if "%" not in text:
        return "which holds no part of a time, such as %Y"
    try:
        pd.to_datetime([datetime(2024, 1, 31, tzinfo=UTC).strftime(text)], format=text)
    except ValueError as error:
        return f"which is not one of strptime: {error}"
    if not parts & set("YyGcx"):
        return "which reads no year: add %Y, if need be from another column with `columns`"
    if "p" in parts and "H" in parts:
        return "in which %p has no effect beside %H: write %I for hours up to 12"
    if "I" in parts and "p" not in parts:
        return "which reads hours up to 12 without %p: write %H, or add %p"
    return "which reads the zone, so 'zone' has no effect" if parts & set("zZ") and source.zone is not None else None


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def file_problems(options: FileOptions) -> Iterator[str]:
    for name in ("delimiter", "decimal", "thousands"):
        value = getattr(options, name)
        if value is not None and len(value) != 1:
            yield f"[file] {name!r} must be one character"
    for name in ("delimiter", "quote"):
        value = getattr(options, name)
        if value is not None and not value.isascii():
            yield f"[file] {name!r} must be an ASCII character"
    if options.quote is not None and len(options.quote) > 1:
        yield "[file] 'quote' must be one character, or empty"
    if options.quote and options.quote == (options.delimiter or ","):
        yield "[file] 'quote' and 'delimiter' are the same character"
    if options.thousands is not None and options.thousands == (options.decimal or "."):
        yield f"[file] 'thousands' and the decimal point are the same character, {options.thousands!r}"
    if options.encoding is not None and not _is_text_encoding(options.encoding):
        yield f"[file] has the unknown encoding {options.encoding!r}; examples are utf-8, cp1252 and utf-16"
    if "" in options.null_values:
        yield '[file] null_values has "", which always means a missing value'


def _is_text_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
        "x".encode(name)
    except LookupError:
        return False
    return True


def _label_problems(label: Labels) -> Iterator[str]:
    both: set[Any] = set(map(as_key, label.fraud)) & set(map(as_key, label.legitimate))
    if both:
        yield f"[label] {_plain(min(map(str, both)))!r} is both fraud and legitimate"
    if not label.fraud:
        yield "[label] 'fraud' names no value"


def _plain(text: str) -> str:
    return text.removesuffix(".0")
