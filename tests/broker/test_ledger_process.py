"""The ledger as a process on a real broker: killed, restarted and fenced, it counts everything once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from ledger.kafka_ledger import SNAPSHOT_KEY, LedgerProcess, read_stored
from operations.runner.kafka_status import last_commit, ledger_is_behind
from operations.runner.status import ledger as status_of_ledger
from tests.builders import a_label, a_scored_transaction, an_example
from tests.waiting import eventually
from weir.errors import DeploymentError
from weir.kafka_clients import consumer, create_topics, fencing_producer, producer, read_last
from weir.messages import COUNTS, Counts, Position, encode
from weir.settings import KafkaSettings, Settings


@pytest.fixture
def settings(broker, request):
    namespace = request.node.name.replace("_", "-")[-40:].strip("-")
    found = Settings(namespace=namespace, kafka=KafkaSettings(bootstrap_servers=broker, partitions=2))
    create_topics(broker, found.topics.all())
    return found


@contextmanager
def a_ledger(settings: Settings) -> Iterator[subprocess.Popen]:
    env = os.environ | {
        "WEIR_NAMESPACE": settings.namespace,
        "WEIR_KAFKA__BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "WEIR_KAFKA__PARTITIONS": "2",
    }
    process = subprocess.Popen([sys.executable, "-m", "ledger"], env=env)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def send(settings: Settings, start: int, stop: int) -> None:
    """Transactions start..stop of partition 1, each scored; every tenth has a label that was learned."""
    topics, writer = settings.topics, producer(settings.bootstrap_servers)
    for number in range(start, stop):
        writer.produce(topics.transactions, b"not even json", partition=1)
        scored = a_scored_transaction(source=Position(topics.transactions, 1, number))
        writer.produce(topics.scored, encode(scored))
        if number % 10 == 0:
            name = f"n{number}"
            writer.produce(topics.labels, encode(a_label(label_id=name, transaction_id=name)))
            example = encode(an_example(label_id=name, transaction_id=name))
            writer.produce(topics.learning_log, example, b"1:%d" % (number // 10 + 1))
    assert writer.flush(30) == 0


def written(settings: Settings) -> Counts | None:
    stored = read_last(settings.bootstrap_servers, settings.topics.ledger)
    return COUNTS.decode(stored) if stored else None


def assert_counts(settings: Settings, transactions: int, labels: int) -> bool:
    counts = written(settings)
    assert counts is not None
    assert (counts.transactions_sent, counts.scored, counts.in_flight) == (transactions, transactions, 0)
    assert (counts.labels_accepted, counts.label_examples, counts.labels_waiting) == (labels, labels, 0)
    assert (counts.scored_twice, counts.labels_repeated) == (0, 0)
    return True


def test_ledger_killed_in_mid_stream_counts_nothing_twice_and_misses_nothing(settings):
    with a_ledger(settings) as first:
        send(settings, 0, 2000)
        eventually(lambda: assert_counts(settings, 2000, 200))
        send(settings, 2000, 3000)
        first.kill()
    send(settings, 3000, 4000)
    with a_ledger(settings):
        eventually(lambda: assert_counts(settings, 4000, 400))


def test_ledger_told_to_stop_commits_what_it_read_and_ends_well(settings):
    with a_ledger(settings) as process:
        send(settings, 0, 50)
        eventually(lambda: assert_counts(settings, 50, 5))
        process.terminate()
        assert process.wait(20) == 0


def test_a_second_ledger_fences_the_first(settings):
    with a_ledger(settings) as first:
        send(settings, 0, 10)
        eventually(lambda: assert_counts(settings, 10, 1))
        second = LedgerProcess(settings)
        send(settings, 10, 20)
        assert first.wait(30) == 1
        eventually(lambda: second.step() or assert_counts(settings, 20, 2))
        second.close()


def test_ledger_goes_on_from_kafka_without_reading_again(settings):
    send(settings, 0, 100)
    first = LedgerProcess(settings)
    eventually(lambda: first.step() or first.commit() or assert_counts(settings, 100, 10))
    first.close()
    snapshot, book = read_stored(settings.bootstrap_servers, settings.topics)
    assert snapshot.offsets[settings.topics.transactions] == {1: 100}
    assert snapshot.sent == {1: [(0, 100)]}
    assert book.accepted == 10


def test_a_foreign_snapshot_ends_the_ledger_with_a_remedy(settings):
    writer = producer(settings.bootstrap_servers)
    writer.produce(settings.topics.ledger, b"\xff not a snapshot", SNAPSHOT_KEY)
    assert writer.flush(30) == 0
    with pytest.raises(DeploymentError, match=f"Delete the topic {settings.topics.ledger}"):
        LedgerProcess(settings)


def test_ledger_is_behind_until_it_has_read_every_record_but_not_because_of_markers(settings):
    send(settings, 0, 100)
    ledger = LedgerProcess(settings)
    eventually(lambda: ledger.step() or ledger.commit() or not is_behind(settings))
    assert_counts(settings, 100, 10)
    writer = fencing_producer(settings.bootstrap_servers, f"test-{settings.namespace}")
    writer.begin_transaction()
    example = encode(an_example(label_id=None, transaction_id="t0"))
    writer.produce(settings.topics.learning_log, example, b"1:11")
    assert writer.flush(30) == 0
    assert is_behind(settings)  # an open transaction
    writer.commit_transaction()
    assert is_behind(settings)  # a record
    eventually(lambda: ledger.step() or ledger.commit() or not is_behind(settings))
    writer.begin_transaction()
    writer.produce(settings.topics.learning_log, example, b"1:12")
    assert writer.flush(30) == 0
    writer.abort_transaction()
    assert not is_behind(settings)  # two markers and an aborted record
    ledger.close()


def is_behind(settings: Settings) -> bool:
    commit = last_commit(settings)
    assert commit is not None
    return ledger_is_behind(settings, commit[1])


def test_the_status_finds_a_transaction_that_the_detector_passed_over(settings):
    send(settings, 0, 10)
    writer = producer(settings.bootstrap_servers)
    writer.produce(settings.topics.transactions, b"lost", partition=1)
    assert writer.flush(30) == 0
    ledger = LedgerProcess(settings)
    eventually(lambda: ledger.step() or ledger.commit() or not is_behind(settings))
    ledger.close()
    assert reconciliation(settings)["on_their_way"] == ["The detector has yet to score 1 transaction."]
    detector = consumer(settings.bootstrap_servers, f"weir-{settings.namespace}-detector")
    detector.commit(offsets=[TopicPartition(settings.topics.transactions, 1, 11)], asynchronous=False)
    detector.close()
    found = reconciliation(settings)
    assert (found["reconciles"], found["on_their_way"]) == (False, [])
    (sentence,) = found["differences"]
    assert "but 1 got neither score nor dead letter; the first is 1:" in sentence
    sent = datetime.strptime(sentence.rpartition("sent at ")[2], "%Y-%m-%d %H:%M:%S UTC.").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - sent) < timedelta(hours=1)


def reconciliation(settings: Settings) -> dict[str, Any]:
    found = status_of_ledger(settings)
    assert found is not None
    return found["reconciliation"]
