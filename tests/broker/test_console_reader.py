"""The console's reader on a real broker: what was there before it, what comes, and what it must not stumble over."""

import time
import uuid
from contextlib import contextmanager

import pytest

from feedback_api.console import kafka_console
from feedback_api.console.facts import Alerted, Learned, Reachable
from feedback_api.console.kafka_console import ConsoleReader
from tests.builders import DAY_MS, a_scored_transaction, an_example, some_counts
from tests.waiting import eventually
from weir import kafka_clients
from weir.messages import Counts, Publication, encode
from weir.topics import Topics


def now_ms():
    return time.time_ns() // 1_000_000


@pytest.fixture
def topics(broker):
    made = Topics(f"console-{uuid.uuid4().hex[:8]}", 1)
    kafka_clients.create_topics(broker, made.all())
    return made


@pytest.fixture
def put(broker):
    producer = kafka_clients.producer(broker)

    def put(topic, key, value, at_ms=None):
        producer.produce(topic, value, key=key, timestamp=at_ms or now_ms())
        producer.flush(5)

    return put


@contextmanager
def reading(broker, topics):
    facts = []
    reader = ConsoleReader(broker, topics, uuid.uuid4().hex, prepare=lambda: None, apply=facts.extend)
    try:
        yield facts
    finally:
        reader.close()


def an_alert(number):
    return encode(a_scored_transaction(transaction_id=f"t{number}", decision="review"))


def a_publication(number):
    return encode(
        Publication(
            publication=number,
            epoch=1,
            n=number,
            contender="champion",
            artefact=b"",
            signature="",
            digest="",
            published_at_ms=1,
        )
    )


def alerts_of(facts):
    return [fact.scored.transaction_id for fact in facts if isinstance(fact, Alerted)]


def test_it_reads_the_last_day_and_goes_on(broker, topics, put):
    put(topics.alerts, "t0", an_alert(0), now_ms() - 2 * DAY_MS)
    put(topics.alerts, "t1", an_alert(1), now_ms() - DAY_MS // 2)
    put(topics.learning_log, "1:7", encode(an_example()))
    with reading(broker, topics) as facts:
        eventually(lambda: len(facts) == 2, 10)
        assert [fact.n for fact in facts if isinstance(fact, Learned)] == [7]
        put(topics.alerts, "t2", an_alert(2))
        eventually(lambda: alerts_of(facts) == ["t1", "t2"], 10)


def test_the_model_in_force_is_found_however_old_it_is(broker, topics, put):
    put(topics.control, "champion", a_publication(3), now_ms() - 40 * DAY_MS)
    with reading(broker, topics) as facts:
        eventually(lambda: [fact.publication for fact in facts] == [3], 10)


def test_of_very_many_alerts_only_the_latest_are_read(broker, topics, put, monkeypatch):
    monkeypatch.setattr(kafka_console, "MOST_ALERTS", 3)
    for number in range(9):
        put(topics.alerts, f"t{number}", an_alert(number))
    with reading(broker, topics) as facts:
        eventually(lambda: alerts_of(facts) == ["t6", "t7", "t8"], 10)


def test_a_record_that_is_none_of_its_topics_stops_nothing(broker, topics, put):
    put(topics.alerts, "t1", b"not an alert")
    put(topics.control, "m1", None)
    put(topics.ledger, "counts", encode(some_counts()))
    with reading(broker, topics) as facts:
        eventually(lambda: [type(fact) for fact in facts] == [Counts], 10)


def test_a_broker_that_goes_away_is_told_and_so_is_its_return(broker, topics, monkeypatch):
    monkeypatch.setattr(kafka_console, "ASK_AFTER_S", 0.3)
    monkeypatch.setattr(kafka_console, "_answers", lambda _: False)
    with reading(broker, topics) as facts:
        eventually(lambda: facts, 10)
        assert now_ms() - 10_000 < facts[0].away_since_ms < now_ms()
        monkeypatch.setattr(kafka_console, "_answers", lambda _: True)
        eventually(lambda: facts[1:] == [Reachable(None)], 10)


def test_a_broker_that_is_away_from_the_start_is_told_and_waited_for(topics):
    with reading("127.0.0.1:1", topics) as facts:
        eventually(lambda: facts, 15)
    assert len(facts) == 1
    assert facts[0].away_since_ms is not None
