"""Labels over HTTP against the real application, database and routes; only the stream is a fake."""

import asyncio
import sqlite3

import pytest

from feedback_api.labels import LabelRequest
from tests.api_client import FakeStream, an_api
from tests.malformed import malformed_payloads
from tests.waiting import eventually
from weir.messages import LABEL, decode_with

A_LABEL = {"transaction_id": "t1", "verdict": "fraud", "labeler": "ana"}


@pytest.fixture
def stream():
    return FakeStream()


@pytest.fixture
def api(tmp_path, stream):
    with an_api(tmp_path, stream) as client:
        yield client


def test_a_label_is_answered_with_its_id_and_reaches_the_stream(api, stream):
    answer = api.post("/v1/labels", json={**A_LABEL, "label_id": "l1", "note": "card stolen"})
    assert (answer.status_code, answer.json()) == (202, {"label_id": "l1"})
    topic, key, value = stream.records[0]
    assert (topic, key) == ("live.labels", "t1")
    assert decode_with(LABEL, value).note == "card stolen"


DOUBLED = [
    b'{"transaction_id": "t1", "verdict": "fraud", "labeler": "ana", "verdict": "legitimate"}',
    b'{"transaction_id": "t1", "transaction_id": "t1", "verdict": "fraud", "labeler": "ana"}',
]


@pytest.mark.parametrize("body", DOUBLED)
def test_a_field_that_is_named_twice_is_refused(api, stream, body):
    answer = api.post("/v1/labels", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (422, "is named twice")
    batch = api.post("/v1/labels:batch", content=body, headers={"Content-Type": "application/jsonl"}).json()
    assert (batch["status"], batch["reason"]) == ("invalid", "is named twice")
    assert stream.records == []


def test_a_label_without_an_id_gets_one(api, stream):
    made = api.post("/v1/labels", json=A_LABEL).json()["label_id"]
    assert decode_with(LABEL, stream.records[0][2]).label_id == made
    assert len(made) == 36


def test_a_repeated_label_is_sent_once(api, stream):
    answers = [api.post("/v1/labels", json={**A_LABEL, "label_id": "l1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(stream.records) == 1


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("verdict", "legitimate"),
        ("labeler", "bob"),
        ("transaction_id", "t2"),
        ("as_of", 1_749_988_800_005),
        ("note", "x"),
    ],
)
def test_a_label_id_with_different_content_is_a_conflict_that_names_the_field(api, field, other):
    api.post("/v1/labels", json={**A_LABEL, "label_id": "l1"})
    answer = api.post("/v1/labels", json={**A_LABEL, "label_id": "l1", field: other})
    assert (answer.status_code, answer.json()["field"]) == (409, field)


def test_a_label_is_returned_as_stored(api):
    api.post(
        "/v1/labels",
        json={**A_LABEL, "label_id": "a/b ü", "labelled_at": "2025-06-15T12:00:00Z", "as_of": 1_749_988_800_007},
    )
    shown = api.get("/v1/labels/a%2Fb%20%C3%BC").json()
    assert (shown["labelled_at_ms"], shown["as_of_ms"], shown["source"]) == (
        1_749_988_800_000,
        1_749_988_800_007,
        "analyst",
    )
    assert shown["acknowledged_at_ms"] >= shown["accepted_at_ms"]


def test_an_unknown_label_is_not_found(api):
    assert api.get("/v1/labels/nobody").status_code == 404


def test_an_unacknowledged_label_is_stored_and_sent_again(api, stream):
    stream.away = True
    answer = api.post("/v1/labels", json={**A_LABEL, "label_id": "l1"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "stored" in answer.json()["reason"]
    stream.away = False
    assert api.call(api.app.state.parts.labels.resend) == 1
    assert api.post("/v1/labels", json={**A_LABEL, "label_id": "l1"}).status_code == 202
    assert api.call(api.app.state.parts.labels.resend) == 0


def test_unacknowledged_labels_are_sent_again_at_the_next_start(tmp_path, stream):
    stream.away = True
    with an_api(tmp_path, stream) as api:
        api.post("/v1/labels", json={**A_LABEL, "label_id": "l1"})
    later = FakeStream()
    with an_api(tmp_path, later) as api:
        api.call(api.app.state.parts.labels.resend)
        eventually(lambda: api.get("/v1/labels/l1").json()["acknowledged_at_ms"], deadline_s=5)
    assert decode_with(LABEL, later.records[0][2]).label_id == "l1"


def test_concurrent_labels_all_reach_the_stream(api, stream):
    async def all_at_once():
        accept = api.app.state.parts.labels.accept
        requests = [LabelRequest(transaction_id=f"t{i}", verdict="fraud", labeler="ana") for i in range(300)]
        return await asyncio.gather(*(accept(request) for request in requests))

    labels = api.call(all_at_once)
    assert len({label.label_id for label in labels}) == 300
    assert len(stream.records) == 300


def test_a_locked_database_is_an_unavailable_part(api, tmp_path):
    lock = sqlite3.connect(tmp_path / "weir.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    answer = api.post("/v1/labels", json=A_LABEL)
    lock.close()
    assert (answer.status_code, answer.json()["error"]) == (503, "part_unavailable")


def test_every_malformed_label_is_refused_with_a_field(api, stream):
    for payload in malformed_payloads("label-request", seed=4, count=3000):
        answer = api.post("/v1/labels", content=payload, headers={"content-type": "application/json"})
        assert answer.status_code in {413, 422}, (payload[:200], answer.text)
        assert answer.json()["field"]
        assert answer.json()["reason"]
    assert stream.records == []


@pytest.mark.parametrize(
    ("field", "absurd"),
    [
        ("labelled_at", 1_750_000_000),
        ("labelled_at", 20_250_615),
        ("labelled_at", "1970-01-05T00:00:00Z"),
        ("labelled_at", "2999-01-01T00:00:00Z"),
        ("as_of", 1_750_000_000),
        ("labeler", "  "),
        ("labeler", "\t"),
    ],
)
def test_an_absurd_time_or_a_blank_labeler_is_refused(api, stream, field, absurd):
    answer = api.post("/v1/labels", json={**A_LABEL, field: absurd})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert stream.records == []
