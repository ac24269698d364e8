"""A dead letter is small and identifies its record, whatever the record holds."""

from hashlib import sha256

import pytest

from tests.malformed import malformed_payloads
from weir.dead_letters import KEPT_BYTES, RecordIds, dead_letter, ids_in
from weir.errors import InvalidRecord
from weir.messages import LONGEST_ID, MAX_RECORD_BYTES, DeadLetter, encode, require_size
from weir.records import Inbound
from weir.topics import LARGE_MESSAGE_BYTES


def letter_of(payload: bytes | None, key: bytes | None = b"u1", reason: str = "r") -> DeadLetter:
    record = Inbound(key, payload, "live.transactions", 2, 42)
    return dead_letter(record, InvalidRecord("$", reason), stage="detector", now_ms=5)


def test_a_short_record_is_kept_whole_with_its_length_and_hash():
    letter = letter_of(b"{nonsense")
    assert (letter.payload, letter.key) == (b"{nonsense", b"u1")
    assert (letter.payload_bytes, letter.payload_sha256) == (9, sha256(b"{nonsense").hexdigest())


def test_a_long_record_is_cut_but_its_length_and_hash_are_complete():
    payload = b"{" + b"x" * (13 * 1024 * 1024)
    letter = letter_of(payload)
    assert letter.payload == payload[:KEPT_BYTES]
    assert (letter.payload_bytes, letter.payload_sha256) == (len(payload), sha256(payload).hexdigest())


def test_a_letter_is_small_even_if_key_payload_and_reason_are_large():
    large = b"x" * LARGE_MESSAGE_BYTES
    assert len(encode(letter_of(large, key=large, reason="r" * LARGE_MESSAGE_BYTES))) < 5 * KEPT_BYTES


def test_a_tombstone_has_neither_bytes_nor_length():
    letter = letter_of(None)
    assert (letter.payload, letter.payload_bytes, letter.payload_sha256) == (None, None, None)


def test_a_letter_has_the_ids_of_a_payment_that_is_cut():
    payload = b'{"note":"' + b"x" * KEPT_BYTES + b'","user_id":"u1","transaction_id":"t1","amount":"twelve"}'
    letter = letter_of(payload)
    assert (letter.transaction_id, letter.user_id, letter.label_id) == ("t1", "u1", None)


@pytest.mark.parametrize("name", [b"7", b"null", b'""', b'"' + b"x" * (LONGEST_ID + 1) + b'"', b"[]"])
def test_an_invalid_id_is_left_out(name):
    assert ids_in(b'{"user_id":' + name + b',"label_id":"l1"}') == RecordIds(label_id="l1")


def test_any_bytes_can_be_searched_for_ids():
    for payload in [None, *malformed_payloads("label", 5, 2000), b"[" * 100_000]:
        assert isinstance(ids_in(payload), RecordIds)


def test_only_a_record_above_the_limit_is_refused():
    require_size(b"x" * MAX_RECORD_BYTES)
    with pytest.raises(InvalidRecord, match="262,145 bytes"):
        require_size(b"x" * (MAX_RECORD_BYTES + 1))
