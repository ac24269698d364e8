"""A dead letter is small and identifies its record, whatever the record holds."""

from hashlib import sha256

import pytest

from detector.intake import Intake
from detector.knowledge import Knowledge
from detector.scoring import Detector
from learner.join_intake import JoinIntake
from learner.label_join import LabelJoin
from tests.builders import DAY_MS, NOON_MS, a_label, a_transaction
from tests.malformed import malformed_payloads
from weir.dead_letters import KEPT_BYTES, RecordIds, dead_letter, ids_in
from weir.errors import DeploymentError, InvalidRecord
from weir.messages import DEAD_LETTER, LONGEST_ID, MAX_RECORD_BYTES, DeadLetter, encode, require_size
from weir.records import Inbound, StateChange
from weir.settings import DetectorSettings, LearningSettings
from weir.topics import LARGE_MESSAGE_BYTES, Topics


def letter_of(payload: bytes | None, key: bytes | None = b"u1", reason: str = "r") -> DeadLetter:
    record = Inbound(key, payload, "live.transactions", 2, 42)
    return dead_letter(record, InvalidRecord("$", reason), job="detector", now_ms=5)


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


class FailingDetector(Detector):
    """A detector with a fault of its own."""

    def score(self, *_):
        raise ZeroDivisionError("at every payment")


class FailingJoin(LabelJoin):
    def on_label(self, *_, **__):
        raise KeyError("no such thing")


def test_a_record_that_a_job_fails_at_is_buried_with_the_traceback_and_changes_nothing():
    topics = Topics("live")
    payment = Inbound(b"u1", encode(a_transaction()), topics.transactions, 1, 7)
    label = Inbound(b"t1", encode(a_label()), topics.labels, 0, 8)
    done = [
        Intake(FailingDetector(DetectorSettings()), topics).process(payment, "u1", None, Knowledge(b""), 5),
        _failing_join_intake(topics).process(label, a_label().transaction_id, None, NOON_MS + 2 * DAY_MS),
    ]
    for processed, failed in zip(
        done, ("ZeroDivisionError: at every payment", "KeyError: 'no such thing'"), strict=True
    ):
        letter = DEAD_LETTER.decode(processed.outbound[0].payload)
        assert (letter.stage, letter.field, processed.state) == ("internal", "$", StateChange.UNCHANGED)
        assert letter.reason.endswith(f"failed at it: {failed}")
        assert "test_dead_letters.py" in letter.traceback
        assert letter.payload_bytes is not None


def _failing_join_intake(topics):
    intake = JoinIntake(LearningSettings(), topics)
    intake._join = FailingJoin(LearningSettings())
    return intake


def test_a_wrong_deployment_is_no_fault_of_the_record():
    topics = Topics("live")
    payment = Inbound(b"u1", encode(a_transaction()), topics.transactions, 1, 7)
    with pytest.raises(DeploymentError):
        Intake(Detector(DetectorSettings()), topics).process(payment, "u1", b"no state", Knowledge(b""), NOON_MS)
