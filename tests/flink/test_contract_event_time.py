"""Event time where two topics meet: scored transactions drive it; labels neither hold it back nor advance it."""

import json
import time
from typing import Any, NamedTuple

import pytest

from tests.builders import NOON_MS
from tests.flink.contract_cluster import running_file
from tests.flink.jobs import read, state
from weir.kafka_clients import create_topics, producer
from weir.settings import Settings

OUT_OF_ORDER_MS, TIMER_AFTER_MS, IDLE_S = 5_000, 10_000, 1.0
MALFORMED = [
    b'{"event_time_ms":"abc"}',
    b'{"event_time_ms":null}',
    b'{"event_time_ms":1e400}',
    b'{"event_time_ms":-5}',
    b'{"event_time_ms":9223372036854775807}',
    b'{"event_time_ms":-9223372036854775808}',
    b'{"event_time_ms":99999999999999999999999}',
    b"{nojson",
    b"\xff\xfe",
    b"[]",
    None,
]


class Course(NamedTuple):
    """The operator's reports by step; times are milliseconds since noon."""

    one_partition: list[dict[str, Any]]
    labels_alone: list[dict[str, Any]]
    both: list[dict[str, Any]]
    malformed: list[dict[str, Any]]
    after: list[dict[str, Any]]
    state: str


@pytest.fixture(scope="module")
def course(broker, flink_cluster) -> Course:
    settings = Settings(
        namespace="contract-time", signing_key="test", kafka={"bootstrap_servers": broker, "partitions": 2}
    )
    create_topics(broker, settings.topics.all())
    clock = _Clock(broker, settings)
    with running_file(flink_cluster, settings, "contract_time.py") as job_id:
        clock.score("t1", 0)
        clock.score("t2", 40_000)
        one_partition = clock.until(lambda said: said.get("timer") == TIMER_AFTER_MS)
        clock.labels_for(3 * IDLE_S)
        labels_alone = clock.until(lambda _: True)
        clock.score("t3", 100_000)
        clock.labels_for(3 * IDLE_S)
        both = clock.until(lambda said: said.get("timer") == 40_000 + TIMER_AFTER_MS)
        for payload in MALFORMED:
            clock.send(settings.topics.scored, payload)
        malformed = clock.until(lambda _: True)
        clock.score("t4", 200_000)
        after = clock.until(lambda said: said.get("timer") == 100_000 + TIMER_AFTER_MS)
        return Course(one_partition, labels_alone, both, malformed, after, state(flink_cluster, job_id))


class _Clock:
    """Sends records to partition 0 only, and collects the operator's reports from a topic with one partition."""

    def __init__(self, broker: str, settings: Settings) -> None:
        self._broker, self._topics, self._sent, self._told = broker, settings.topics, {}, 0
        self._out = producer(broker)

    def score(self, key: str, since_noon_ms: int) -> None:
        self.send(self._topics.scored, json.dumps({"event_time_ms": NOON_MS + since_noon_ms}).encode(), key)

    def labels_for(self, seconds: float) -> None:
        """Send labels without a pause in which their partition could become idle."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.send(self._topics.labels, b'{"transaction_id":"t1"}')
            self._out.poll(0.02)

    def send(self, topic: str, payload: bytes | None, key: str = "k") -> None:
        self._out.produce(topic, key=key, value=payload, partition=0)
        self._sent[topic] = self._sent.get(topic, 0) + 1

    def until(self, wanted) -> list[dict[str, Any]]:
        """Return the reports since the last call, once every record has one and any report is `wanted`."""
        self._out.flush()
        said = self._said(wanted)
        new, self._told = said[self._told :], len(said)
        return new

    def _said(self, wanted) -> list[dict[str, Any]]:
        def enough(records) -> bool:
            said = [_since_noon(record.value()) for record in records]
            return sum("topic" in one for one in said) >= sum(self._sent.values()) and any(map(wanted, said))

        return [_since_noon(record.value()) for record in read(self._broker, self._topics.replies, enough, 60)]


def _since_noon(said: bytes) -> dict[str, Any]:
    one = json.loads(said)
    return one | {name: one[name] - NOON_MS for name in ("watermark", "timer") if name in one}


def _times(said: list[dict[str, Any]]) -> list[int]:
    return [one["watermark"] for one in said]


def test_timer_fires_although_a_partition_and_the_labels_are_empty(course):
    assert {"key": "t1", "watermark": 40_000 - OUT_OF_ORDER_MS, "timer": TIMER_AFTER_MS} in course.one_partition


def test_labels_alone_do_not_advance_time(course):
    assert len(course.labels_alone) > 10
    assert set(_times(course.labels_alone)) == {40_000 - OUT_OF_ORDER_MS}


def test_flowing_labels_do_not_hold_time_back(course):
    timer = next(place for place, one in enumerate(course.both) if "timer" in one)
    assert any(one.get("topic", "").endswith("labels") for one in course.both[timer:])


def test_malformed_times_neither_stop_the_job_nor_move_time(course):
    assert [one["topic"].rpartition(".")[2] for one in course.malformed] == ["scored-transactions"] * len(MALFORMED)
    assert set(_times(course.malformed)) == {100_000 - OUT_OF_ORDER_MS}
    assert course.state == "RUNNING"


def test_time_advances_after_malformed_times(course):
    assert max(_times(course.after)) == 200_000 - OUT_OF_ORDER_MS
