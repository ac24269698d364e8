from collections import Counter

import pytest

from tests.malformed import SHAPES, malformed_payloads
from weir.errors import InvalidRecord
from weir.messages import LABEL, TRANSACTION, USER_EVENT, decode_with

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
