"""States of 0.1.0: msgpack arrays of the structs below, upgraded when they are read."""

from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct, field

from detector.names import NO_IDENTITY, country_of, identity_of, name_of
from detector.records import Bytes
from detector.repeats import see
from detector.state import (
    HEADER,
    HEADER_END,
    KINDS,
    challenges_of,
    confirmed_of,
    fresh_state,
    habits_of,
    known_of,
    means_of,
    panes_of,
    recent_of,
    trips_of,
)
from weir.errors import DeploymentError


class Event(Struct, array_like=True, gc=False):
    """A past payment. `cents` are whole hundredths of the base currency, so sums are exact in any order.

    `ratio` is the amount's log ratio to the user's habit before it; None for the user's first payment.
    """

    time_ms: int
    cents: float
    ratio: float | None = None
    merchant_id: str | None = None
    category: str | None = None
    device_id: str | None = None
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    card_id: str | None = None
    ip: str | None = None


class Pane(Struct, array_like=True, gc=False):
    """The compacted payments of one pane of time; `ratio` is the highest of theirs."""

    index: int
    count: int = 0
    cents: float = 0.0
    ratio: float | None = None


class Habits(Struct, array_like=True, gc=False):
    """Running means over the user's payments so far, in event-time order.

    `amount` is in base currency; `log_mean` and `log_variance` are of log(amount + 1); the hour is a mean vector on
    the unit circle; `last_located_ms` is the time of the last payment with a position.
    """

    count: int = 0
    first_ms: int = 0
    last_ms: int = 0
    amount: float = 0.0
    log_mean: float = 0.0
    log_variance: float = 0.0
    hour_sin: float = 0.0
    hour_cos: float = 0.0
    located: int = 0
    home_latitude: float = 0.0
    home_longitude: float = 0.0
    last_latitude: float = 0.0
    last_longitude: float = 0.0
    last_located_ms: int = 0


class Mean(Struct, array_like=True, gc=False):
    """A clipped running mean of amounts in base currency."""

    count: int = 0
    amount: float = 0.0


class Challenge(Struct, array_like=True, gc=False):
    time_ms: int
    passed: bool


class Trip(Struct, array_like=True, gc=False):
    """A trip that the customer confirmed; without a country it covers every country."""

    from_ms: int
    until_ms: int
    country: str | None = None


class UserStateV1(Struct, array_like=True):
    """One user's state.

    `compacted` holds the habits up to the bar, `habits` those up to the latest payment. `devices`, `merchants`,
    `categories`, `countries`, `cards` and `ips` map names in compacted payments to first-seen times, `category_means`
    categories to the mean of their compacted amounts, least recently used first. `decided` has the last 32 decisions.
    `truncated_ms` is the event time of the last payment that was compacted early because there were too many.
    """

    schema_version: int = 1
    recent: list[Event] = field(default_factory=list)
    panes: list[Pane] = field(default_factory=list)
    compacted: Habits = field(default_factory=Habits)
    habits: Habits = field(default_factory=Habits)
    devices: dict[str, int] = field(default_factory=dict)
    merchants: dict[str, int] = field(default_factory=dict)
    categories: dict[str, int] = field(default_factory=dict)
    countries: dict[str, int] = field(default_factory=dict)
    confirmed_devices: dict[str, int] = field(default_factory=dict)
    trips: list[Trip] = field(default_factory=list)
    challenges: list[Challenge] = field(default_factory=list)
    decided: bytes = b""
    decided_count: int = 0
    truncated_ms: int | None = None
    cards: dict[str, int] = field(default_factory=dict)
    ips: dict[str, int] = field(default_factory=dict)
    category_means: dict[str, Mean] = field(default_factory=dict)


_decoder = msgspec.msgpack.Decoder(UserStateV1)

EMPTY = msgspec.msgpack.encode(UserStateV1())


def read(payload: bytes) -> Bytes:
    """Decode and upgrade a state.

    Raises:
        DeploymentError: the bytes are not a state, or have a schema that 0.1.0 never had.
    """
    try:
        old = _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise DeploymentError(f"A user's state does not decode: {error}.", "Restore an earlier savepoint.") from error
    if old.schema_version != 1:
        raise DeploymentError(f"A user's state has the unknown schema {old.schema_version}.", "Upgrade the detector.")
    return _upgraded(old)


def _upgraded(old: UserStateV1) -> Bytes:
    array = fresh_state(len(old.recent))
    header = array[:HEADER_END].view(HEADER)[0]
    header.recent = _fill(recent_of(array), [_event(event) for event in old.recent])
    header.panes = _fill(panes_of(array), [(it.index, it.count, it.cents, _number(it.ratio)) for it in old.panes])
    _fill(habits_of(array), [msgspec.structs.astuple(habits) for habits in (old.compacted, old.habits)])
    countries = {country_of(name) or name: first_ms for name, first_ms in old.countries.items()}
    known = (old.merchants, old.categories, old.devices, countries, old.ips, old.cards)
    for kind, names in zip(KINDS, known, strict=True):
        header.known[kind] = _fill(known_of(array, kind), _names(names, old.compacted.last_ms))
    means = [(name_of(name), mean.count, mean.amount) for name, mean in old.category_means.items()]
    header.means = _fill(means_of(array), means)
    header.confirmed = _fill(confirmed_of(array), _names(old.confirmed_devices, 0))
    header.trips = _fill(
        trips_of(array), [(it.from_ms, it.until_ms, name_of(country_of(it.country))) for it in old.trips]
    )
    header.challenges = _fill(challenges_of(array), [(it.time_ms, it.time_ms, it.passed) for it in old.challenges])
    header.truncated_ms = old.truncated_ms or 0
    for transaction_id in _decided_ids(old.decided):
        see(array, identity_of(transaction_id), old.habits.last_ms)
    return array


def _decided_ids(record: bytes) -> Iterator[str]:
    """Yield the transactions of the remembered decisions: length (2 bytes), checksum (4 bytes), msgpack; the id first."""
    at = 0
    while at < len(record):
        end = at + 6 + int.from_bytes(record[at : at + 2], "big")
        yield msgspec.msgpack.decode(record[at + 6 : end])[0]
        at = end


def _event(event: Event) -> tuple[Any, ...]:
    kinds = (event.merchant_id, event.category, event.device_id, country_of(event.country), event.ip, event.card_id)
    names, position = tuple(map(name_of, kinds)), (_number(event.latitude), _number(event.longitude))
    return event.time_ms, NO_IDENTITY, event.cents, _number(event.ratio), names, *position


def _names(known: Mapping[str, int], last_ms: int) -> list[tuple[int, int, int]]:
    """Return names with their first and last uses; of the last uses, the latest name's is known best (`detector.state_v3`)."""
    names = [(name_of(name), first_ms, first_ms) for name, first_ms in known.items()]
    return [*names[:-1], *((name, first_ms, max(first_ms, last_ms)) for name, first_ms, _ in names[-1:])]


def _number(value: float | None) -> float:
    return nan if value is None else value


def _fill(records: Any, rows: Sequence[tuple[Any, ...]]) -> int:
    """Write rows to the beginning; return how many."""
    records[: len(rows)] = np.array(list(rows), records.dtype)
    return len(rows)
