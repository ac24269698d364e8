"""The messages on Kafka, and their encoding and decoding. `weir schemas` publishes their docstrings.

Times are integer milliseconds since 1970, UTC. A field that a later version adds gets a default, so old messages keep
decoding. HTTP models are in `feedback_api`.
"""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct, field

from weir.errors import InvalidRecord
from weir.feature_vector import Features

Verdict = Literal["fraud", "legitimate"]
Decision = Literal["approve", "challenge", "review", "block"]
Outcome = Literal["example", "revision", "confirmation"]


MONEY_BACK = "money_back"
"""The flag of a payment that gives money back: it spends nothing, so it never counts as legitimate by maturity."""


def is_alert(decision: Decision) -> bool:
    """Return whether the decision is an alert: any other than approve."""
    return decision != "approve"


# Lengths bound the size of keys and state. They are round numbers; not measured.
LONGEST_ID = 128
Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
Text = Annotated[str, Meta(max_length=512)]
# JSON has longer integers, but MessagePack and Java have not: one would stop the part that encodes it again.
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
# A float holds the cents of such an amount, and of sums of many, exactly. A negative one is money back.
Amount = Annotated[float, Meta(ge=-1e12, le=1e12)]
# The end of the year 9999, the last that `datetime` knows.
LAST_MS = 253_402_300_799_000
Milliseconds = Annotated[int, Meta(ge=0, le=LAST_MS)]
EventTime = Milliseconds | Annotated[datetime, Meta(tz=True)]


class Transaction(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A payment from its producer. A missing optional field makes a missing feature, never a zero."""

    transaction_id: Id
    user_id: Id
    event_time: EventTime
    amount: Amount
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3)] | None = None
    type: Text | None = None
    channel: Text | None = None
    card_id: Id | None = None
    merchant_id: Id | None = None
    merchant_category: Text | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$", max_length=2)] | None = None
    ip: Text | None = None
    device_id: Id | None = None
    user_agent: Text | None = None
    email: Text | None = None
    authorisation_result: Text | None = None
    incumbent_decision: Decision | None = None
    attributes: dict[str, str | float] = {}

    @property
    def event_time_ms(self) -> int:
        """The event time in epoch milliseconds, in whichever form the producer sent it."""
        return milliseconds(self.event_time)

    @property
    def utc_offset_ms(self) -> int:
        """How far the customer's clock is ahead of UTC, as the event time tells it; 0 if it is a number."""
        return 0 if isinstance(self.event_time, int) else offset_of(self.event_time)


class UserEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """News about a user outside a payment, under the user's key. `until_ms` is the end of a confirmed trip."""

    event_id: Id
    user_id: Id
    event_time: EventTime
    type: Literal["challenge_passed", "challenge_failed", "trip_confirmed", "device_confirmed"]
    device_id: Id | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$", max_length=2)] | None = None
    until_ms: Milliseconds | None = None

    @property
    def event_time_ms(self) -> int:
        return milliseconds(self.event_time)


class Position(Struct, frozen=True, array_like=True):
    """A record's topic, partition and offset, as an array."""

    topic: str
    partition: Int64
    offset: Int64


class ModelRef(Struct, frozen=True, array_like=True):
    """A model: the number of its publication, and the (epoch, n) of the last example that it learned.

    `trees_n` is the last example that its trees learned; None before the first trees.
    """

    publication: Int64
    epoch: Int64
    n: Int64
    trees_n: Int64 | None = None


class Reason(Struct, frozen=True, kw_only=True):
    """One piece of evidence. `contribution` is in log-odds; a positive one speaks for fraud."""

    code: str
    text: str
    contribution: float


class RuleHit(Struct, frozen=True, kw_only=True):
    """A rule that fired: its version, the decision that it asks for at least, and its evidence as a sentence."""

    rule: str
    version: Int64
    decision: Decision
    text: str


class ScoredTransaction(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A transaction with its score (a probability of fraud), its decision and reasons, and its features as scored.

    `rules_log_odds` is the score of the rules alone. With the features, it lets another model score the transaction
    again. `source` is the transaction's position on its topic. `amount` is in base currency; None if there is no rate.
    """

    schema_version: Int64 = 1
    transaction_id: str
    user_id: str
    event_time_ms: Int64
    amount: float | None = None
    score: float
    decision: Decision
    profile: str
    features: Features
    reasons: list[Reason] = []
    rules: list[RuleHit] = []
    flags: list[str] = []
    model: ModelRef | None = None
    source: Position
    scored_at_ms: Int64
    merchant_id: str | None = None
    rules_log_odds: float | None = None
    device_id: str | None = None
    ip: str | None = None
    card_id: str | None = None
    transaction: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"null"))

    @property
    def is_alert(self) -> bool:
        return is_alert(self.decision)


class Label(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A verdict on a transaction. `labelled_at_ms` is wall time, `as_of_ms` the transactions' clock at that moment.

    `fraud_type` is the labeler's own word for the kind of fraud. People count by it; no model learns from it. `user_id`
    says whose payment is meant, where several customers have payments with this id.
    """

    schema_version: Int64 = 1
    label_id: Id
    transaction_id: Id
    verdict: Verdict
    labeler: Id
    source: Text = "analyst"
    labelled_at_ms: Milliseconds
    as_of_ms: Milliseconds | None = None
    note: Annotated[str, Meta(max_length=2000)] | None = None
    fraud_type: Text | None = None
    user_id: Id | None = None


class EntryNumber(NamedTuple):
    """The number of an entry of the learning log, dense within its epoch. The record's key is `epoch:n`.

    >>> EntryNumber.parse(EntryNumber(1, 42).key)
    EntryNumber(epoch=1, n=42)
    """

    epoch: int
    n: int

    @property
    def key(self) -> bytes:
        return b"%d:%d" % self

    @classmethod
    def parse(cls, key: bytes | None) -> "EntryNumber":
        """Parse a record's key.

        Raises:
            InvalidRecord: the key is not `epoch:n`.
        """
        found = _ENTRY_KEY.fullmatch(key or b"")
        if found is None:
            raise InvalidRecord("key", f"must be epoch:n, not {key!r}")
        return cls(int(found[1]), int(found[2]))


_ENTRY_KEY = re.compile(rb"(\d{1,18}):(\d{1,18})")


class Example(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of the learning log. Its number is the record's key, `epoch:n`.

    `outcome` is `example` (the first verdict), `revision` (a different verdict) or `confirmation` (the same verdict
    again, with weight 0: nothing is learned twice). A revision's `supersedes` is the number of the revision that it
    replaces, and `superseded_weight` that one's weight, which counts take back.
    """

    schema_version: Int64 = 1
    transaction_id: str
    revision: Int64
    outcome: Outcome
    verdict: Verdict
    weight: float
    supersedes: Int64 | None = None
    superseded_weight: float | None = None
    label_id: str | None = None
    labeler: str | None = None
    label_source: str | None = None
    labelled_at_ms: Int64 | None = None
    as_of_ms: Int64 | None = None
    event_time_ms: Int64
    amount: float | None = None
    score: float
    decision: Decision
    features: Features
    model: ModelRef | None = None
    merchant_id: str | None = None
    user_id: str | None = None
    fraud_type: str | None = None
    device_id: str | None = None
    ip: str | None = None
    card_id: str | None = None

    @property
    def is_alert(self) -> bool:
        return is_alert(self.decision)

    @property
    def implicit(self) -> bool:
        """Whether it comes from the maturity horizon instead of a label."""
        return self.label_id is None


Stage = Literal["detector", "label-join", "internal", "skipped"]


class DeadLetter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record that could not be used: the reason, its position, and the start of its bytes (Base64 in JSON).

    `stage` is the job that refused the record; `internal` if it failed at it, a fault of Weir's own, with its
    traceback; `skipped` if somebody set the record aside with `weir skip`. `field` is the JSON path of the error, `$`
    for the whole message. `payload_bytes` and `payload_sha256` describe the whole payload. The ids are those in the
    payload.
    """

    schema_version: Int64 = 1
    stage: Stage
    field: str
    reason: str
    source: Position
    key: bytes | None = None
    payload: bytes | None = None
    label_id: str | None = None
    dead_lettered_at_ms: Int64
    transaction_id: str | None = None
    user_id: str | None = None
    payload_bytes: Int64 | None = None
    payload_sha256: str | None = None
    traceback: str | None = None


class TwinFrozen(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The frozen twin has stopped learning. From this event time on it scores with `model`, or without one if None.

    `control` holds the control records that it knew then. A restarted twin resumes with them.
    """

    schema_version: Int64 = 1
    event_time_ms: Int64
    frozen_at_ms: Int64
    model: ModelRef | None = None
    control: list[bytes] = []


class DriftFinding(Struct, frozen=True, kw_only=True):
    """A drift that `detector` found in `signal` at example `n` of the learning log. `text` describes it."""

    detector: str
    signal: str
    n: Int64
    text: str


class Publication(Struct, frozen=True, kw_only=True, tag_field="kind", tag="publication"):
    """A model to score with from now on. The highest `publication` is in force.

    `artefact` is the compiled scorer (see `weir.artefact`), `signature` its HMAC, and `digest` the canonical digest of
    what scores and what learns. `metrics` are prequential: they judge scores by verdicts that came later. `clock_ms` is
    the latest event time among the examples up to `n`.
    """

    schema_version: Int64 = 1
    publication: Int64
    epoch: Int64
    n: Int64
    contender: str
    artefact: bytes
    signature: str
    digest: str
    published_at_ms: Int64
    metrics: dict[str, float] = {}
    drift: list[DriftFinding] = []
    clock_ms: Int64 | None = None


class TreesPublication(Struct, frozen=True, kw_only=True, tag_field="kind", tag="trees"):
    """Trees to score with beside the additive model from now on. The highest (`epoch`, `n`) is in force.

    They were trained on the examples up to `n`, whose latest event time is `clock_ms`; `examples` of them, with `frauds`
    among them, were used. `artefact` holds the trees (see `weir.trees_artefact`), `signature` its HMAC, and `digest` the
    canonical digest of the trees, their position and the training that made them.
    """

    schema_version: Int64 = 1
    epoch: Int64
    n: Int64
    clock_ms: Int64
    artefact: bytes
    signature: str
    digest: str
    published_at_ms: Int64
    examples: Int64
    frauds: Int64


Entity = Literal["merchant", "device", "ip", "card"]
"""The kinds of things besides users that the learning log knows frauds of."""


class ReputationKey(NamedTuple):
    """The subject of a reputation. Only a merchant has two: of customers' own devices, and of all others.

    >>> ReputationKey("device", "d1").control_key, ReputationKey.parse("own-device-reputation:m1")
    ('device-reputation:d1', ReputationKey(entity='merchant', entity_id='m1', own_device=True))
    """

    entity: Entity
    entity_id: str
    own_device: bool = False

    @property
    def control_key(self) -> str:
        """The record's key on the control topic."""
        return f"{_PREFIX_OF[self.entity, self.own_device]}:{self.entity_id}"

    @classmethod
    def parse(cls, control_key: str) -> "ReputationKey":
        """Parse a key of the control topic.

        Raises:
            InvalidRecord: the key is no reputation's.
        """
        prefix, colon, entity_id = control_key.partition(":")
        for (entity, own_device), known in _PREFIX_OF.items():
            if colon and prefix == known:
                return cls(entity, entity_id, own_device)
        raise InvalidRecord("key", f"is no reputation's: {control_key!r}")


_PREFIX_OF: dict[tuple[Entity, bool], str] = {
    ("merchant", False): "reputation",
    ("merchant", True): "own-device-reputation",
    ("device", False): "device-reputation",
    ("ip", False): "ip-reputation",
    ("card", False): "card-reputation",
}


class DecayedCounts(Struct, frozen=True, array_like=True):
    """Known payments as of `reference_ms`, each weighted by exp(-age / tau) with tau = 3, 10 or 30 days.

    `base_rate` is the share of frauds in everything learned.
    """

    reference_ms: Int64
    base_rate: float
    frauds_3d: float
    frauds_10d: float
    frauds_30d: float
    payments_3d: float
    payments_10d: float
    payments_30d: float


class Reputation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="reputation"):
    """The known frauds of a merchant, device, IP address or card, with its known legitimate payments, at example `n`.

    Only records with a known fraud in the last 90 days are published; an entity without a record has none. The entity's
    id is in `merchant_id` whatever the entity. A device, address or card is counted from its first known fraud on.
    A merchant has two records because strangers pay from devices of their own, so their frauds say nothing about the
    merchant's customers. `known_victims` counts the customers of a merchant's known frauds, at most 16. `fraud_rate` is
    smoothed towards the base rate. `fraud_run` counts the frauds since the last legitimate payment, at most 64, and `run_since_ms`
    is the first one's time. `unexplained_frauds` sums over the run how ordinary their amounts were, 0 to 1 each: an
    unusual amount says more about the card than about the merchant. `last_legitimate_ms` is the last legitimate payment
    before the run. Times are event times in milliseconds.
    """

    schema_version: Int64 = 1
    entity: Entity = "merchant"
    entity_id: str = field(name="merchant_id")
    own_device: bool = False
    epoch: Int64
    n: Int64
    known_frauds: Int64
    known_victims: Int64 = 0
    known_legitimate: Int64
    fraud_rate: float
    fraud_run: Int64 = 0
    last_fraud_ms: Int64 | None = None
    run_since_ms: Int64 | None = None
    last_legitimate_ms: Int64 | None = None
    unexplained_frauds: float = 0.0
    decayed: DecayedCounts | None = None
    signature: str = ""

    @property
    def key(self) -> ReputationKey:
        return ReputationKey(self.entity, self.entity_id, self.own_device)

    @property
    def control_key(self) -> str:
        """The record's key on the control topic."""
        return self.key.control_key


Control = Publication | TreesPublication | Reputation


class WaitingLabel(Struct, frozen=True, array_like=True):
    """A label that waits for its transaction, and when it arrived. Ids that cannot be read are empty."""

    label_id: str
    transaction_id: str
    since_ms: Int64


class Counts(Struct, frozen=True, kw_only=True):
    """The reconciliation of one namespace. Every number counts distinct records.

    transactions_sent == scored + transactions_dead_lettered + in_flight, and
    labels_accepted == label_examples + label_revisions + label_confirmations + labels_dead_lettered + labels_waiting.

    Of the waiting labels, `labels_of_refused` wait for a transaction that is a dead letter; `longest_waiting` are the first
    three of the others.
    """

    schema_version: Int64 = 1
    transactions_sent: Int64
    scored: Int64
    transactions_dead_lettered: Int64
    in_flight: Int64
    scored_twice: Int64
    labels_accepted: Int64
    label_examples: Int64
    label_revisions: Int64
    label_confirmations: Int64
    labels_dead_lettered: Int64
    labels_waiting: Int64
    labels_repeated: Int64
    implicit_examples: Int64
    counted_at_ms: Int64
    labels_of_refused: Int64 = 0
    longest_waiting: list[WaitingLabel] = []


Message = TypeVar("Message", bound=Struct)

MAX_RECORD_BYTES = 256 * 1024
"""The longest record that a job accepts. Its score, which contains it, then stays below every later limit.

A payment has about a kilobyte. The API accepts 64 by default (`api.max_body_bytes`).
"""

_encoder = msgspec.json.Encoder()
encode = _encoder.encode


def milliseconds(time: int | datetime) -> int:
    """Return epoch milliseconds from milliseconds or an aware datetime."""
    return time if isinstance(time, int) else round(time.timestamp() * 1000)


def offset_of(time: datetime) -> int:
    """Return how far an aware datetime's clock is ahead of UTC, in milliseconds."""
    return round((time.utcoffset() or timedelta()) / timedelta(milliseconds=1))


def decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    """Make a decoder for a message type. Decoders are reusable."""
    return msgspec.json.Decoder(kind)


def decode_with(decoder: msgspec.json.Decoder[Message], payload: bytes | None) -> Message:
    """Decode and validate a message.

    Raises:
        InvalidRecord: the payload is not the decoder's message; the error names the field.
    """
    if not payload:
        raise InvalidRecord("$", "is empty, perhaps a tombstone")
    try:
        if not payload.isascii():
            payload.decode()  # msgspec does not check the UTF-8 of unknown members
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        raise invalid_record(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRecord("$", f"is not a JSON message in UTF-8: {error}{_cause(payload)}") from error
    except RecursionError as error:
        raise InvalidRecord("$", "is nested too deeply") from error


def _cause(payload: bytes) -> str:
    """What the sender may have done to a payload that is no JSON, as the end of a sentence."""
    if payload.startswith(b"\x1f\x8b"):
        return "; it is packed by gzip: send it unpacked"
    if payload.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return "; it begins with a byte order mark: send UTF-8 without one"
    if re.search(rb"[:\[,]\s*-?(NaN|Infinity)\b", payload):
        return "; JSON has no NaN and no Infinity: leave such a value out"
    return ""


def require_size(payload: bytes | None, max_bytes: int = MAX_RECORD_BYTES) -> None:
    """Refuse a record that is too long.

    Raises:
        InvalidRecord: the payload has more than `max_bytes`.
    """
    if payload is not None and len(payload) > max_bytes:
        raise InvalidRecord("$", f"has {len(payload):,} bytes; the limit is {max_bytes:,}")


_TIME = "must be milliseconds since 1970 as a number, or ISO 8601 with a zone as in 2024-01-31T09:30:00Z"
_PLAIN = {
    "Invalid RFC3339 encoded datetime": _TIME,
    "Expected `datetime` with a timezone component": f"has no zone: it {_TIME}",
    "Expected `int | datetime`": _TIME,
    f"Expected `int` <= {LAST_MS}": "is beyond the year 9999; it looks like microseconds or nanoseconds: send milliseconds",
    "Expected `str` matching regex '^[A-Z]{3}$'": "must be a code of three letters, as in EUR",
    "Expected `str` of length <= 3": "must be a code of three letters, as in EUR",
}
"""What msgspec says, by its first words, and what a sender can act on."""


def invalid_record(text: str) -> InvalidRecord:
    """Split the message of a validation error of msgspec into field and reason."""
    reason, _, path = text.partition(" - at `")
    name = path.rstrip("`").removeprefix("$.") or "$"
    if name == "verdict" and reason.startswith("Invalid enum value"):
        reason += f": it must be {' or '.join(get_args(Verdict))}"
    reason = next((plain for begin, plain in _PLAIN.items() if reason.startswith(begin)), reason)
    if reason.startswith("Object missing required field `"):
        missing = reason.split("`")[1]
        return InvalidRecord(missing if name == "$" else f"{name}.{missing}", "is required")
    return InvalidRecord(name, reason)


TRANSACTION = decoder_of(Transaction)
USER_EVENT = decoder_of(UserEvent)
SCORED = decoder_of(ScoredTransaction)
LABEL = decoder_of(Label)
EXAMPLE = decoder_of(Example)
DEAD_LETTER = decoder_of(DeadLetter)
CONTROL = decoder_of(Control)
COUNTS = decoder_of(Counts)
TWIN_FROZEN = decoder_of(TwinFrozen)
