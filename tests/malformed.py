"""Malformed payloads of every shape, for the topics and the API: none may be accepted, and none may crash anything.

Every payload is malformed by construction, not because the decoder under test says so.
"""

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Kind = Literal["transaction", "label", "label-request", "user-event"]

NOT_TEXT = [b"1", b"1.5", b"true", b"[]", b"{}", b'["x"]', b'{"x":1}']
NOT_AN_ID = [*NOT_TEXT, b'""', b'"' + b"x" * 129 + b'"', b'"' + "é".encode() * 129 + b'"', b'"' + b"x" * 20_000 + b'"']
NOT_A_NUMBER = [b'"1"', b'"NaN"', b"true", b"[]", b"{}", b"[1]", b"1e999", b"-1e999"]
NOT_A_TIME = [
    *NOT_A_NUMBER,
    b"-1",
    b"1.5",
    b"99999999999999999999",
    b'"yesterday"',
    b'"2025-06-15T12:00:00"',
    b'"2025-06-15"',
]
NOT_MILLISECONDS = [*NOT_A_NUMBER, b"-1", b"1.5", b"99999999999999999999", b'"2025-06-15T12:00:00Z"']
NOT_JSON_VALUES = [
    *(b"NaN", b"Infinity", b"-Infinity", b"undefined", b"None", b"True", b"'x'", b"0x10", b"01", b"+1", b"1.", b".5"),
    *(
        b'"\\ud800"',
        b'"\\udc00"',
        b'"\\ud800\\u0041"',
        b'"\\x41"',
        b'"a\x00b"',
        b'"a\nb"',
        b'"\x1b"',
        b'"open',
        b"tru",
        b"",
    ),
    *(b'"\xff\xfe"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf5\x80\x80\x80"'),
]
NOT_AN_OBJECT = [
    b"null",
    b"true",
    b"0",
    b"-1.5",
    b'"text"',
    b"[]",
    b"[{}]",
    b"[1,2,3]",
    b'"{}"',
    b"[" + b"0," * 5000 + b"0]",
]
NOT_JSON = [
    *(
        b" ",
        b"\n\n",
        b"\x00",
        b"\x00\x00\x00\x00\x01",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\x1f\x8b\x08\x00",
        b"amount=1&user_id=u1",
    ),
    *(
        b"<transaction/>",
        b"{",
        b"}",
        b"{}}",
        b"{,}",
        b'{"a"}',
        b'{"a":}',
        b"{'a':1}",
        b"{a:1}",
        b"PK\x03\x04",
        b"\x80\x04\x95",
    ),
]


@dataclass(frozen=True)
class Schema:
    """A valid message and, for each of its fields, JSON texts that are invalid there."""

    valid: dict[str, Any]
    refused: dict[str, list[bytes]]
    optional: frozenset[str] = field(default_factory=frozenset)


def _with_null(values: list[bytes]) -> list[bytes]:
    return [*values, b"null"]


_TRANSACTION = Schema(
    valid={"transaction_id": "t1", "user_id": "u1", "event_time": 1_750_000_000_000, "amount": 20.0, "currency": "EUR"},
    refused={
        "transaction_id": _with_null(NOT_AN_ID),
        "user_id": _with_null(NOT_AN_ID),
        "event_time": _with_null(NOT_A_TIME),
        "amount": _with_null([*NOT_A_NUMBER, b"-1e13", b"1e13"]),
        "currency": [*NOT_TEXT, b'"EURO"', b'"E1R"'],  # other optional fields are never a reason (weir.payments)
    },
    optional=frozenset({"currency"}),
)
_USER_EVENT = Schema(
    valid={"event_id": "e1", "user_id": "u1", "event_time": 1_750_000_000_000, "type": "trip_confirmed"},
    refused={
        "event_id": _with_null(NOT_AN_ID),
        "user_id": _with_null(NOT_AN_ID),
        "event_time": _with_null(NOT_A_TIME),
        "type": _with_null([*NOT_TEXT, b'""', b'"trip"', b'"TRIP_CONFIRMED"']),
        "device_id": NOT_AN_ID,
        "country": [*NOT_TEXT, b'"de"', b'"DEU"'],
        "until_ms": NOT_MILLISECONDS,
    },
)
_VERDICT = _with_null([*NOT_TEXT, b'""', b'"Fraud"', b'"genuine"', b'"fraud "'])
_LABEL_TEXTS = {
    "transaction_id": _with_null(NOT_AN_ID),
    "labeler": _with_null(NOT_AN_ID),
    "verdict": _VERDICT,
    "source": [*NOT_TEXT, b"null", b'"' + b"x" * 513 + b'"'],
    "note": [*NOT_TEXT, b'"' + b"x" * 2001 + b'"'],
}
_LABEL = Schema(
    valid={
        "label_id": "l1",
        "transaction_id": "t1",
        "verdict": "fraud",
        "labeler": "ana",
        "labelled_at_ms": 1_750_086_400_000,
    },
    refused={
        **_LABEL_TEXTS,
        "label_id": _with_null(NOT_AN_ID),
        "labelled_at_ms": _with_null(NOT_MILLISECONDS),
        "as_of_ms": NOT_MILLISECONDS,
    },
)
_LABEL_REQUEST = Schema(
    valid={"transaction_id": "t1", "verdict": "fraud", "labeler": "ana"},
    refused={
        **_LABEL_TEXTS,
        "label_id": NOT_AN_ID,
        "labelled_at": [*NOT_A_TIME, b'"0001-01-01T00:00:00Z"', b'"1969-12-31T23:59:59Z"'],
        "as_of": NOT_A_TIME,
        "unknown": [b"1", b"null", b'"x"', b"{}"],
    },
)
SCHEMAS: dict[Kind, Schema] = {
    "transaction": _TRANSACTION,
    "label": _LABEL,
    "label-request": _LABEL_REQUEST,
    "user-event": _USER_EVENT,
}


def _joined(members: list[tuple[str, bytes]]) -> bytes:
    return b"{" + b",".join(json.dumps(name).encode() + b":" + value for name, value in members) + b"}"


def _members(schema: Schema, rng: random.Random, without: str | None = None) -> list[tuple[str, bytes]]:
    """Return the valid message's members in random order, the values as JSON text."""
    members = [(name, json.dumps(value).encode()) for name, value in schema.valid.items() if name != without]
    rng.shuffle(members)
    return members


def refused_value(schema: Schema, rng: random.Random) -> bytes:
    """Give one field a wrong type, a value out of range, or too long a text."""
    name = rng.choice(list(schema.refused))
    return _joined([*_members(schema, rng, without=name), (name, rng.choice(schema.refused[name]))])


def missing_field(schema: Schema, rng: random.Random) -> bytes:
    """Leave out a required field."""
    return _joined(_members(schema, rng, without=rng.choice(sorted(schema.valid.keys() - schema.optional))))


def not_a_json_value(schema: Schema, rng: random.Random) -> bytes:
    """Give one field a value that is not JSON: NaN, a lone surrogate, a raw NUL, invalid UTF-8, an open string."""
    name = rng.choice(list(schema.valid))
    members = [*_members(schema, rng, without=name), (name, rng.choice(NOT_JSON_VALUES))]
    rng.shuffle(members)
    return _joined(members)


def duplicate_key(schema: Schema, rng: random.Random) -> bytes:
    """Repeat a field with an invalid value at the end."""
    name = rng.choice(list(schema.valid))
    return _joined([*_members(schema, rng), (name, rng.choice(schema.refused[name]))])


def truncated(schema: Schema, rng: random.Random) -> bytes:
    """Cut the message off."""
    whole = _joined(_members(schema, rng))
    return whole[: rng.randrange(1, len(whole))]


def trailing(schema: Schema, rng: random.Random) -> bytes:
    """Append something to the message."""
    return _joined(_members(schema, rng)) + rng.choice([b"}", b"{}", b"\x00", b",", b"null", b"\xff", b"\xef\xbb\xbf"])


def flipped_byte(schema: Schema, rng: random.Random) -> bytes:
    """Replace a byte of the message with one that is never valid in UTF-8."""
    whole = bytearray(_joined(_members(schema, rng)))
    whole[rng.randrange(len(whole))] = rng.choice([0xFF, 0xFE, 0xC0, 0xF8])
    return bytes(whole)


def nested_deeply(schema: Schema, rng: random.Random) -> bytes:
    """Nest arrays or objects thousands deep, closed or not, in one field or instead of the message."""
    depth = rng.choice([3000, 10_000])
    opening, closing = rng.choice([(b"[", b"]"), (b'{"a":', b"}")])
    deep = opening * depth + rng.choice([b"", b"1" + closing * depth])
    name = rng.choice([*schema.valid, "unknown"])
    return rng.choice([deep, _joined([*_members(schema, rng, without=name), (name, deep)])])


def wrong_top_level(_schema: Schema, rng: random.Random) -> bytes:
    """Return valid JSON that is not an object."""
    return rng.choice(NOT_AN_OBJECT)


def no_json(_schema: Schema, rng: random.Random) -> bytes:
    """Return another format, or binary noise."""
    return rng.choice([*NOT_JSON, rng.randbytes(rng.randrange(1, 200)) + b"\xff"])


def empty(_schema: Schema, _rng: random.Random) -> bytes:
    """Return no bytes."""
    return b""


def huge(schema: Schema, rng: random.Random) -> bytes:
    """Give a short text field a hundred kilobytes."""
    name = rng.choice([name for name, value in schema.valid.items() if isinstance(value, str)])
    return _joined([*_members(schema, rng, without=name), (name, b'"' + b"x" * 100_000 + b'"')])


SHAPES: list[Callable[[Schema, random.Random], bytes]] = [
    refused_value,
    missing_field,
    not_a_json_value,
    duplicate_key,
    truncated,
    trailing,
    flipped_byte,
    nested_deeply,
    wrong_top_level,
    no_json,
    empty,
    huge,
]
_COMMON = [refused_value] * 4 + [missing_field, not_a_json_value, duplicate_key, truncated, trailing, flipped_byte] * 2


def malformed_payloads(kind: Kind, seed: int, count: int) -> Iterator[bytes]:
    """Yield `count` payloads that are invalid for `kind`: first one of each shape, then a random mixture.

    `label` is the message on Kafka, `label-request` the body of `POST /v1/labels`.
    """
    rng, schema = random.Random(seed), SCHEMAS[kind]
    for i in range(count):
        shape = SHAPES[i] if i < len(SHAPES) else rng.choice([*_COMMON, *SHAPES])
        yield shape(schema, rng)


def large_payloads(valid: bytes, size: int) -> list[bytes]:
    """Return records of at least `size` bytes: one not JSON, one cut off in a text, one valid apart from its length."""
    member = b'{"padding":"' + b"x" * size
    return [b"{" + b"x" * size, member, member + b'",' + valid.removeprefix(b"{")]


class OddRecord(NamedTuple):
    """A record that a producer may send although nobody should: as it is on the wire, with `value` in its payload."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()


def odd_records(valid: bytes, name: str) -> list[OddRecord]:
    """Return records that JSON readers read differently, or that are odd outside their payload.

    `valid` is a message as JSON; `name` is its field by which Flink keys records, `"u1"` or `"t1"` in it.
    """
    member = re.search(rb'"%s":"[^"]*"' % name.encode(), valid)[0]
    head, value = member.split(b":")

    def having(*members: bytes) -> bytes:
        return valid.replace(member, b",".join(members))

    unknown = [
        *(b'"odd":' + b"[" * depth + b"]" * depth for depth in (900, 998, 999, 1000, 1001, 1100)),
        *(b'"odd":' + b"9" * digits for digits in (999, 1000, 1001)),
        *(b'"odd":' + number for number in (b"1e400", b"-0", b"1E-400", b"1e999999999")),
        b'"' + b"n" * 49_999 + b'":1',
        b'"' + b"n" * 50_001 + b'":1',
        b",".join(b'"m%d":%d' % (number, number) for number in range(5000)),
        b'"odd":"' + b"\\u0000" * 1000 + b'"',
        b'"":1',
    ]
    ids = [
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\\u0000"',
        b'"\xf0\x9f\x98\x80"',
        b'"\xed\xa0\x80"',
        b"NaN",
        b"17",
        b"1e2",
        b"-0",
        b"true",
    ]
    payloads = [
        *(having(member, one) for one in unknown),
        *(having(one, member) for one in unknown),
        *(having(head + b":" + one) for one in ids),
        having(member, head + b':"another"'),
        having(head + b':"another"', member),
        having(member, head + b":null"),
        having(head + b":null", member),
        having(head[:-1] + b'.x":1', member),
        having(b'"\\u%04x%s:%s' % (head[1], head[2:], value)),
        *(valid.decode().encode(encoding) for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32")),
        b"/* a comment */" + valid,
        having(b"// a comment\n" + member),
        valid.replace(b'"', b"'"),
        valid.replace(head, head[1:-1]),
        valid[:-1] + b",}",
        b"[" + valid + b"]",
        valid + b"\n" + valid,
        b" \r\n\t" * 1000 + valid + b" \r\n\t" * 1000,
        b"\x1e" + valid,
        random.Random(1).randbytes(900_000),
    ]
    keys = [None, b"", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"k" * 100_000]
    headers: list[list[tuple[str, bytes | None]]] = [
        [("weir-reply-to", None)],
        [("weir-reply-to", b""), ("weir-reply-to", b"\xff")],
        [("weir-reply-to", b"r" * 200_000)],
        [("", b"1"), ("\U0001f600", None)],
        [(f"h{number}", b"x") for number in range(1000)],
    ]
    return [
        *(OddRecord(payload) for payload in payloads),
        *(OddRecord(content, key) for content in (None, b"", valid) for key in keys),
        *(OddRecord(valid, None, some) for some in headers),
    ]
