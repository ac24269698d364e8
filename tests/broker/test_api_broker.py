"""The API on a real broker, with a small stand-in for the detector job."""

import os
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from feedback_api.http_app import create_app
from operations.runner.ports import free_ports
from operations.runner.process import Command, running
from tests.api_client import a_client_of
from tests.builders import NOON_MS
from tests.stand_in_detector import a_stand_in_detector
from tests.waiting import eventually
from weir import kafka_clients
from weir.errors import InvalidRecord
from weir.messages import LABEL, decode_with
from weir.settings import Settings

PRODUCER = Path(__file__).parents[2] / "examples" / "producer.py"
A_LABEL = {"transaction_id": "t1", "verdict": "fraud", "labeler": "ana"}


def settings_for(bootstrap_servers, folder, **api):
    return Settings(
        namespace=f"api-{uuid.uuid4().hex[:8]}",
        kafka={"bootstrap_servers": bootstrap_servers, "partitions": 2},
        api={"database_url": f"sqlite:///{folder / 'weir.db'}", "decision_deadline_ms": 5000, **api},
    )


def a_payment(number=1, **fields):
    return {
        "transaction_id": f"t{number}",
        "user_id": f"u{number % 7}",
        "event_time": NOON_MS,
        "amount": 20.0,
        **fields,
    }


def records_of(settings, topic):
    """All records of a topic, as (key, value)."""
    reader = kafka_clients.consumer(settings.bootstrap_servers, uuid.uuid4().hex, enable_partition_eof=True)
    reader.subscribe([topic])
    records, ended, end = [], set(), time.monotonic() + 20
    while len(ended) < settings.kafka.partitions and time.monotonic() < end:
        record = reader.poll(0.5)
        if record is not None and record.error() is None:
            records.append((record.key(), record.value()))
        elif record is not None:
            ended.add(record.partition())
    reader.close()
    return records


@pytest.fixture
def settings(broker, tmp_path):
    return settings_for(broker, tmp_path)


@pytest.fixture
def api(settings):
    with a_client_of(create_app(settings)) as client:
        yield client


def test_an_accepted_label_is_on_the_topic_under_its_transactions_key(api, settings):
    assert api.post("/v1/labels", json={**A_LABEL, "label_id": "l1"}).status_code == 202
    [(key, value)] = records_of(settings, settings.topics.labels)
    assert key == b"t1"
    assert decode_with(LABEL, value).label_id == "l1"


def test_the_api_creates_its_topics_and_is_ready(api):
    readiness = api.get("/readyz").json()
    assert readiness["ready"] is True
    assert readiness["parts"]["replies"]["detail"] == {"0": 0}


def test_payments_get_their_own_scores_from_the_stream(api, settings):
    with a_stand_in_detector(settings), ThreadPoolExecutor(16) as clients:
        amounts = list(range(1, 201))
        answers = list(clients.map(lambda n: api.post("/v1/decisions", json=a_payment(n, amount=float(n))), amounts))
    assert [answer.json()["score"] for answer in answers] == [n / 1000 for n in amounts]
    assert {answer.json()["source"] for answer in answers} == {"stream"}


def test_a_payment_that_the_stream_dead_letters_is_refused(api, settings):
    with a_stand_in_detector(settings):
        refused = api.post("/v1/decisions", json=a_payment(amount=5000.0))
    assert (refused.status_code, refused.json()["field"], refused.json()["reason"]) == (422, "amount", "too much")


def test_two_instances_each_get_their_own_replies(api, settings):
    with a_client_of(create_app(settings)) as other, a_stand_in_detector(settings):
        answers = [client.post("/v1/decisions", json=a_payment(n)) for n, client in enumerate([api, other] * 5)]
    assert {answer.json()["source"] for answer in answers} == {"stream"}


def test_without_a_detector_the_policy_answers_and_the_payment_is_still_in_the_stream(api, settings):
    answer = api.post("/v1/decisions?deadline_ms=5000", json=a_payment())
    assert answer.json()["flags"] == ["deadline_exceeded"]
    assert [key for key, _ in records_of(settings, settings.topics.transactions)] == [b"u1"]


def test_without_a_broker_payments_get_answers_and_no_label_is_lost(broker, tmp_path):
    away = settings_for("127.0.0.1:1", tmp_path)
    with a_client_of(create_app(away)) as api:
        answer = api.post("/v1/decisions?deadline_ms=50", json=a_payment())
        assert answer.json()["flags"] == ["stream_unavailable"]
        assert api.get("/readyz").status_code == 503
        assert api.post("/v1/labels", json={**A_LABEL, "label_id": "l1"}).status_code == 503
    back = settings_for(broker, tmp_path)
    with a_client_of(create_app(back)) as api:
        eventually(lambda: api.get("/v1/labels/l1").json()["acknowledged_at_ms"], deadline_s=20)
    [(_, value)] = records_of(back, back.topics.labels)
    assert decode_with(LABEL, value).label_id == "l1"


def test_many_clients_labels_are_all_on_the_topic_once(api, settings):
    def post(number):
        return api.post("/v1/labels", json={**A_LABEL, "transaction_id": f"t{number}", "label_id": f"l{number}"})

    with ThreadPoolExecutor(32) as clients:
        assert {answer.status_code for answer in clients.map(post, range(1000))} == {202}
    kept = [decode_with(LABEL, value).label_id for _, value in records_of(settings, settings.topics.labels)]
    assert sorted(kept) == sorted(f"l{number}" for number in range(1000))


def test_a_reply_that_does_not_decode_does_not_stop_the_reader(api, settings):
    producer = kafka_clients.producer(settings.bootstrap_servers)
    for instance in ("somebody", ""):
        producer.produce(settings.topics.replies, b"not a score", key=instance)
    producer.flush(5)
    with a_stand_in_detector(settings):
        assert api.post("/v1/decisions", json=a_payment()).json()["source"] == "stream"
    with pytest.raises(InvalidRecord):
        decode_with(LABEL, b"not a score")


@contextmanager
def an_api_process(settings, log):
    """The API in a process of its own; yields its address."""
    [port] = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    env = {
        "WEIR_NAMESPACE": settings.namespace,
        "WEIR_KAFKA__BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "WEIR_KAFKA__PARTITIONS": str(settings.kafka.partitions),
        "WEIR_API__PORT": str(port),
        "WEIR_API__DATABASE_URL": settings.database_url,
        "WEIR_API__DECISION_DEADLINE_MS": "5000",
    }

    def ready():
        try:
            return httpx.get(f"{address}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    with running(Command([sys.executable, "-m", "feedback_api"], env), log):
        eventually(ready)
        yield address


def test_the_example_producer_gets_a_decision_and_labels_it(settings, tmp_path):
    with an_api_process(settings, tmp_path / "api.log") as address, a_stand_in_detector(settings):
        argv, env = [sys.executable, str(PRODUCER), address], os.environ | {"NO_PROXY": "127.0.0.1"}
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    decision, receipt = done.stdout.splitlines()
    assert decision == "decision: challenge, score: 0.42, from the stream"
    [(key, value)] = records_of(settings, settings.topics.labels)
    label = decode_with(LABEL, value)
    assert (label.transaction_id.encode(), label.verdict) == (key, "fraud")
    assert receipt.startswith("receipt: ")
    assert label.label_id in receipt
