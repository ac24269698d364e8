"""Times: timestamps, numbers and texts, as milliseconds since 1970, UTC.

    timestamps of a Parquet file    as they are; without a zone in the mapping's `zone`, UTC by default
    numbers                         origin + value * scale * unit; by default milliseconds since 1970
    texts                           ISO 8601, or the mapping's `format`; without a zone as above
    several columns                 joined by a blank, then read as a text

A text without digits is no time. A time before March 1973 is refused, as the detector would: it is what seconds are when they
are read as milliseconds.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from operations.replay.columns.faults import Fault, fault
from operations.replay.columns.fixed_format import FixedFormat
from operations.replay.columns.texts import TextReader, as_text, joined
from operations.replay.columns.time_hints import CORRECT, early_hint, late_hint, text_hint
from operations.replay.mapping import Source
from weir.times import EARLIEST_MS

NO_TIME = np.iinfo(np.int64).min
"""Stands for a time that is missing or wrong. Times are integers, which have no NaN."""

UNIT_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6, "d": 8.64e7}

_NUMBER = r"^\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*$"
_LONGEST_MS = 2.0**62
_FIRST_DATED, _LAST_DATED = 190_001_010_000, 210_012_312_359

Times = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Bounds(NamedTuple):
    """Which times can be meant, and whether each row needs one."""

    latest_ms: int
    required: bool


class _Parsed(NamedTuple):
    """Times, what was given, and which of it is no time, by the reason."""

    times_ms: Times
    given: Mask
    unit: Mask
    """Rows that hold a number where only texts count, or the other way round."""


class TimeReader:
    """Reads a time from its column or columns."""

    def __init__(self, source: Source, bounds: Bounds) -> None:
        self._source, self._bounds = source, bounds
        self._zone = source.zone or "UTC"
        self._counts = any(value is not None for value in (source.unit, source.scale, source.origin))
        self._factor_ms = UNIT_MS[source.unit or "ms"] * (1.0 if source.scale is None else source.scale)
        self._origin_ms = 0 if source.origin is None else parsed_ms(source.origin, self._zone)
        self._pattern = FixedFormat.of(source.format)
        self._strip = TextReader(Source(column="text", strip=source.strip)) if source.strip else None

    def read(self, columns: dict[str, Any]) -> tuple[Times, list[Fault]]:
        """Return the times, NO_TIME where there is none, and the faults."""
        values = self._values(columns)
        parsed = self._parsed(values)
        times, given = parsed.times_ms, parsed.given
        known = given & (times != NO_TIME)
        wrong = given & ~known & ~parsed.unit
        early, late = known & (times < EARLIEST_MS), known & (times > self._bounds.latest_ms)
        dated = self._dated(values, times, known)
        name, source = self._source.name, self._source
        found = [
            *fault(name, wrong, values, self._reason, _hint(text_hint, source, values, wrong, given)),
            *fault(name, parsed.unit, values, *self._misfit(values)),
            *fault(name, early, values, "is before March 1973", _hint(early_hint, source, values, early, given)),
            *fault(name, dated, values, "is a date", _hint(early_hint, source, values, dated, given)),
            *fault(name, late, values, "is in the future", _hint(late_hint, source, values, late, given)),
        ]
        if self._bounds.required:
            found += fault(name, ~given, None, "is empty", "Fill it in, or leave the row out: --skip-bad.")
        return np.where(known & ~early & ~dated & ~late, times, NO_TIME), found

    def _dated(self, values: Any, times: Times, known: Mask) -> Mask:
        """Which numbers are dates as in 202401310930: as milliseconds they would lie in 1976."""
        dated = known & (times >= _FIRST_DATED) & (times <= _LAST_DATED)
        if self._counts or pa.types.is_timestamp(values.type):
            return np.zeros_like(known)
        for row in np.flatnonzero(dated).tolist():
            dated[row] = str(values[row].as_py()).strip().removesuffix(".0") == str(times[row])
        return dated

    def _values(self, columns: dict[str, Any]) -> Any:
        if self._source.columns is None:
            values = columns[self._source.column or ""]
        else:
            between = " " if self._source.join is None else self._source.join
            values = joined([as_text(columns[name]) for name in self._source.columns], between)
        if self._strip is None or not pa.types.is_string(values.type):
            return values
        return self._strip.read({"text": values}, np.arange(len(values)))[0]

    @property
    def _reason(self) -> str:
        return "is not a time" if self._source.format is None else f"is not a time as in {self._source.format!r}"

    def _misfit(self, values: Any) -> tuple[str, str]:
        if pa.types.is_timestamp(values.type):
            return "is a time already", "Remove `unit`, `scale`, `origin` and `format` from the mapping."
        if self._counts:
            return "is not a number", "Remove `unit`, `scale` and `origin` from the mapping if the column holds dates."
        return "is a number, which has no zone", "Remove `zone`, or give the `format` or the `origin` of the numbers."

    def _parsed(self, values: Any) -> _Parsed:
        kind, nothing = values.type, np.zeros(len(values), dtype=np.bool_)
        given = values.is_valid().to_numpy(zero_copy_only=False)
        if pa.types.is_timestamp(kind):
            misfit = given if self._counts or self._source.format is not None else nothing
            return _Parsed(np.where(misfit, NO_TIME, self._stamps(values)), given, misfit)
        if self._source.format is not None:
            text = as_text(values)
            return _Parsed(self._formatted(text), text.is_valid().to_numpy(zero_copy_only=False), nothing)
        if not pa.types.is_string(kind):
            return self._numbers(values, given)
        return self._texts(values, given)

    def _stamps(self, values: Any) -> Times:
        """Timestamps of a Parquet file, in milliseconds."""
        times = _as_ms(values)
        return times if values.type.tz is not None else self._local(times)

    def _numbers(self, values: Any, given: Mask) -> _Parsed:
        nothing = np.zeros(len(values), dtype=np.bool_)
        if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
            return _Parsed(np.full(len(values), NO_TIME), given, nothing)
        numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        given = given & ~np.isnan(numbers)
        if self._source.zone is not None and not self._counts:
            return _Parsed(np.full(len(values), NO_TIME), given, given)
        if pa.types.is_integer(values.type) and self._factor_ms == 1.0:
            exact = values.cast(pa.int64(), safe=False).fill_null(NO_TIME).to_numpy(zero_copy_only=False)
            return _Parsed(np.where(given, exact + self._origin_ms, NO_TIME), given, nothing)
        return _Parsed(self._counted(numbers), given, nothing)

    def _counted(self, numbers: NDArray[np.float64]) -> Times:
        """Numbers in the mapping's unit from its origin; NaN becomes NO_TIME."""
        ms = np.round(numbers * self._factor_ms)
        usable = np.abs(ms) < _LONGEST_MS
        return np.where(usable, np.where(usable, ms, 0).astype(np.int64) + self._origin_ms, NO_TIME)

    def _texts(self, values: Any, given: Mask) -> _Parsed:
        """Numbers count in the mapping's unit; other texts are ISO 8601."""
        nothing = np.zeros(len(values), dtype=np.bool_)
        if not self._counts and (stamps := self._iso_at_once(values)) is not None:
            return _Parsed(stamps, given, nothing)
        numeric = pc.fill_null(pc.match_substring_regex(values, _NUMBER), fill_value=False)
        is_number = numeric.to_numpy(zero_copy_only=False)
        text = pc.if_else(numeric, pc.utf8_trim_whitespace(values), pa.scalar(None, pa.string()))
        times = self._counted(pc.utf8_ltrim(text, "+").cast(pa.float64()).to_numpy(zero_copy_only=False))
        if self._counts:
            return _Parsed(times, given, given & ~is_number)
        misfit = is_number if self._source.zone is not None else nothing
        rows = np.flatnonzero(given & ~is_number)
        times[rows] = [_iso_ms(text, self._zone) for text in values.take(pa.array(rows)).to_pylist()]
        return _Parsed(np.where(misfit, NO_TIME, times), given, misfit)

    def _iso_at_once(self, values: Any) -> Times | None:
        """ISO 8601, all with or all without a zone; None if some text is another."""
        for zone in (None, "UTC"):
            try:
                stamps = values.cast(pa.timestamp("us", tz=zone)).cast(pa.timestamp("ms", tz=zone), safe=False)
            except pa.ArrowInvalid:
                continue
            return _as_ms(stamps) if zone else self._local(_as_ms(stamps))
        return None

    def _formatted(self, text: Any) -> Times:
        if self._pattern is not None and (stamps := self._pattern.read(text)) is not None:
            return self._local(_as_ms(stamps))
        digits = pc.match_substring_regex(text, r"\d")  # pandas reads "now" and "today"
        series = pc.if_else(digits, text, pa.scalar(None, pa.string())).to_pandas()
        zoned = "%z" in (self._source.format or "") or "%Z" in (self._source.format or "")
        found = pd.to_datetime(series, format=self._source.format, errors="coerce", utc=zoned)
        if zoned:
            found = found.dt.tz_localize(None)
        times: Times = found.to_numpy().astype("datetime64[ms]").astype(np.int64)
        return times if zoned else self._local(times)

    def _local(self, times_ms: Times) -> Times:
        """Local times of the zone as UTC. Of an hour that comes twice it is the first, and none is skipped."""
        if self._zone == "UTC":
            return times_ms
        index = pd.DatetimeIndex(times_ms.astype("datetime64[ms]"))
        first = np.ones(len(index), dtype=np.bool_)
        moved = index.tz_localize(self._zone, ambiguous=first, nonexistent="shift_forward").tz_convert(None)
        found: Times = moved.to_numpy().astype("datetime64[ms]").astype(np.int64)
        return found


def parsed_ms(text: str, zone: str = "UTC") -> int:
    """Return an ISO 8601 text as milliseconds since 1970; without a zone of its own it is in `zone`.

    >>> parsed_ms("2024-03-10"), parsed_ms("2024-W10-7"), parsed_ms("2024-03-10T01:00:00+01:00")
    (1710028800000, 1710028800000, 1710028800000)

    Raises:
        ValueError: it is not ISO 8601.
    """
    time = datetime.fromisoformat(text.strip())
    local = time if time.tzinfo else time.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
    return round(local.timestamp() * 1000)


def _iso_ms(text: str, zone: str) -> int:
    try:
        return parsed_ms(text, zone)
    except (ValueError, OverflowError):
        return int(NO_TIME)


def _as_ms(stamps: Any) -> Times:
    """Arrow timestamps in milliseconds as integers, NO_TIME for null: NumPy's NaT."""
    found: Times = stamps.cast(pa.int64()).fill_null(NO_TIME).to_numpy(zero_copy_only=False)
    return found


def _hint(hint: Callable[[list[str], Source], str], source: Source, values: Any, wrong: Mask, given: Mask) -> str:
    """What to do about the wrong values: a change of the mapping if most values are wrong, or else of the file."""
    rows = np.flatnonzero(wrong)
    if 2 * len(rows) <= given.sum():
        return CORRECT
    return hint([str(values[int(row)].as_py()) for row in rows[:LOOKED_AT]], source)


LOOKED_AT = 20
"""Values from which a hint is guessed. A round number."""
