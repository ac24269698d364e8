"""Payments as producers send them: required fields are strict, optional ones forgiving."""

import gzip
import json

import pytest

from detector.doubled_names import with_doubled
from tests.builders import NOON_MS
from weir.errors import InvalidRecord
from weir.messages import LONGEST_ID, TRANSACTION
from weir.payments import MOST_FLAGS, read_payment

REQUIRED = {"transaction_id": "t1", "user_id": "u1", "event_time": NOON_MS, "amount": 5.0}
LONG = "d" * (LONGEST_ID + 1)


def read(**fields):
    return read_payment(json.dumps(REQUIRED | fields).encode())


def test_the_usual_payment_is_read_as_it_is():
    payload = json.dumps(REQUIRED | {"country": "FR", "attributes": {"a": 1}}).encode()
    assert read_payment(payload).transaction == read(country="FR", attributes={"a": 1}).transaction
    assert read_payment(payload).flags == []
    usual = TRANSACTION.decode(payload)
    assert all(getattr(read_payment(payload).transaction, name) == getattr(usual, name) for name in REQUIRED)


@pytest.mark.parametrize(
    ("more", "flags"),
    [
        ('"amount": 4999', ["doubled_field:amount"]),
        ('"currency": "JPY", "currency": "EUR"', ["doubled_field:currency"]),
        ('"event_time": 1750000000001', ["doubled_field:event_time"]),
        ('"user_id": "u1", "amount": 5', ["doubled_field:user_id", "doubled_field:amount"]),
        (
            '"country": "USA", "country": "FR", "merchantId": 7',
            ["doubled_field:country", "unknown_field:merchantId (merchant_id?)"],
        ),
        ('"type": "amount", "channel": "amount"', []),
        ('"attributes": {"amount": 3}', []),
    ],
)
def test_a_field_that_is_named_twice_is_flagged_and_the_last_one_counts(more, flags):
    payload = json.dumps(REQUIRED)[:-1].encode() + b", " + more.encode() + b"}"
    payment = read_payment(payload)
    assert with_doubled(payment.flags, payload) == flags
    assert payment.transaction.amount == json.loads("{" + more + "}").get("amount", 5)


@pytest.mark.parametrize(
    ("field", "sent", "mended"),
    [
        ("currency", " usd", "USD"),
        ("currency", "", None),
        ("country", "fr ", "FR"),
        ("user_agent", "x" * 603, "x" * 512),
        ("merchant_category", 5411, "5411"),
        ("merchant_category", 5411.0, "5411"),
        ("merchant_id", 77, "77"),
        ("latitude", "48.85", 48.85),
        ("incumbent_decision", "APPROVE", "approve"),
        ("attributes", {"new": True, "old": False}, {"new": "true", "old": "false"}),
        ("attributes", {"gone": None}, {}),
        ("attributes", None, {}),
        ("type", None, None),
    ],
)
def test_what_is_plain_is_mended(field, sent, mended):
    payment = read(**{field: sent})
    assert (getattr(payment.transaction, field), payment.flags) == (mended, [])


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("country", "USA"),
        ("country", ""),
        ("country", 250),
        ("latitude", 91),
        ("latitude", True),
        ("longitude", "east"),
        ("device_id", ""),
        ("device_id", ["d1"]),
        ("ip", {"v4": "10.0.0.1"}),
        ("incumbent_decision", "maybe"),
    ],
)
def test_an_odd_optional_value_is_left_out_and_named(field, sent):
    payment = read(**{field: sent})
    assert (getattr(payment.transaction, field), payment.flags) == (None, [f"ignored_field:{field}"])


def test_an_odd_attribute_is_left_out_alone():
    payment = read(attributes={"good": 1.5, "list": [1], "object": {}, "text": "x"})
    assert payment.transaction.attributes == {"good": 1.5, "text": "x"}
    assert payment.flags == ["ignored_field:attributes.list", "ignored_field:attributes.object"]
    assert read(attributes=[1]).flags == ["ignored_field:attributes"]


def test_two_long_ids_that_begin_alike_stay_two():
    one, other = read(device_id=LONG), read(device_id=LONG + "x")
    assert one.transaction.device_id != other.transaction.device_id
    assert (len(one.transaction.device_id), one.flags) == (64, [])


def test_the_position_0_0_is_none():
    payment = read(latitude=0, longitude=0.0)
    assert (payment.transaction.latitude, payment.transaction.longitude) == (None, None)
    assert payment.flags == ["ignored_field:latitude", "ignored_field:longitude"]
    assert read(latitude=0, longitude=32.5).transaction.longitude == 32.5


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("merchantId", "unknown_field:merchantId (merchant_id?)"),
        ("merchant-id", "unknown_field:merchant-id (merchant_id?)"),
        ("lattitude", "unknown_field:lattitude (latitude?)"),
        ("basket", "unknown_field:basket"),
        ("x" * 100, "unknown_field:" + "x" * 64),
    ],
)
def test_an_unknown_field_is_named_with_the_nearest_known_one(name, flag):
    assert read(**{name: "m1"}).flags == [flag]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": "5"}, "amount"),
        ({"amount": None}, "amount"),
        ({"user_id": ""}, "user_id"),
        ({"user_id": 7}, "user_id"),
        ({"transaction_id": LONG}, "transaction_id"),
        ({"event_time": "yesterday"}, "event_time"),
        ({"currency": "US$"}, "currency"),
        ({"currency": 978}, "currency"),
    ],
)
def test_required_fields_and_the_currency_stay_strict(changed, field):
    with pytest.raises(InvalidRecord) as raised:
        read(**changed)
    assert raised.value.field == field


def test_a_required_field_by_another_name_is_pointed_out():
    payload = {"userId" if name == "user_id" else name: value for name, value in REQUIRED.items()}
    with pytest.raises(InvalidRecord, match=r"user_id: is required; is it 'userId'\?"):
        read_payment(json.dumps(payload).encode())


@pytest.mark.parametrize("payload", [None, b"", b"[]", b"7", b"{", b"\xff{}", b'{"a":' * 5000])
def test_what_is_no_object_is_refused(payload):
    with pytest.raises(InvalidRecord):
        read_payment(payload)


def test_thousands_of_odd_fields_give_few_flags():
    odd = {f"merchant{n}": n for n in range(10_000)} | {"attributes": {f"a{n}": [] for n in range(10_000)}}
    assert len(read(**odd).flags) == MOST_FLAGS


def test_a_position_at_0_0_among_many_odd_fields_keeps_the_flags_few():
    flags = read(latitude=0, longitude=0, **{f"field{n}": n for n in range(20)}).flags
    assert len(flags) == MOST_FLAGS
    assert flags[:2] == ["ignored_field:latitude", "ignored_field:longitude"]


def test_what_is_read_of_a_field_does_not_depend_on_the_others():
    sent = {"channel": " pos", "card_id": " c1 ", "country": "FR"}
    clean, odd = read(**sent).transaction, read(**sent, latitude="north").transaction
    assert [getattr(odd, name) for name in sent] == [getattr(clean, name) for name in sent]


@pytest.mark.parametrize("text", ["null", "None", "UNKNOWN", "N/A", "00000000-0000-0000-0000-000000000000", "::"])
@pytest.mark.parametrize("field", ["card_id", "device_id", "merchant_id", "ip"])
def test_a_text_that_stands_for_no_name_is_none(field, text):
    payment = read(**{field: text})
    assert (getattr(payment.transaction, field), payment.flags) == (None, [f"ignored_field:{field}"])
    assert read(user_id=text).transaction.user_id == text


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"user_id": "  "}, "is blank"),
        ({"transaction_id": "\t"}, "is blank"),
        ({"event_time": "2025-06-15T12:00:00,5Z"}, "must be milliseconds since 1970"),
        ({"event_time": "2025-06-15 12:00:00"}, "has no zone"),
        ({"event_time": 1_750_000_000.5}, "must be milliseconds since 1970"),
        ({"event_time": NOON_MS * 1000}, "looks like microseconds or nanoseconds"),
        ({"event_time": NOON_MS * 1_000_000}, "looks like microseconds or nanoseconds"),
        ({"currency": "840"}, "a code of three letters"),
        ({"currency": "euro"}, "a code of three letters"),
        ({"latitude": float("nan")}, "JSON has no NaN"),
        ({"attributes": {"ratio": float("-inf")}}, "JSON has no NaN"),
    ],
)
def test_a_refusal_says_what_to_send(changed, reason):
    with pytest.raises(InvalidRecord, match=reason):
        read(**changed)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("ccy", "currency"),
        ("currencyCode", "currency"),
        ("countryCode", "country"),
        ("ipAddress", "ip"),
        ("MERCHANT_ID", "merchant_id"),
        ("lng", "longitude"),
        ("mcc", "merchant_category"),
    ],
)
def test_a_field_by_a_usual_name_is_pointed_out(name, field):
    assert read(**{name: "x"}).flags == [f"unknown_field:{name} ({field}?)"]


@pytest.mark.parametrize(
    ("payload", "hint"),
    [
        ({"id": "t1", "customer": "u1"}, "is it 'id'"),
        ({"TRANSACTION_ID": "t1"}, "is it 'TRANSACTION_ID'"),
        ({"data": REQUIRED}, "stands inside 'data'"),
    ],
)
def test_a_required_field_elsewhere_is_pointed_out(payload, hint):
    with pytest.raises(InvalidRecord, match=hint):
        read_payment(json.dumps(payload).encode())


@pytest.mark.parametrize(
    ("payload", "hint"),
    [
        (gzip.compress(json.dumps(REQUIRED).encode(), mtime=0), "packed by gzip"),
        (json.dumps(REQUIRED).encode("utf-16"), "byte order mark"),
        (json.dumps(REQUIRED).encode("utf-8-sig"), "byte order mark"),
    ],
)
def test_a_payload_in_another_form_is_refused_with_its_cause(payload, hint):
    with pytest.raises(InvalidRecord, match=hint):
        read_payment(payload)
