import json

import msgspec
import pytest

from ledger.counting import Ledger, LedgerSnapshot
from ledger.label_book import LabelBook
from tests.builders import a_label, a_scored_transaction, an_example
from weir.dead_letters import dead_letter
from weir.errors import InvalidRecord
from weir.messages import Counts, DeadLetter, Position, WaitingLabel, encode
from weir.records import Inbound
from weir.topics import Topics

TOPICS = Topics("live")


@pytest.fixture
def ledger():
    return Ledger(TOPICS)


def counts_of(ledger: Ledger) -> Counts:
    return ledger.counts(now_ms=0)


def a_score_of(offset: int, partition: int = 0, topic: str = TOPICS.transactions) -> bytes:
    return encode(a_scored_transaction(source=Position(topic, partition, offset)))


def a_dead_letter_of(topic: str, offset: int, payload: bytes | None = b"{", partition: int = 0) -> bytes:
    letter = DeadLetter(
        stage="detector",
        field="$",
        reason="test",
        source=Position(topic, partition, offset),
        payload=payload,
        dead_lettered_at_ms=0,
    )
    return encode(letter)


def assert_reconciled(counts: Counts) -> None:
    assert counts.transactions_sent == counts.scored + counts.transactions_dead_lettered + counts.in_flight
    ended = counts.label_examples + counts.label_revisions + counts.label_confirmations + counts.labels_dead_lettered
    assert counts.labels_accepted == ended + counts.labels_waiting


def test_a_transaction_is_in_flight_until_it_is_scored(ledger):
    ledger.sent(0, 0)
    assert counts_of(ledger).in_flight == 1
    ledger.scored(a_score_of(0))
    assert (counts_of(ledger).scored, counts_of(ledger).in_flight) == (1, 0)


def test_a_score_counts_only_after_its_transaction_was_read(ledger):
    ledger.scored(a_score_of(0))
    assert (counts_of(ledger).scored, counts_of(ledger).in_flight) == (0, 0)
    ledger.sent(0, 0)
    assert counts_of(ledger).scored == 1


def test_a_position_scored_three_times_is_one_scored_twice(ledger):
    ledger.sent(0, 7)
    for _ in range(3):
        ledger.scored(a_score_of(7))
    assert (counts_of(ledger).scored, counts_of(ledger).scored_twice) == (1, 1)


def test_the_same_offset_of_two_partitions_is_two_transactions(ledger):
    for partition in (0, 1):
        ledger.sent(partition, 5)
        ledger.scored(a_score_of(5, partition))
    assert (counts_of(ledger).scored, counts_of(ledger).scored_twice) == (2, 0)


def test_a_position_both_scored_and_dead_lettered_is_scored(ledger):
    ledger.sent(0, 0)
    ledger.dead_lettered(a_dead_letter_of(TOPICS.transactions, 0))
    assert counts_of(ledger).transactions_dead_lettered == 1
    ledger.scored(a_score_of(0))
    assert (counts_of(ledger).scored, counts_of(ledger).transactions_dead_lettered) == (1, 0)
    assert_reconciled(counts_of(ledger))


def test_a_dead_user_event_is_not_a_transaction(ledger):
    ledger.sent(0, 0)
    ledger.dead_lettered(a_dead_letter_of(TOPICS.user_events, 0))
    assert (counts_of(ledger).transactions_dead_lettered, counts_of(ledger).in_flight) == (0, 1)


def test_scores_of_another_namespace_change_nothing(ledger):
    ledger.sent(0, 0)
    ledger.scored(a_score_of(0, topic="other.transactions"))
    assert counts_of(ledger).in_flight == 1


@pytest.mark.parametrize("foreign", [None, b"", b"\xff", b"[]", b'{"source": 3}', b"[" * 100_000])
def test_foreign_records_change_nothing(ledger, foreign):
    ledger.scored(foreign)
    ledger.dead_lettered(foreign)
    ledger.learned(foreign, foreign)
    ledger.learned(b"1:1", foreign)
    assert counts_of(ledger) == counts_of(Ledger(TOPICS))


@pytest.mark.parametrize(
    ("outcome", "field"),
    [("example", "label_examples"), ("revision", "label_revisions"), ("confirmation", "label_confirmations")],
)
def test_a_label_ends_as_its_outcome(ledger, outcome, field):
    ledger.labelled(0, 0, encode(a_label()))
    assert counts_of(ledger).labels_waiting == 1
    ledger.learned(b"1:1", encode(an_example(outcome=outcome)))
    assert (getattr(counts_of(ledger), field), counts_of(ledger).labels_waiting) == (1, 0)


def test_an_example_read_before_its_label_never_makes_waiting_negative(ledger):
    ledger.learned(b"1:1", encode(an_example()))
    assert (counts_of(ledger).labels_waiting, counts_of(ledger).label_examples) == (0, 0)
    ledger.labelled(0, 0, encode(a_label()))
    assert (counts_of(ledger).labels_waiting, counts_of(ledger).label_examples) == (0, 1)


def test_a_repeated_label_is_accepted_once(ledger):
    ledger.labelled(0, 0, encode(a_label()))
    ledger.labelled(0, 1, encode(a_label(note="again")))
    assert (counts_of(ledger).labels_accepted, counts_of(ledger).labels_repeated) == (1, 1)


def test_one_label_id_on_two_transactions_is_two_labels_as_in_the_join(ledger):
    ledger.labelled(0, 0, encode(a_label(transaction_id="t1")))
    ledger.labelled(0, 1, encode(a_label(transaction_id="t2")))
    ledger.learned(b"1:1", encode(an_example(transaction_id="t1")))
    assert (counts_of(ledger).labels_accepted, counts_of(ledger).labels_waiting) == (2, 1)


@pytest.mark.parametrize(
    "payload", [b"not json", None, b"", json.dumps({"label_id": "l", "transaction_id": 3}).encode()]
)
def test_an_unreadable_label_is_identified_by_its_position(ledger, payload):
    ledger.labelled(2, 9, payload)
    ledger.labelled(2, 10, payload)
    ledger.dead_lettered(a_dead_letter_of(TOPICS.labels, 9, payload, partition=2))
    assert (counts_of(ledger).labels_accepted, counts_of(ledger).labels_dead_lettered) == (2, 1)
    assert_reconciled(counts_of(ledger))


def test_a_label_dead_lettered_twice_by_a_restarted_job_counts_once(ledger):
    payload = encode(a_label())
    ledger.labelled(0, 0, payload)
    for _ in range(2):
        ledger.dead_lettered(a_dead_letter_of(TOPICS.labels, 0, payload))
    assert (counts_of(ledger).labels_dead_lettered, counts_of(ledger).labels_waiting) == (1, 0)


def test_a_corrected_label_counts_as_learned_not_dead(ledger):
    broken = encode(a_label()).replace(b'"fraud"', b'"maybe"')
    ledger.labelled(0, 0, broken)
    ledger.dead_lettered(a_dead_letter_of(TOPICS.labels, 0, broken))
    ledger.labelled(0, 1, encode(a_label()))
    ledger.learned(b"1:1", encode(an_example()))
    assert (counts_of(ledger).label_examples, counts_of(ledger).labels_dead_lettered) == (1, 0)


def test_a_repeated_implicit_example_counts_once(ledger):
    implicit = encode(an_example(label_id=None, verdict="legitimate"))
    for key in (b"1:1", b"1:2", b"1:2"):
        ledger.learned(key, implicit)
    assert counts_of(ledger).implicit_examples == 2


def test_implicit_examples_are_counted_in_the_newest_epoch(ledger):
    implicit = encode(an_example(label_id=None, verdict="legitimate"))
    for key in (b"1:1", b"1:2", b"2:1"):
        ledger.learned(key, implicit)
    assert counts_of(ledger).implicit_examples == 1


def test_a_ledger_resumes_from_its_snapshot_and_label_book():
    first = Ledger(TOPICS)
    first.sent(0, 0)
    first.sent(0, 1)
    first.scored(a_score_of(0))
    first.labelled(0, 0, encode(a_label()))
    first.labelled(0, 1, encode(a_label()))
    stored = msgspec.msgpack.encode(first.snapshot({TOPICS.transactions: {0: 2}}))
    book = LabelBook()
    for number, segment in first.labels.changed_segments().items():
        book.load_segment(number, segment)
    second = Ledger(TOPICS, msgspec.msgpack.decode(stored, type=LedgerSnapshot), book)
    assert counts_of(second) == counts_of(first)
    second.scored(a_score_of(1))
    second.learned(b"1:1", encode(an_example()))
    assert (counts_of(second).in_flight, counts_of(second).labels_waiting) == (0, 0)


@pytest.mark.parametrize("tail", [b'"', b""], ids=["a label with a long note", "a label cut off by its producer"])
def test_a_label_longer_than_its_letter_counts_as_dead(ledger, tail):
    payload = b'{"label_id":"l1","transaction_id":"t1","note":"' + b"x" * 10_000 + tail + b"}"
    ledger.labelled(0, 7, payload)
    record = Inbound(None, payload, TOPICS.labels, 0, 7)
    ledger.dead_lettered(encode(dead_letter(record, InvalidRecord("$", "r"), job="label-join", now_ms=0)))
    assert (counts_of(ledger).labels_dead_lettered, counts_of(ledger).labels_waiting) == (1, 0)


def test_an_old_letter_without_ids_is_identified_by_its_payload(ledger):
    payload = encode(a_label())
    ledger.labelled(0, 0, payload)
    ledger.dead_lettered(a_dead_letter_of(TOPICS.labels, 0, payload))
    assert counts_of(ledger).labels_dead_lettered == 1


def test_a_label_whose_garbage_begins_after_its_letter_ends_is_identified_by_its_position(ledger):
    payload = b'{"transaction_id":"t","label_id":"l"}' + b" " * 5000 + b"garbage"
    ledger.labelled(0, 7, payload)
    record = Inbound(None, payload, TOPICS.labels, 0, 7)
    ledger.dead_lettered(encode(dead_letter(record, InvalidRecord("$", "r"), job="label-join", now_ms=0)))
    assert (counts_of(ledger).labels_dead_lettered, counts_of(ledger).labels_waiting) == (1, 0)


@pytest.mark.parametrize("payload", [b'{"transaction_id": "t1", "amount": "much"}', None])
def test_only_the_label_of_a_refused_transaction_waits_in_vain(ledger, payload):
    """A dead letter that names no transaction hides no label."""
    ledger.labelled(0, 0, encode(a_label(label_id="l1", transaction_id="t1")), 1000)
    ledger.labelled(0, 1, encode(a_label(label_id="l2", transaction_id="t2")), 2000)
    ledger.sent(0, 0)
    record = Inbound(None, payload, TOPICS.transactions, 0, 0)
    ledger.dead_lettered(encode(dead_letter(record, InvalidRecord("amount", "r"), job="detector", now_ms=0)))
    counts, named = counts_of(ledger), [("l1", "t1", 1000), ("l2", "t2", 2000)]
    assert counts.labels_of_refused == (payload is not None)
    assert counts.longest_waiting == [WaitingLabel(*label) for label in named[counts.labels_of_refused :]]


@pytest.mark.parametrize("offset", [10**30, -(10**30), 2**63])
def test_a_position_that_no_topic_has_counts_as_foreign(ledger, offset):
    ledger.scored(a_score_of(offset))
    ledger.scored(a_score_of(0, partition=offset))
    ledger.dead_lettered(a_dead_letter_of(TOPICS.transactions, offset))
    ledger.dead_lettered(a_dead_letter_of(TOPICS.labels, offset))
    assert msgspec.msgpack.encode(ledger.snapshot({})) == msgspec.msgpack.encode(Ledger(TOPICS).snapshot({}))
