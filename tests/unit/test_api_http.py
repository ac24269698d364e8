"""Behaviour shared by all endpoints: bodies, errors, health, user events, and no connection at import."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from feedback_api.decisions import DEADLINE_EXCEEDED, STREAM_UNAVAILABLE
from feedback_api.http_app import create_app
from tests.api_client import FakeStream, an_api
from tests.builders import NOON_MS
from tests.malformed import malformed_payloads
from weir.settings import Settings

JSON = {"content-type": "application/json"}
POSTS = ["/v1/labels", "/v1/decisions", "/v1/user-events"]
AN_EVENT = {"event_id": "e1", "user_id": "u1", "event_time": NOON_MS, "type": "trip_confirmed", "country": "DE"}


@pytest.fixture
def stream():
    return FakeStream()


@pytest.fixture
def api(tmp_path, stream):
    with an_api(tmp_path, stream) as client:
        yield client


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/json5"])
def test_a_body_that_is_not_declared_as_json_is_refused(api, path, content_type):
    answer = api.post(path, content=b"{}", headers={"content-type": content_type})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["reason"]


@pytest.mark.parametrize("path", POSTS)
def test_a_body_over_the_limit_is_refused(api, path):
    answer = api.post(path, content=b" " * 65_537, headers=JSON)
    assert (answer.status_code, answer.json()["field"]) == (413, "$")


def test_a_body_without_a_declared_length_is_refused_past_the_limit(api):
    async def endless():
        for _ in range(100):
            yield b" " * 10_000

    assert api.post("/v1/labels", content=endless(), headers=JSON).status_code == 413


def test_a_body_of_the_limits_length_is_read(api):
    body = b'{"transaction_id":"t1","verdict":"fraud","labeler":"ana"}'.ljust(65_536)
    assert api.post("/v1/labels", content=body, headers=JSON).status_code == 202


def test_a_user_event_reaches_the_stream_keyed_by_user(api, stream):
    answer = api.post("/v1/user-events", json=AN_EVENT)
    assert (answer.status_code, answer.json()) == (202, {"event_id": "e1"})
    assert stream.records[0][:2] == ("live.user-events", "u1")


def test_an_unacknowledged_user_event_is_a_503(api, stream):
    stream.away = True
    answer = api.post("/v1/user-events", json=AN_EVENT)
    assert (answer.status_code, answer.json()["error"]) == (503, "part_unavailable")


def test_every_malformed_user_event_is_refused_with_a_field(api):
    for payload in malformed_payloads("user-event", seed=6, count=1500):
        answer = api.post("/v1/user-events", content=payload, headers=JSON)
        assert answer.status_code in {413, 422}, (payload[:200], answer.text)
        assert answer.json()["field"]


def test_unknown_paths_and_methods_are_problems_in_the_same_shape(api):
    assert api.get("/nowhere").json() == {"error": "not_found", "field": None, "reason": "Not Found"}
    assert api.get("/v1/labels").status_code == 405


@pytest.mark.parametrize("label_id", ["a%00b", "x" * 129, "%FF"])
def test_a_malformed_label_id_is_not_a_server_error(api, label_id):
    assert api.get(f"/v1/labels/{label_id}").status_code in {404, 422}


def test_readiness_names_the_unhealthy_part(api, stream):
    assert api.get("/readyz").json()["ready"] is True
    stream.away = True
    answer = api.get("/readyz")
    assert answer.status_code == 503
    assert [name for name, part in answer.json()["parts"].items() if not part["ok"]] == ["broker"]


def test_the_process_is_alive_without_a_broker(api, stream):
    stream.away = True
    assert api.get("/healthz").json() == {"alive": True}


@pytest.mark.parametrize("time", [1_750_000_000, "2999-01-01T00:00:00Z"])
def test_a_user_event_at_a_time_that_cannot_be_meant_is_refused(api, time):
    answer = api.post("/v1/user-events", json={**AN_EVENT, "event_time": time})
    assert (answer.status_code, answer.json()["field"]) == (422, "event_time")


def test_metrics_count_labels_decisions_and_refusals(api):
    api.post("/v1/labels", json={"transaction_id": "t1", "verdict": "fraud", "labeler": "ana"})
    payment = {"transaction_id": "t", "user_id": "u", "event_time": NOON_MS, "amount": 1}
    api.post("/v1/decisions?deadline_ms=1", json=payment)
    api.post("/v1/labels", json={})
    text = api.get("/metrics").text
    assert 'weir_api_labels_accepted_total{verdict="fraud"} 1.0' in text
    assert 'weir_api_decisions_total{decision="approve",source="policy"} 1.0' in text
    assert 'weir_api_decisions_by_policy_total{flag="deadline_exceeded"} 1.0' in text
    assert 'weir_api_refused_total{status="422"} 1.0' in text


def test_the_landing_page_links_to_what_exists(api):
    links = api.get("/").json()["links"]
    operations = api.get("/openapi.json").json()["paths"]
    assert links["ready"] in operations
    assert links["labels"] in operations
    assert api.get(links["documentation"]).status_code == 200


def test_the_schema_describes_bodies_by_the_message_types(api):
    schema = api.get("/openapi.json").json()
    content = schema["paths"]["/v1/decisions"]["post"]["requestBody"]["content"]["application/json"]
    assert content["schema"] == {"$ref": "#/components/schemas/Transaction"}
    assert "currency" in schema["components"]["schemas"]["Transaction"]["properties"]
    assert schema["components"]["schemas"]["LabelRequest"]["additionalProperties"] is False


def test_the_schema_describes_every_refusal_as_the_api_answers_it(api):
    """FastAPI documents its own error for a bad parameter unless the operation names ours."""
    assert "HTTPValidationError" not in api.get("/openapi.json").text


def test_creating_the_application_connects_to_nothing():
    create_app(
        Settings(kafka={"bootstrap_servers": "127.0.0.1:1"}, api={"database_url": "postgresql://nobody@127.0.0.1:1/x"})
    )


def test_a_missing_database_ends_the_start_with_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "feedback_api"],
        env={"WEIR_API__DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x", "WEIR_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "The database does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_operation_metric_and_flag_is_documented(api):
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    operations = [path for path in api.get("/openapi.json").json()["paths"] if path != "/"]
    metrics = set(
        re.findall(r"^# TYPE (weir_api_\w+) (?:counter|gauge|histogram)", api.get("/metrics").text, re.MULTILINE)
    )
    metrics = {name for name in metrics if not name.endswith("_created")}
    assert [word for word in [*operations, *metrics, DEADLINE_EXCEEDED, STREAM_UNAVAILABLE] if word not in text] == []
