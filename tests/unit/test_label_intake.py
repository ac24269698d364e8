"""From bytes to what the label join brings out."""

import pytest

from learner.label_intake import LabelIntake
from tests.builders import NOON_MS, a_label, a_scored_transaction
from weir.messages import DEAD_LETTER, EXAMPLE, Position, encode
from weir.records import Record
from weir.settings import LearningSettings
from weir.topics import Topics

TOPICS = Topics("live")


@pytest.fixture
def intake() -> LabelIntake:
    return LabelIntake(LearningSettings(maturity_horizon_s=3600, retention_s=7200, implicit_share=1.0), TOPICS)


def scored(**fields) -> Record:
    return Record(b"t1", encode(a_scored_transaction(**fields)), TOPICS.scored, 0, 1)


def label(**fields) -> Record:
    return Record(b"t1", encode(a_label(**fields)), TOPICS.labels, 0, 2)


def test_label_on_a_scored_transaction_leaves_for_the_learning_log(intake):
    state = intake.take(scored(), "t1", None, NOON_MS).state
    (leaving,) = intake.take(label(), "t1", state, NOON_MS).outbound
    assert leaving.topic == TOPICS.learning_log
    assert EXAMPLE.decode(leaving.payload).verdict == "fraud"


def test_what_cannot_be_read_is_buried_and_leaves_the_state_alone(intake):
    state = intake.take(scored(), "t1", None, NOON_MS).state
    taken = intake.take(Record(b"k", b'{"label_id":1}', TOPICS.labels, 1, 9), "", state, NOON_MS)
    letter = DEAD_LETTER.decode(taken.outbound[0].payload)
    assert taken.state == state
    assert (letter.field, letter.source, letter.payload) == (
        "label_id",
        Position(TOPICS.labels, 1, 9),
        b'{"label_id":1}',
    )


def test_transaction_asks_to_be_woken_at_maturity(intake):
    assert intake.take(scored(), "t1", None, NOON_MS).timer_ms == NOON_MS + 3600_000


def test_end_of_retention_forgets_the_transaction(intake):
    state = intake.take(scored(), "t1", None, NOON_MS).state
    assert intake.wake(NOON_MS + 7200_000, state, NOON_MS).state is None


def test_expired_label_is_buried_with_its_bytes_and_id(intake):
    record = label()
    state = intake.take(record, "t1", None, NOON_MS).state
    taken = intake.wake(a_label().labelled_at_ms + 7200_000, state, NOON_MS)
    letter = DEAD_LETTER.decode(taken.outbound[0].payload)
    assert (letter.label_id, letter.payload, letter.source) == ("l1", record.payload, record_position(record))


def record_position(record: Record) -> Position:
    return Position(record.topic, record.partition, record.offset)


def test_label_under_another_key_than_its_transactions_is_buried(intake):
    (leaving,) = intake.take(label(), "", None, NOON_MS).outbound
    assert leaving.topic == TOPICS.dead_letters
