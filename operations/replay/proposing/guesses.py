"""Guesses at which column holds which field. Each is tried with the reader that a replay uses, on the sampled rows."""

import re
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import structs

from operations.replay.columns.numbers import LIMITS, NumberReader
from operations.replay.columns.texts import as_text
from operations.replay.columns.time_hints import fitting_formats
from operations.replay.columns.times import Bounds, TimeReader
from operations.replay.columns.verdicts import FRAUD, VerdictReader
from operations.replay.mapping import FileOptions, Labels, Source, Unit
from operations.replay.proposing.column_names import (
    FRAUD_VALUES,
    LABEL,
    LABEL_TIME,
    LEGITIMATE_VALUES,
    ranked,
)
from weir.field_names import NAMES, plain

ORIGIN = "2020-01-01"
"""Stands in for the time from which a file counts, which it does not say."""

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_UNITS: tuple[Unit, ...] = ("s", "us", "ns")
_FORMATS = ((None, None), (",", None), (None, ","), (".", ","), ("'", None), (" ", ","))
_MOST_VERDICTS = 5


class Guess(NamedTuple):
    """The source of a field, and why."""

    source: Source
    why: str


def guess_id(columns: dict[str, Any]) -> Guess:
    """A column of ids whose values differ, or else the number of the row."""
    for name in ranked(list(columns), NAMES["transaction_id"]):
        values = columns[name]
        if values.null_count == 0 and len(values.unique()) == len(values):
            return Guess(Source(column=name), "by its name; each value stands once in the sample")
    return Guess(Source(row_number=True), "no column has an id of its own for each row")


def guess_user(columns: dict[str, Any]) -> Guess:
    """A column of users, or else each payment its own."""
    for name in ranked(list(columns), NAMES["user_id"]):
        if columns[name].null_count < len(columns[name]):
            return Guess(Source(column=name), "by its name")
    return Guess(
        Source(row_number=True), "no column looks like a user, so each payment is one's first: name it if you can"
    )


def guess_amount(columns: dict[str, Any]) -> tuple[Guess, FileOptions] | None:
    """A column of amounts, and how numbers are written in it."""
    for name in [*ranked(list(columns), NAMES["amount"]), *columns]:
        by_name = plain(name) in {plain(one) for one in NAMES["amount"]}
        if not by_name and not _looks_like_money(columns[name]):
            continue
        found = _number(name, columns[name])
        if found is not None:
            return Guess(found[0], "by its name" if by_name else "its values look like money"), found[1]
    return None


def guess_position(field: str, columns: dict[str, Any], options: FileOptions) -> Guess | None:
    """A column of degrees."""
    for name in ranked(list(columns), NAMES[field]):
        if not NumberReader(Source(column=name), options, LIMITS[field]).read(columns, len(columns[name]))[1]:
            return Guess(Source(column=name), "by its name")
    return None


def guess_text(field: str, columns: dict[str, Any]) -> Guess | None:
    """A column of a text."""
    names = [name for name in ranked(list(columns), NAMES[field]) if columns[name].null_count < len(columns[name])]
    return Guess(Source(column=names[0]), "by its name") if names else None


def guess_time(columns: dict[str, Any], latest_ms: int) -> Guess | None:
    """A column of times, or several that make one."""
    if composed := _composed(columns, latest_ms):
        return composed
    for name in ranked(list(columns), NAMES["event_time"]):
        if source := _time(name, columns, latest_ms):
            return Guess(source, _why_time(source, columns[name]))
    for name, values in columns.items():
        if not _is_number(values) and (source := _time(name, columns, latest_ms)):
            return Guess(source, "its values are times")
    return _counted(columns)


def guess_label(columns: dict[str, Any], latest_ms: int) -> tuple[Labels, str] | None:
    """A column of verdicts, with the values that mean each."""
    for name in ranked(list(columns), LABEL):
        counts = Counter(value for value in as_text(columns[name]).to_pylist() if value is not None)
        if 0 < len(counts) <= _MOST_VERDICTS:
            fraud, legitimate, why = _verdicts(counts)
            label = Labels(column=name, fraud=list(fraud), legitimate=list(legitimate))
            return structs.replace(label, time=_label_time(columns, latest_ms)), why
    return None


def has_fraud(label: Labels, columns: dict[str, Any]) -> bool:
    """Whether a sampled row is fraud."""
    return bool((VerdictReader(label).read(columns[label.column])[0] == FRAUD).any())


def _looks_like_money(values: Any) -> bool:
    texts = [text for text in as_text(values).to_pylist()[:100] if text]
    return bool(texts) and all(re.fullmatch(r"[-+(]?\D{0,3}[\d.,' ]+[.,]\d{2}\)?\D{0,3}", text) for text in texts)


def _number(name: str, values: Any) -> tuple[Source, FileOptions] | None:
    """How to read a column as numbers."""
    texts = [text for text in as_text(values).to_pylist() if text]
    symbols = sorted({symbol for text in texts if (symbol := re.sub(r"[\d.,'\s()+-]", "", text))}, key=len)
    for strip in ([], symbols) if 0 < len(symbols) <= _MOST_VERDICTS else ([],):
        source = Source(column=name, strip=(strip[0] if len(strip) == 1 else strip) or None)
        for thousands, decimal in _FORMATS:
            options = FileOptions(thousands=thousands, decimal=decimal)
            numbers, faults = NumberReader(source, options).read({name: values}, len(values))
            if not faults and np.isfinite(numbers).any():
                return source, options
    return None


def _time(name: str, columns: dict[str, Any], latest_ms: int) -> Source | None:
    texts = [text for text in as_text(columns[name]).to_pylist() if text is not None]
    if not texts:
        return None
    formats = fitting_formats(texts)[:1] if not _is_number(columns[name]) or _is_date(texts) else []
    candidates = [
        *(Source(column=name, format=one) for one in formats if _is_date(texts)),
        Source(column=name),
        *(Source(column=name, unit=unit) for unit in _UNITS),
        *(Source(column=name, format=one) for one in formats),
    ]
    return next((source for source in candidates if _reads(source, columns, latest_ms)), None)


def _is_date(texts: list[str]) -> bool:
    """Whether numbers are dates, as in 20240131."""
    return all(re.fullmatch(r"(19|20)\d{6}(\d{4}|\d{6})?", text) for text in texts)


def _reads(source: Source, columns: dict[str, Any], latest_ms: int) -> bool:
    return not TimeReader(source, Bounds(latest_ms, required=True)).read(columns)[1]


def _why_time(source: Source, values: Any) -> str:
    if source.unit is not None:
        return f"by its name; its numbers are times if they count {source.unit} since 1970"
    if source.format is not None:
        others = fitting_formats([text for text in as_text(values).to_pylist() if text is not None])[1:2]
        return f"by its name; {others[0]} would read the sampled values, too" if others else "by its name and its form"
    return "by its name"


def _composed(columns: dict[str, Any], latest_ms: int) -> Guess | None:
    """A day and a time of day in columns of their own."""
    by_name = {plain(name): name for name in columns}
    clock = next((name for name in columns if _is_clock(columns[name])), None)
    if {"year", "month", "day"} <= set(by_name):
        parts = [by_name["year"], by_name["month"], by_name["day"], *([clock] if clock else [])]
        form = _clock_format(columns[clock]) if clock else ""
        source = Source(columns=parts, format=f"%Y %m %d{form}")
        return (
            Guess(source, "the parts of the time stand in columns of their own")
            if _reads(source, columns, latest_ms)
            else None
        )
    if clock is None:
        return None
    for name, values in columns.items():
        day = _time(name, columns, latest_ms) if name != clock and not _is_number(values) else None
        if day is None:
            continue
        clocked = None if day.format is None else day.format + _clock_format(columns[clock])
        source = Source(columns=[name, clock], format=clocked)
        if _reads(source, columns, latest_ms):
            return Guess(source, "the day and the time of day stand in columns of their own")
    return None


def _is_clock(values: Any) -> bool:
    texts = as_text(values).to_pylist() if pa.types.is_string(values.type) else []
    return bool(texts) and all(text is not None and _CLOCK.fullmatch(text) for text in texts)


def _clock_format(values: Any) -> str:
    seconds = pc.all(pc.match_substring_regex(values, r":\d{2}:")).as_py()
    return " %H:%M:%S" if seconds else " %H:%M"


def _counted(columns: dict[str, Any]) -> Guess | None:
    """A column that counts from the start of the data."""
    for name in ranked(list(columns), NAMES["event_time"]):
        numbers, faults = NumberReader(Source(column=name), FileOptions()).read(columns, len(columns[name]))
        if not faults and len(numbers) and (numbers >= 0).all():
            unit: Unit = "h" if plain(name) == "step" else "s"
            source = Source(column=name, unit=unit, origin=ORIGIN)
            return Guess(source, "it counts from the start of the data: correct `unit`, and `origin` if you know it")
    return None


def _is_number(values: Any) -> bool:
    texts = [text for text in as_text(values).to_pylist() if text is not None]
    return bool(texts) and all(re.fullmatch(r"[+-]?\d+(\.\d*)?", text.strip()) for text in texts)


def _verdicts(counts: Counter[str]) -> tuple[list[str], list[str], str]:
    """Values that mean fraud, values that mean legitimate, and why; of more than two, an unclear one is in neither list."""
    known = {value: value.strip().lower().removesuffix(".0") for value in counts}
    fraud = [value for value in counts if known[value] in FRAUD_VALUES]
    legitimate = [value for value in counts if known[value] in LEGITIMATE_VALUES]
    unclear = [value for value in counts if value not in [*fraud, *legitimate]]
    if len(unclear) == len(counts):
        rare = min(counts, key=lambda value: counts[value])
        return [rare], [value for value in counts if value != rare], "by its name; the rarer value is taken for fraud"
    if len(counts) == 2 and unclear:  # noqa: PLR2004 -- one verdict and its opposite
        fraud, legitimate = (fraud, unclear) if fraud else (unclear, legitimate)
    elif unclear:
        return (
            fraud or ["1"],
            legitimate,
            f"by the names of column and values; add what these mean: {', '.join(unclear)}",
        )
    return fraud or ["1"], legitimate, "by the names of column and values"


def _label_time(columns: dict[str, Any], latest_ms: int) -> Source | None:
    for name in ranked(list(columns), LABEL_TIME):
        present = {name: columns[name].drop_null()}
        if len(present[name]) and (source := _time(name, present, latest_ms)):
            return source
    return None
