"""The reader of receipts on a real broker and a real database: what became of labels, once, whatever stops it."""

import time
import uuid
from contextlib import contextmanager

import pytest

from feedback_api.kafka_receipts import ReceiptReader
from feedback_api.sql_database import open_database
from feedback_api.sql_labels import SqlLabels
from feedback_api.sql_receipts import SqlReceipts
from tests.builders import a_label, a_transaction, an_example
from tests.waiting import eventually
from weir import kafka_clients
from weir.messages import DeadLetter, EntryNumber, Position, Publication, encode
from weir.topics import Topics


@pytest.fixture
def topics(broker):
    made = Topics(f"receipts-{uuid.uuid4().hex[:8]}", 2)
    kafka_clients.create_topics(broker, made.all())
    return made


@pytest.fixture
def put(broker):
    producer = kafka_clients.producer(broker)

    def put(topic, value, key=b"k"):
        producer.produce(topic, value, key=key)
        producer.flush(5)

    return put


@pytest.fixture
def engine(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'weir.db'}")
    SqlLabels(engine, lambda: 1).store([a_label(label_id=f"l{n}", transaction_id=f"t{n}") for n in range(1, 5)])
    yield engine
    engine.dispose()


@contextmanager
def reading(broker, topics, engine):
    receipts = SqlReceipts(engine)
    reader = ReceiptReader(broker, topics, receipts, prepare=lambda: None)
    try:
        yield receipts
    finally:
        reader.close()


def learn(put, topics, n, label_id, **fields):
    example = an_example(transaction_id=f"t{n}", label_id=label_id, **fields)
    put(topics.learning_log, encode(example), EntryNumber(1, n).key)


def publish(put, topics, n):
    fields = {"publication": n, "epoch": 1, "contender": "champion", "artefact": b"", "signature": "", "digest": ""}
    put(topics.control, encode(Publication(n=n, published_at_ms=10 * n, **fields)), b"champion")


def bury(put, topics, n, source_topic):
    letter = DeadLetter(
        stage="label-join",
        field="labelled_at_ms",
        reason="was made too early",
        source=Position(source_topic, 0, n),
        label_id=f"l{n}",
        transaction_id=f"t{n}",
        dead_lettered_at_ms=77,
    )
    put(topics.dead_letters, encode(letter))


def facts(receipts):
    found = receipts.resolved([f"t{n}" for n in range(1, 5)])
    return {one.label_id: (one.n, one.reason, one.in_force_since_ms) for labels in found.values() for one in labels}


def test_labels_are_joined_in_force_or_refused(broker, topics, put, engine):
    learn(put, topics, 1, "l1")
    with reading(broker, topics, engine) as receipts:
        learn(put, topics, 2, "l2")
        bury(put, topics, 3, topics.labels)
        bury(put, topics, 4, topics.transactions)
        for foreign in (b"{nonsense", None, encode(a_transaction())):
            put(topics.learning_log, foreign, b"not a number")
            put(topics.dead_letters, foreign)
            put(topics.control, foreign)
        publish(put, topics, 1)
        reason = "labelled_at_ms: was made too early"
        expected = {"l1": (1, None, 10), "l2": (2, None, None), "l3": (None, reason, None), "l4": (None, None, None)}
        eventually(lambda: facts(receipts) == expected, deadline_s=20)
        publish(put, topics, 2)
        eventually(lambda: facts(receipts)["l2"] == (2, None, 20), deadline_s=20)


def test_a_reader_goes_on_where_the_last_one_stopped(broker, topics, put, engine):
    publish(put, topics, 9)
    learn(put, topics, 1, "l1")
    with reading(broker, topics, engine) as receipts:
        eventually(lambda: facts(receipts)["l1"] == (1, None, 90), deadline_s=20)
    learn(put, topics, 2, "l2")
    learn(put, topics, 3, None)
    with reading(broker, topics, engine) as receipts:
        eventually(lambda: facts(receipts)["l2"] == (2, None, 90), deadline_s=20)
        assert receipts.offsets()[topics.learning_log, 0] >= 2


def test_the_reader_waits_for_a_database_that_does_not_answer(broker, topics, put, engine):
    with reading(broker, topics, engine) as receipts:
        time.sleep(1)
        with engine.connect() as blocking:
            blocking.exec_driver_sql("BEGIN EXCLUSIVE")
            learn(put, topics, 1, "l1")
            time.sleep(7)  # SQLite gives up after five
            blocking.rollback()
        eventually(lambda: facts(receipts)["l1"][0] == 1, deadline_s=20)
