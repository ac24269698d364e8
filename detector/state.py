"""One user's keyed state, and its bytes.

    folded in habits, panes, known things       kept exactly, sorted by event time
    ----------------------------------------|------------------------------------------> event time
                                 latest - 24 h - allowed lateness                  latest

Everything left of the bar precedes every event that may still be inserted, so the features of an event that arrives
out of order depend only on events at or before its own event time.

The structs are arrays on disk: a later version appends fields with defaults, and old states keep decoding.
"""

import msgspec
from msgspec import Struct, field

from weir.errors import DeploymentError

STATE_SCHEMA = 1


class Event(Struct, array_like=True, gc=False):
    """A payment that happened. `cents` are whole hundredths of the base currency, so that sums are exact in any order.

    `ratio` is the amount's log ratio to the user's habit before it, None for the user's first payment.
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


class Pane(Struct, array_like=True, gc=False):
    """The folded payments of one pane of time; `ratio` is the highest of theirs."""

    index: int
    count: int = 0
    cents: float = 0.0
    ratio: float | None = None


class Habits(Struct, array_like=True, gc=False):
    """What is normal for this user: running means over the payments so far, in event-time order.

    `amount` is in base currency; `log_mean` and `log_variance` are of log(amount + 1); the hour is a mean vector on
    the unit circle; `last_located_ms` belongs to the last payment that told its position.
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


class Challenge(Struct, array_like=True, gc=False):
    """The outcome of a challenge."""

    time_ms: int
    passed: bool


class Trip(Struct, array_like=True, gc=False):
    """A trip that the customer confirmed; without a country it covers any."""

    from_ms: int
    until_ms: int
    country: str | None = None


class UserState(Struct, array_like=True):
    """One user's state.

    `compacted` are the habits up to the bar, `habits` those up to the latest payment. The known things are first-seen
    times of what was folded, the least recently used first. `decided` is read by `detector.recent_decisions` only.
    `truncated_ms` is the event time of the last payment that had to be folded early, because there were too many.
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


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(UserState)


def encode_state(state: UserState) -> bytes:
    """The state as msgpack; its first entry is the schema's version."""
    return _encoder.encode(state)


def decode_state(payload: bytes | None) -> UserState:
    """The state that these bytes hold; a fresh one for None.

    Raises:
        DeploymentError: a newer detector wrote it, or it is not a state at all.
    """
    if payload is None:
        return UserState()
    try:
        state = _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise DeploymentError(f"A user's state does not decode: {error}.", "Restore an earlier savepoint.") from error
    if state.schema_version > STATE_SCHEMA:
        raise DeploymentError(f"A user's state has schema {state.schema_version}.", "Upgrade the detector.")
    return state
