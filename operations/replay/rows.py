"""Turn columns of values into transactions and labels, as a mapping defines.

Times are epoch milliseconds, numbers in the mapping's unit, or ISO 8601 text. Text without a zone is UTC.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import repeat
from typing import Any, NamedTuple

from operations.replay.mapping import NUMBERS, REQUIRED, Labels, Mapping, Source, as_key, as_source
from weir.errors import DeploymentError
from weir.messages import Transaction, Verdict

Columns = dict[str, list[Any]]
_FACTOR_MS = {None: 1, "ms": 1, "s": 1000}


class Row(NamedTuple):
    """A transaction with its verdict from the file, and the time at which that becomes known."""

    event_time_ms: int
    transaction: Transaction
    verdict: Verdict | None
    known_ms: int


class RowReader:
    def __init__(self, mapping: Mapping) -> None:
        self._fields = {name: source for name, source in mapping.sources.items() if name != "event_time"}
        self._event_time = mapping.sources["event_time"]
        self._attributes = {name: as_source(source) for name, source in mapping.attributes.items()}
        self._label = mapping.label
        self._verdicts = _verdicts(mapping.label) if mapping.label else {}

    def event_times_ms(self, columns: Columns) -> list[int]:
        """The event times of a batch.

        Raises:
            DeploymentError: a value is missing or is not a time.
        """
        times = _times_ms(self._event_time, columns)
        return [_present(time, self._event_time) for time in times]

    def rows(self, columns: Columns) -> Iterator[Row]:
        """The rows of a batch.

        Raises:
            DeploymentError: the mapping does not cover a value; the sentence names its column.
        """
        times = self.event_times_ms(columns)
        fields = [_values(name, source, columns) for name, source in self._fields.items()]
        attributes = [_attribute_values(source, columns) for source in self._attributes.values()]
        labels = self._labels(columns, times)
        carried: Iterator[tuple[Any, ...]] = zip(*attributes, strict=False) if attributes else repeat(())
        for time_ms, values, more, (verdict, known_ms) in zip(
            times, zip(*fields, strict=False), carried, labels, strict=False
        ):
            yield Row(time_ms, self._transaction(time_ms, values, more), verdict, known_ms)

    def _transaction(self, time_ms: int, values: Sequence[Any], more: Sequence[Any]) -> Transaction:
        given = {name: value for name, value in zip(self._fields, values, strict=True) if value is not None}
        attributes = {name: value for name, value in zip(self._attributes, more, strict=True) if value is not None}
        try:
            return Transaction(event_time=time_ms, attributes=attributes, **given)
        except TypeError:
            absent = next(
                source.column for name, source in self._fields.items() if name in REQUIRED and name not in given
            )
            raise DeploymentError(f"Column {absent!r} is empty in some row.", _REMEDY) from None

    def _labels(self, columns: Columns, times: list[int]) -> Iterator[tuple[Verdict | None, int]]:
        """For each row, the verdict and the time at which it becomes known."""
        label = self._label
        if label is None:
            yield from zip(repeat(None, len(times)), times, strict=True)
            return
        delay_ms = round(label.delay_s * 1000)
        own = _times_ms(as_source(label.time), columns) if label.time else repeat(None)
        for value, time_ms, own_ms in zip(columns[label.column], times, own, strict=False):
            yield self._verdict(label, value), max(time_ms + delay_ms, time_ms if own_ms is None else own_ms)

    def _verdict(self, label: Labels, value: Any) -> Verdict | None:
        if _missing(value):
            return None
        try:
            return self._verdicts[as_key(value)]
        except KeyError:
            raise DeploymentError(
                f"Column {label.column!r} holds {value!r}, which the mapping's [label] does not list.",
                "Add it to `fraud` or `legitimate`.",
            ) from None


def _verdicts(label: Labels) -> dict[str | float, Verdict]:
    fraud: dict[str | float, Verdict] = dict.fromkeys(map(as_key, label.fraud), "fraud")
    return fraud | dict.fromkeys(map(as_key, label.legitimate), "legitimate")


def _values(name: str, source: Source, columns: Columns) -> Iterator[Any]:
    """The values of a field, with None for missing ones."""
    if source.column is None:
        return repeat(source.constant)
    convert = _number(source) if name in NUMBERS else _text(source)
    return (None if _missing(value) else convert(value) for value in columns[source.column])


def _attribute_values(source: Source, columns: Columns) -> Iterator[str | float | None]:
    if source.column is None:
        return repeat(source.constant)
    return (None if _missing(value) else _as_attribute(value) for value in columns[source.column])


def _as_attribute(value: Any) -> str | float:
    return float(value) if isinstance(value, int | float) else str(value)


def _number(source: Source) -> Callable[[Any], float]:
    def convert(value: Any) -> float:
        try:
            return float(value) * source.scale
        except ValueError:
            raise DeploymentError(
                f"Column {source.column!r} holds {value!r}, which is not a number.", _REMEDY
            ) from None

    return convert


def _text(source: Source) -> Callable[[Any], str]:
    """Text with the prefix. A whole number that the file stores as 7.0 becomes 7."""
    prefix = source.prefix
    return lambda value: f"{prefix}{int(value) if isinstance(value, float) and value.is_integer() else value}"


def _times_ms(source: Source, columns: Columns) -> Iterator[int | None]:
    factor = _FACTOR_MS[source.unit]
    for value in columns[source.column or ""]:
        if _missing(value):
            yield None
        elif isinstance(value, str):
            yield _parsed_ms(value, source)
        else:
            yield round(value * factor)


def _parsed_ms(text: str, source: Source) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise DeploymentError(f"Column {source.column!r} holds {text!r}, which is not a time.", _REMEDY) from None
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _present(time_ms: int | None, source: Source) -> int:
    if time_ms is None:
        raise DeploymentError(f"Column {source.column!r} has a row without a time.", _REMEDY)
    return time_ms


def _missing(value: Any) -> bool:
    return value is None or value != value or value == ""  # noqa: PLR0124 -- only NaN differs from itself


_REMEDY = "Correct the file or the mapping."
