"""The learning log when TaskManagers are killed: numbered densely, written once, and the cost of a long outage.

sent      1..100 | 101..130            131..180 |                    181..190
          pre-committed | open         pre-committed |
                        ^ killed                     ^ killed, and restored after the transaction timeout
"""

import signal
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
from confluent_kafka import KafkaError, TopicPartition

from tests.flink.contract_cluster import running_file, until_running
from tests.flink.contract_kills import (
    KillableCluster,
    begin_checkpoint,
    complete_checkpoint,
    killable_cluster,
    until_completed,
    until_only_missing,
)
from tests.flink.jobs import read
from tests.waiting import eventually
from weir.kafka_clients import consumer, create_topics, producer
from weir.settings import Settings

pytestmark = pytest.mark.timeout(3600)  # six TaskManagers start and four die

# Long enough that half of a core reaches the pre-commit in time; what the broker aborts before is replayed, not lost.
SHORT_TIMEOUT = {"WEIR_FLINK__TRANSACTION_TIMEOUT_MS": "60000"}
FIRST, OPEN, LOST, LAST = range(1, 101), range(101, 131), range(131, 181), range(181, 191)


class Outcome(NamedTuple):
    """The entries that a read-committed reader saw, in order: their contents, and for the final read their keys too."""

    before_the_restore: list[int]
    after_the_restore: list[int]
    final: list[tuple[str, int]]


@pytest.fixture(scope="module")
def outcome(broker, cache_dir, tmp_path_factory) -> Outcome:
    settings = Settings(
        namespace="contract-once", signing_key="test", kafka={"bootstrap_servers": broker, "partitions": 2}
    )
    create_topics(broker, settings.topics.all())
    log, job = _Log(broker, settings), "contract_exactly_once.py"
    with killable_cluster(tmp_path_factory.mktemp("kills"), cache_dir) as cluster:
        with running_file(cluster.flink, settings, job) as job_id:
            log.write(FIRST)
            _kill_before_the_commit(cluster, job_id, log, OPEN)
            before_the_restore = log.committed()
            _replace(cluster, job_id, "second")
            after_the_restore = log.committed(len(FIRST))
            log.until_written(len(OPEN))
            stood_at = complete_checkpoint(cluster.flink, job_id)
        with running_file(cluster.flink, settings, job, "-s", stood_at, **SHORT_TIMEOUT) as job_id:
            log.write(LOST)
            _kill_before_the_commit(cluster, job_id, log, range(0))
            log.until_nothing_is_open()
            _replace(cluster, job_id, "third")
            log.write(LAST)
            complete_checkpoint(cluster.flink, job_id)
            final = log.entries(len(FIRST) + len(OPEN) + len(LAST))
    return Outcome(before_the_restore, after_the_restore, final)


def _kill_before_the_commit(cluster: KillableCluster, job_id: str, log: "_Log", then: range) -> None:
    """Let the sink pre-commit and write `then` into its next transaction; kill all TaskManagers before it commits."""
    sink, brake = cluster.taskmanager_of(job_id, "learning_log"), cluster.flink.folder / "brake"
    held = brake.with_suffix(".held")
    held.unlink(missing_ok=True)
    brake.touch()
    log.brake(brake)
    eventually(held.exists, 60)
    checkpoint = begin_checkpoint(cluster.flink, job_id)
    until_only_missing(cluster.flink, job_id, checkpoint, 1)
    log.write(then)
    cluster.signal(sink, signal.SIGSTOP)
    brake.unlink()
    until_completed(cluster.flink, job_id, checkpoint)
    cluster.kill_all()


def _replace(cluster: KillableCluster, job_id: str, name: str) -> None:
    cluster.add_taskmanagers(f"{name}-for-the-log", f"{name}-for-the-brake")
    until_running(cluster.flink, job_id)


class _Log:
    """Sends numbered records and reads the learning log, either committed entries only or all of them."""

    def __init__(self, broker: str, settings: Settings) -> None:
        self._broker, self._topics, self._out = broker, settings.topics, producer(broker)
        self._written = 0

    def write(self, numbers: range) -> None:
        """Send records and wait until the sink has written them, committed or not."""
        self._written = self._end("read_uncommitted")
        for number in numbers:
            self._out.produce(self._topics.scored, key=f"t{number}", value=str(number))
        self._out.flush()
        self.until_written(len(numbers))

    def until_written(self, count: int) -> None:
        """Wait for `count` more entries, committed or not."""
        eventually(lambda: self._end("read_uncommitted") >= self._written + count, 60)
        self._written = self._end("read_uncommitted")

    def brake(self, file: Path) -> None:
        self._out.produce(self._topics.user_events, value=str(file))
        self._out.flush()

    def committed(self, at_least: int = 0) -> list[int]:
        """Return the content of each committed entry, in order."""
        return [number for _, number in self.entries(at_least)]

    def entries(self, at_least: int) -> list[tuple[str, int]]:
        """Return key and content of the committed entries, in order, once there are enough or no more arrive."""
        deadline_s = 60 if at_least else 2
        records = read(
            self._broker, self._topics.learning_log, lambda found: len(found) >= max(at_least, 1), deadline_s
        )
        return [(record.key().decode(), int(record.value())) for record in records]

    def until_nothing_is_open(self) -> None:
        """Wait until the broker has aborted the open transaction after its timeout."""
        eventually(lambda: self._end("read_committed") == self._end("read_uncommitted"), 150)

    def _end(self, isolation_level: str) -> int:
        """Return the offset at which a reader of this isolation level has read everything."""
        reader = consumer(self._broker, "contract-end", isolation_level=isolation_level, enable_partition_eof=True)
        reader.assign([TopicPartition(self._topics.learning_log, 0, 0)])
        try:
            while not ((record := reader.poll(10)) and record.error()):
                pass
            assert record.error().code() == KafkaError._PARTITION_EOF
            return record.offset()
        finally:
            reader.close()


def _keys(numbers: Iterable[int]) -> list[str]:
    return [f"1:{number}" for number in numbers]


def test_precommitted_entries_are_not_seen_before_the_restore(outcome):
    assert outcome.before_the_restore == []


def test_restore_commits_precommitted_entries(outcome):
    assert set(outcome.after_the_restore) >= set(FIRST)


def test_entries_of_a_killed_transaction_are_written_once_by_the_replay(outcome):
    contents = [number for _, number in outcome.final]
    assert sorted(number for number in contents if number in {*FIRST, *OPEN}) == [*FIRST, *OPEN]


def test_numbers_are_dense_in_partition_order_over_a_kill(outcome):
    survived = len(FIRST) + len(OPEN)
    assert [key for key, _ in outcome.final[:survived]] == _keys(range(1, survived + 1))


def test_outage_beyond_the_transaction_timeout_loses_entries_and_leaves_a_gap(outcome):
    assert sorted(number for _, number in outcome.final) == [*FIRST, *OPEN, *LAST]
    assert [key for key, _ in outcome.final] == _keys([*FIRST, *OPEN, *LAST])
