"""The original bytes travel inside the scored transaction, which must stay valid JSON in valid UTF-8."""

import pytest

from tests.builders import NOON_MS, a_transaction
from tests.detecting import User
from weir.errors import InvalidRecord
from weir.messages import SCORED, TRANSACTION, decode_with, encode

START = b'{"transaction_id": "t1", "user_id": "u1", "event_time": %d, "amount": 20.0' % NOON_MS


def scored_bytes(raw):
    return encode(User().send(TRANSACTION.decode(raw), raw=raw))


def test_what_the_producer_sent_is_kept_with_unknown_fields():
    raw = START + b', "till": [1, {"x": "\xc3\xa9"}]}'
    assert bytes(SCORED.decode(scored_bytes(raw)).transaction) == raw


@pytest.mark.parametrize("lenient", [b', "till": "\xff"}', b', "\xff": 1}', b', "till": "\xed\xa0\x80"}'])
def test_bytes_that_are_not_utf8_are_refused_even_where_nobody_reads_them(lenient):
    with pytest.raises(InvalidRecord, match="UTF-8"):
        decode_with(TRANSACTION, START + lenient)


def test_an_encoded_transaction_comes_back():
    transaction = a_transaction(merchant_id="é", attributes={"a": 1.0})
    assert TRANSACTION.decode(SCORED.decode(scored_bytes(encode(transaction))).transaction) == transaction
