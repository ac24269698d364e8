"""Decisions over HTTP against the real application; only the stream, and the detector behind it, are fakes."""

import asyncio
from contextlib import ExitStack

import pytest

from tests.api_client import FakeStream, an_api
from tests.builders import a_scored_transaction
from tests.malformed import malformed_payloads
from weir.messages import DeadLetter, ModelRef, Position, Reason, RuleHit, encode

A_PAYMENT = {"transaction_id": "t1", "user_id": "u1", "event_time": "2025-06-15T12:00:00Z", "amount": 20.0}
JSON = {"content-type": "application/json"}


def scored(payment):
    return encode(
        a_scored_transaction(
            transaction_id=payment.transaction_id,
            user_id=payment.user_id,
            score=0.9,
            decision="block",
            flags=["late"],
            model=ModelRef(7, 1, 42),
            reasons=[Reason(code="amount", text="13x own habit", contribution=2.1)],
            rules=[RuleHit(rule="impossible_travel", version=3, decision="block", text="6,300 km in 2 minutes")],
        )
    )


def dead(payment):
    return encode(
        DeadLetter(
            stage="detector",
            field="event_time",
            reason="lies in the future",
            source=Position("live.transactions", 0, 0),
            payload=encode(payment),
            dead_lettered_at_ms=0,
            transaction_id=payment.transaction_id,
            user_id=payment.user_id,
        )
    )


@pytest.fixture
def api_around(tmp_path):
    with ExitStack() as stack:
        yield lambda stream, **settings: stack.enter_context(an_api(tmp_path, stream, **settings))


def test_a_payment_gets_the_streams_decision_with_its_reasons(api_around):
    answer = api_around(FakeStream(scored)).post("/v1/decisions", json=A_PAYMENT).json()
    assert answer.pop("latency_ms") > 0
    assert answer == {
        "transaction_id": "t1",
        "decision": "block",
        "source": "stream",
        "score": 0.9,
        "profile": "standard",
        "reasons": [{"code": "amount", "text": "13x own habit", "contribution": 2.1}],
        "rules": [{"rule": "impossible_travel", "version": 3, "decision": "block", "text": "6,300 km in 2 minutes"}],
        "flags": ["late"],
        "model": {"publication": 7, "epoch": 1, "n": 42, "trees_n": None},
    }


def test_the_stream_receives_the_payment_unchanged_keyed_by_user(api_around):
    stream = FakeStream(scored)
    body = b'{"unknown": 1, "transaction_id":"t1","user_id":"u1","event_time":1750000000000,"amount":2}'
    api_around(stream).post("/v1/decisions", content=body, headers=JSON)
    assert stream.records == [("live.transactions", "u1", body)]


@pytest.mark.parametrize(("amount", "decision"), [(49.0, "approve"), (51.0, "review")])
def test_past_the_deadline_the_policy_answers_with_a_flag(api_around, amount, decision):
    api = api_around(FakeStream(), decision_deadline_ms=20)
    answer = api.post("/v1/decisions", json={**A_PAYMENT, "amount": amount})
    assert (answer.status_code, answer.json()["decision"]) == (200, decision)
    assert answer.json()["flags"] == ["deadline_exceeded"]
    assert (answer.json()["source"], answer.json()["score"]) == ("policy", None)


def test_a_client_may_set_its_own_deadline(api_around):
    answer = api_around(FakeStream(), decision_deadline_ms=60_000).post("/v1/decisions?deadline_ms=20", json=A_PAYMENT)
    assert 20 <= answer.json()["latency_ms"] < 2000


@pytest.mark.parametrize("deadline", ["0", "-5", "10001", "soon", "1.5", ""])
def test_a_deadline_out_of_bounds_is_refused(api_around, deadline):
    answer = api_around(FakeStream(scored)).post(f"/v1/decisions?deadline_ms={deadline}", json=A_PAYMENT)
    assert (answer.status_code, answer.json()["field"]) == (422, "deadline_ms")


def test_without_a_broker_the_policy_answers_with_a_flag(api_around):
    stream = FakeStream(scored)
    stream.away = True
    answer = api_around(stream, decision_deadline_ms=20).post("/v1/decisions", json=A_PAYMENT)
    assert (answer.status_code, answer.json()["flags"]) == (200, ["stream_unavailable"])


def test_a_dead_lettered_payment_is_refused_with_its_field(api_around):
    answer = api_around(FakeStream(dead)).post("/v1/decisions", json=A_PAYMENT)
    assert (answer.status_code, answer.json()["field"]) == (422, "event_time")
    assert answer.json()["reason"] == "lies in the future"


def test_two_requests_for_one_payment_get_the_first_decision(api_around):
    stream, replies = FakeStream(), []

    def first_decision_after_the_second_request(payment):
        replies.append(payment)
        return scored(payment) if len(replies) == 2 else None

    stream._detector = first_decision_after_the_second_request
    api = api_around(stream, decision_deadline_ms=5000)

    async def both():
        client = api._client
        return await asyncio.gather(*(client.post("/v1/decisions", json=A_PAYMENT) for _ in range(2)))

    answers = api.call(both)
    assert [answer.json()["decision"] for answer in answers] == ["block", "block"]
    assert len(stream.replies) == 0


def test_a_reply_for_another_users_payment_with_the_same_id_is_ignored(api_around):
    stream = FakeStream(lambda _: encode(a_scored_transaction(transaction_id="t1", user_id="somebody else")))
    answer = api_around(stream, decision_deadline_ms=20).post("/v1/decisions", json=A_PAYMENT)
    assert answer.json()["source"] == "policy"


def test_every_malformed_payment_is_refused_with_a_field(api_around):
    stream = FakeStream(scored)
    api = api_around(stream)
    for payload in malformed_payloads("transaction", seed=5, count=5500):
        answer = api.post("/v1/decisions", content=payload, headers=JSON)
        assert answer.status_code in {413, 422}, (payload[:200], answer.text)
        assert answer.json()["field"]
        assert answer.json()["reason"]
    assert stream.records == []


@pytest.mark.parametrize("time", [1_750_000_000, 20250615, "2999-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_meant_is_refused_at_once(api_around, time):
    stream = FakeStream()
    answer = api_around(stream, decision_deadline_ms=20).post("/v1/decisions", json={**A_PAYMENT, "event_time": time})
    assert (answer.status_code, answer.json()["field"]) == (422, "event_time")
    assert stream.records == []
