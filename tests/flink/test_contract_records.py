"""The path of records from Kafka through SQL and a Python operator and back, byte for byte."""

import json
import subprocess
import sys
from collections import defaultdict
from typing import Any, NamedTuple

import psutil
import pytest
from confluent_kafka import Message

from tests.flink.contract_cluster import rest, running_file, vertices
from tests.flink.jobs import read
from tests.waiting import eventually
from weir.kafka_clients import create_topics, producer
from weir.settings import Settings

KEYS = {
    "a user": (b'{"user_id":"u1"}', "u1"),
    "a number": (b'{"user_id":17}', "17"),
    "an emoji and a zero": ('{"user_id":"\U0001f600\\u0000"}'.encode(), "\U0001f600\0"),
    "a lone surrogate": (b'{"user_id":"\\ud800"}', "?"),
    "invalid UTF-8": (b'{"user_id":"u\xff\xfe"}', "u\ufffd\ufffd"),
    "an encoded surrogate": (b'{"user_id":"c\xed\xa0\x80"}', "c\ufffd"),
    "null": (b'{"user_id":null}', ""),
    "an object": (b'{"user_id":{"a":1}}', ""),
    "no object": (b"[1,2]", ""),
    "no JSON": (b"{nojson", ""),
    "UTF-16": ('{"user_id":"u"}'.encode("utf-16"), ""),
    "nothing": (b"", ""),
    "a tombstone": (None, ""),
    "too deep for Jackson": (b'{"user_id":"u","a":' + b"[" * 5000 + b"]" * 5000 + b"}", ""),
    "too many brackets": (b"[" * 100_000, ""),
    "too many digits": (b'{"user_id":"u","a":' + b"9" * 2000 + b"}", ""),
    "too large a number": (b'{"user_id":"u","a":1e999999999}', "u"),
    "a long user": (b'{"user_id":"' + b"x" * 100_000 + b'"}', "x" * 100_000),
}
SPREAD, ROUNDS, PARTITIONS = 60, 3, 4
TOTAL = len(KEYS) + SPREAD * ROUNDS + 2


class Seen(NamedTuple):
    reports: dict[tuple[str, int, int], dict[str, Any]]
    sent: dict[str, tuple[str, int, int]]
    copies: list[Message]
    replies: list[Message]
    metrics: dict[str, float]


@pytest.fixture(scope="module")
def seen(broker, flink_cluster) -> Seen:
    settings = Settings(
        namespace="contract-records", signing_key="test", kafka={"bootstrap_servers": broker, "partitions": PARTITIONS}
    )
    topics = settings.topics
    create_topics(broker, topics.all())
    sent: dict[str, tuple[str, int, int]] = {}
    _send(broker, topics, sent)
    with running_file(flink_cluster, settings, "contract_probe.py") as job_id:
        reports = read(broker, topics.scored, lambda records: len(records) >= TOTAL, 60)
        copies = read(broker, topics.dead_letters, lambda records: len(records) >= TOTAL, 20)
        replies = read(broker, topics.replies, lambda records: len(records) >= 1, 20)
        metrics = eventually(lambda: _metrics(flink_cluster, job_id), 30)
    decoded = [json.loads(record.value()) for record in reports]
    by_position = {(report["topic"], report["partition"], report["offset"]): report for report in decoded}
    return Seen(by_position, sent, copies, replies, metrics)


def _send(broker, topics, sent) -> None:
    out = producer(broker)

    def remember(case: str):
        return lambda _, record: sent.__setitem__(case, (record.topic(), record.partition(), record.offset()))

    for case, (payload, _) in KEYS.items():
        out.produce(topics.transactions, key=case, value=payload, on_delivery=remember(case))
    for number in range(SPREAD * ROUNDS):
        user = f"user-{number % SPREAD}"
        out.produce(topics.transactions, key=user, value=json.dumps({"user_id": user}))
    out.produce(topics.user_events, value=b'{"user_id":"u1"}', on_delivery=remember("no key"))
    out.produce(
        topics.transactions,
        key=b"\xff\x00",
        value=b'{"user_id":"who waits"}',
        headers={"weir-reply-to": b"api\xed\xa0\x80\xff"},
        on_delivery=remember("a reply"),
    )
    out.flush()


def _metrics(cluster, job_id) -> dict[str, float]:
    vertex = next(vertex["id"] for vertex in vertices(cluster, job_id) if "probe" in vertex["name"])
    path = f"/jobs/{job_id}/vertices/{vertex}/metrics"
    names = [metric["id"] for metric in rest(cluster, path) if "contract_" in metric["id"]]
    values = {metric["id"]: float(metric["value"]) for metric in rest(cluster, f"{path}?get={','.join(names)}")}
    return values if values.get("0.probe.contract_records") == TOTAL else {}


@pytest.mark.parametrize("case", KEYS)
def test_key_from_the_payload_is_text_that_never_stops_the_job(seen, case):
    assert seen.reports[seen.sent[case]]["key"] == KEYS[case][1]


@pytest.mark.parametrize("case", KEYS)
def test_payload_passes_through_python_byte_for_byte(seen, case):
    assert [copy.value() for copy in seen.copies if copy.key() == case.encode()] == [KEYS[case][0]]


def test_record_without_a_kafka_key_keeps_none(seen):
    assert [copy.value() for copy in seen.copies if copy.key() is None] == [b'{"user_id":"u1"}']


def test_two_topics_of_one_source_share_a_users_state(seen):
    both = [seen.reports[seen.sent[case]] for case in ("a user", "no key")]
    assert sorted(report["state"]["seen"] for report in both) == [1, 2]


def test_reply_has_the_bytes_of_the_header_as_its_key(seen):
    assert [(reply.key(), reply.value()) for reply in seen.replies] == [
        (b"api\xed\xa0\x80\xff", b'{"user_id":"who waits"}')
    ]


def test_every_record_comes_with_its_own_position(seen):
    assert len(seen.reports) == TOTAL


def test_each_key_stays_in_one_partition_and_keys_spread_over_all(seen):
    partitions = defaultdict(set)
    for copy in seen.copies:
        if (copy.key() or b"").startswith(b"user-"):
            partitions[copy.key()].add(copy.partition())
    assert {len(where) for where in partitions.values()} == {1}
    assert set.union(*partitions.values()) == set(range(PARTITIONS))


def test_python_runs_inside_the_taskmanager(seen):
    pids = {report["pid"] for report in seen.reports.values()}
    assert len(pids) == 1
    assert any("TaskManagerRunner" in argument for argument in psutil.Process(pids.pop()).cmdline())


def test_python_in_its_own_process_is_refused():
    program = "from weir.flink_environment import require_thread_mode; require_thread_mode()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "DeploymentError" in done.stderr
    assert "process mode" in done.stderr


def test_python_counters_meters_and_distributions_appear_in_rest(seen):
    assert seen.metrics["0.probe.contract_records"] == TOTAL
    assert set(seen.metrics) == {
        "0.probe.contract_records",
        "0.probe.contract_rate",
        "0.probe.contract_sizes",
    }
