"""`/v1/alerts`: open alerts and leases over HTTP."""

import pytest

from feedback_api.console.facts import Alerted
from tests.api_client import FakeStream, an_api
from tests.builders import a_scored_transaction

JSON = {"content-type": "application/json"}


@pytest.fixture
def api(tmp_path):
    with an_api(tmp_path, FakeStream()) as client:
        console = client.app.state.parts.console
        for number in range(3):
            scored = a_scored_transaction(transaction_id=f"t{number}", decision="review", score=0.5)
            client.call(console.apply, Alerted(scored), 0)
        yield client


def lease(api, **fields):
    return api.post("/v1/alerts/lease", json={"labeler": "ana", **fields})


def ids_of(answer):
    return [alert["transaction_id"] for alert in answer.json()]


def test_open_alerts_are_listed_newest_first(api):
    answer = api.get("/v1/alerts?limit=2")
    assert ids_of(answer) == ["t2", "t1"]
    assert answer.json()[0] | {"reasons": []} == {
        "transaction_id": "t2",
        "user_id": "u1",
        "merchant_id": "m1",
        "event_time_ms": 1_750_000_000_000,
        "scored_at_ms": 1_750_000_000_005,
        "amount": 20.0,
        "score": 0.5,
        "decision": "review",
        "reasons": [],
        "holder": None,
        "held_until_ms": None,
    }


def test_a_lease_gets_the_longest_waiting_alerts_and_shows_its_holder(api):
    assert ids_of(lease(api, limit=2)) == ["t0", "t1"]
    assert [alert["holder"] for alert in api.get("/v1/alerts").json()] == [None, "ana", "ana"]
    assert ids_of(lease(api, labeler="ben")) == ["t2"]
    assert ids_of(lease(api)) == []


def test_a_lease_may_be_short(api):
    assert ids_of(lease(api, for_s=1e-9)) == ["t0", "t1", "t2"]
    assert ids_of(lease(api, labeler="ben")) == ["t0", "t1", "t2"]


def test_an_accepted_label_closes_its_alert(api):
    api.post("/v1/labels", json={"transaction_id": "t1", "verdict": "fraud", "labeler": "ana"})
    assert ids_of(api.get("/v1/alerts")) == ["t2", "t0"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"labeler": ""}, "labeler"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"for_s": 0}, "for_s"),
        ({"for_s": 3601}, "for_s"),
        ({"until": 1}, "$"),
    ],
)
def test_an_invalid_lease_names_its_field(api, fields, field):
    answer = lease(api, **fields)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_limit_out_of_range_names_its_field(api):
    answer = api.get("/v1/alerts?limit=0")
    assert (answer.status_code, answer.json()["field"]) == (422, "limit")


def test_a_lease_request_must_be_json(api):
    assert api.post("/v1/alerts/lease", content=b"labeler=ana").status_code == 415
    assert api.post("/v1/alerts/lease", content=b"{", headers=JSON).status_code == 422


def test_a_label_that_may_mean_two_open_alerts_is_refused_at_once(api):
    console = api.app.state.parts.console
    other = a_scored_transaction(transaction_id="t1", user_id="ben", decision="review")
    api.call(console.apply, Alerted(other), 0)
    label = {"transaction_id": "t1", "verdict": "fraud", "labeler": "ana"}
    refused = api.post("/v1/labels", json=label)
    assert (refused.status_code, refused.json()["field"]) == (422, "user_id")
    assert "u1, ben" in refused.json()["reason"]
    assert api.post("/v1/labels", json=label | {"user_id": "ben"}).status_code == 202
    assert [alert["user_id"] for alert in api.get("/v1/alerts").json()] == ["u1"] * 3
