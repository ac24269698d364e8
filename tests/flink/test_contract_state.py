"""The life of one job: a large model in broadcast state, a crash, a restore, and a version with another operator."""

import json
import random
from hashlib import sha256
from typing import Any, NamedTuple

import pytest

from tests.builders import NOON_MS
from tests.flink.contract_cluster import running_file, savepoint, until_next_checkpoint
from tests.flink.jobs import read
from tests.waiting import eventually
from weir.kafka_clients import create_topics, producer
from weir.settings import Settings

MODEL = random.Random(7).randbytes(1024 * 1024)
SECOND_MS = 1000


class Life(NamedTuple):
    warmed: dict[str, Any]
    woken: dict[str, Any]
    crashed: dict[str, Any]
    succeeded: dict[str, Any]
    appended: list[tuple[bytes, bytes]]
    model_sizes: set[int]


@pytest.fixture(scope="module")
def life(broker, flink_cluster, tmp_path_factory) -> Life:
    settings = Settings(
        namespace="contract-state", signing_key="test", kafka={"bootstrap_servers": broker, "partitions": 1}
    )
    topics, user = settings.topics, _User(broker, settings)
    create_topics(broker, topics.all())
    _publish(broker, topics.control)
    with running_file(flink_cluster, settings, "contract_probe.py") as job_id:
        warmed = eventually(lambda: _with_model(user.send({})), 60)
        user.send({"event_time_ms": NOON_MS, "wake_ms": NOON_MS + SECOND_MS})
        user.send({"event_time_ms": NOON_MS + 2 * SECOND_MS})
        woken = user.report(lambda report: "timer" in report)
        until_next_checkpoint(flink_cluster, job_id)
        marker = tmp_path_factory.mktemp("crash") / "marker"
        marker.touch()
        crashed = user.send({"crash_once": str(marker)}) | {"marker": marker.exists()}
        until_next_checkpoint(flink_cluster, job_id)
        stood_at = savepoint(flink_cluster, job_id)
    with running_file(flink_cluster, settings, "contract_probe.py", "-s", stood_at, CONTRACT_CHANGED="1"):
        succeeded = user.send({})
        user.produce(topics.labels, b"a label", b"for the appended table")
        appended = read(broker, topics.learning_log, lambda records: len(records) >= 1, 30)
    sizes = {report["model"]["bytes"] for report in user.reports()}
    return Life(warmed, woken, crashed, succeeded, [(record.key(), record.value()) for record in appended], sizes)


def _publish(broker, control: str) -> None:
    """Send two Kafka transactions: abort the first, commit the second with the model."""
    out = producer(broker, transactional_id="contract-state")
    out.init_transactions()
    out.begin_transaction()
    out.produce(control, key=b"champion", value=b"never committed")
    out.flush()
    out.abort_transaction()
    out.begin_transaction()
    out.produce(control, key=b"champion", value=MODEL)
    out.commit_transaction()


def _with_model(report: dict[str, Any]) -> dict[str, Any] | None:
    return report if report["model"]["bytes"] else None


class _User:
    """Sends one record at a time, all of one user, and waits for the operator's report on each."""

    def __init__(self, broker: str, settings: Settings) -> None:
        self._broker, self._topics, self._sent = broker, settings.topics, 0
        self._out = producer(broker)

    def produce(self, topic: str, key: bytes, value: bytes) -> None:
        self._out.produce(topic, key=key, value=value)
        self._out.flush()

    def send(self, facts: dict[str, Any]) -> dict[str, Any]:
        self.produce(self._topics.transactions, b"u1", json.dumps({"user_id": "u1"} | facts).encode())
        self._sent += 1
        return self.report(lambda report: report.get("offset") == self._sent - 1) | {"sent": self._sent}

    def report(self, wanted) -> dict[str, Any]:
        return next(report for report in reversed(self.reports(wanted)) if wanted(report))

    def reports(self, wanted=lambda _: True) -> list[dict[str, Any]]:
        def arrived(records) -> bool:
            return any(wanted(json.loads(record.value())) for record in records)

        return [json.loads(record.value()) for record in read(self._broker, self._topics.scored, arrived, 90)]


def test_model_of_eight_megabytes_arrives_whole(life):
    assert life.warmed["model"] == {"bytes": len(MODEL), "sha256": sha256(MODEL).hexdigest()}


def test_aborted_publication_is_never_seen(life):
    assert life.model_sizes <= {0, len(MODEL)}


def test_event_time_timer_fires_while_the_control_topic_is_silent(life):
    assert life.woken["timer"] == NOON_MS + SECOND_MS


def test_model_is_compiled_from_restored_state_by_the_first_record_after_a_crash(life):
    assert life.crashed["marker"] is False
    assert life.crashed["model"]["sha256"] == sha256(MODEL).hexdigest()


def test_keyed_state_is_exact_after_a_crash(life):
    assert life.crashed["state"] == {"seen": life.crashed["sent"]}


def test_next_version_restores_a_savepoint_whose_state_lacks_its_new_field(life):
    assert life.succeeded["operator"] == "ChangedProbe"
    assert life.succeeded["state"] == {"seen": life.succeeded["sent"], "written_by": "Probe"}


def test_next_version_has_the_model_from_the_savepoint(life):
    assert life.succeeded["model"]["sha256"] == sha256(MODEL).hexdigest()


def test_appended_table_works_and_changes_no_older_uid(life):
    assert life.appended == [(b"a label", b"for the appended table")]
