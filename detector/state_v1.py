"""One user's keyed state and its encoding.

    compacted: habits, panes, known names       kept one by one, sorted by event time
    ----------------------------------------|------------------------------------------> event time
                                 latest - 24 h - allowed lateness                  latest

Everything left of the bar precedes every event that can still be inserted. The features of an event that arrives out of
order therefore depend only on events at or before its own event time.

The structs are encoded as arrays. Old states keep decoding as long as later versions only append fields with defaults.
"""

import msgspec
from msgspec import Struct, field

from weir.errors import DeploymentError

STATE_SCHEMA = 1


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


class UserState(Struct, array_like=True):
    """One user's state.

    `compacted` holds the habits up to the bar, `habits` those up to the latest payment. `devices`, `merchants`,
    `categories`, `countries`, `cards` and `ips` map names in compacted payments to first-seen times, `category_means`
    categories to the mean of their compacted amounts, least recently used first. Only `detector.recent_decisions` reads
    `decided`. `truncated_ms` is the event time of the last payment that was compacted early because there were too
    many.
    """

    schema_version: int = STATE_SCHEMA
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


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(UserState)


def encode_state(state: UserState) -> bytes:
    """Encode a state as msgpack; the first entry is the schema version."""
    return _encoder.encode(state)


def decode_state(payload: bytes | None) -> UserState:
    """Decode a state; None gives a fresh one.

    Raises:
        DeploymentError: a newer detector wrote the bytes, or they are not a state.
    """
    if payload is None:
        return UserState()
    try:
        state = _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise DeploymentError(f"A user's state does not decode: {error}.", "Restore an earlier savepoint.") from error
    if state.schema_version > STATE_SCHEMA:
        raise DeploymentError(
            f"A user's state has schema {state.schema_version}; this detector reads up to {STATE_SCHEMA}.",
            "Upgrade the detector.",
        )
    return state
