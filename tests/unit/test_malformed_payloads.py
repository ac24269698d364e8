from collections import Counter
from collections.abc import Iterator

import pytest
from msgspec import inspect

from tests.builders import a_scored_transaction
from tests.malformed import SHAPES, malformed_payloads
from weir.errors import InvalidRecord
from weir.messages import LABEL, SCORED, TRANSACTION, USER_EVENT, Position, decode_with, encode
from weir.schemas import PUBLISHED

DECODERS = {"transaction": TRANSACTION, "label": LABEL, "user-event": USER_EVENT}


@pytest.mark.parametrize("kind", DECODERS)
def test_every_malformed_payload_is_refused_with_a_field_and_a_reason(kind):
    for payload in malformed_payloads(kind, seed=1, count=5000):
        with pytest.raises(InvalidRecord) as refused:
            decode_with(DECODERS[kind], payload)
        assert refused.value.field
        assert refused.value.reason


def test_malformed_payloads_are_the_same_for_a_seed():
    assert list(malformed_payloads("label", 3, 200)) == list(malformed_payloads("label", 3, 200))


def test_malformed_payloads_are_of_many_kinds():
    payloads = Counter(malformed_payloads("transaction", 2, 1000))
    assert len(payloads) > 500
    assert {b""} < payloads.keys()
    assert len(SHAPES) >= 12


def integers_of(kind: inspect.Type) -> Iterator[inspect.IntType]:
    """Yield every integer in a message."""
    match kind:
        case inspect.IntType():
            yield kind
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from integers_of(field.type)
        case inspect.UnionType(types=types):
            for one in types:
                yield from integers_of(one)
        case inspect.ListType(item_type=item):
            yield from integers_of(item)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_integer_of_a_message_is_bounded_to_64_bits(name):
    found = list(integers_of(inspect.type_info(PUBLISHED[name])))
    assert found
    assert all(one.ge is not None and one.ge >= -(2**63) and one.le is not None and one.le < 2**63 for one in found)


@pytest.mark.parametrize("number", [10**30, -(10**30), 2**63])
def test_an_integer_beyond_64_bits_is_refused(number):
    scored = a_scored_transaction(source=Position("live.transactions", 0, number))
    with pytest.raises(InvalidRecord, match=r"source\[2\]"):
        decode_with(SCORED, encode(scored))
