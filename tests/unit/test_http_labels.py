import asyncio
import json

import httpx
import pytest

from operations.replay.label_schedule import DueLabel, label_body
from operations.replay.mapping import Labels
from tests.builders import NOON_MS
from weir import http_labels
from weir.errors import PartUnavailable
from weir.http_labels import LabelSender

LABELS = Labels(column="x", fraud=[1], legitimate=[0], labeler="ana", source="chargeback")


class Api(httpx.AsyncBaseTransport):
    """Answers each request with the next status, then 202; remembers the bodies."""

    def __init__(self, *statuses: int | type[Exception]) -> None:
        self.statuses = list(statuses)
        self.bodies: list[dict] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(json.loads(request.content))
        answer = self.statuses.pop(0) if self.statuses else 202
        if not isinstance(answer, int):
            raise answer("the API is away")
        return httpx.Response(answer, json={})


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(http_labels, "_FIRST_PAUSE_S", 0)


def send(api: Api, number: int = 1) -> LabelSender:
    async def sending() -> LabelSender:
        sender = LabelSender("http://api", api)
        await sender.send([label_body(DueLabel(NOON_MS, f"t{index}", "fraud"), LABELS) for index in range(number)])
        await sender.close()
        return sender

    return asyncio.run(sending())


def test_a_label_has_its_transaction_and_the_time_it_became_known():
    api = Api()
    send(api)
    assert api.bodies == [
        {
            "label_id": "replay-t0",
            "transaction_id": "t0",
            "verdict": "fraud",
            "labeler": "ana",
            "source": "chargeback",
            "as_of": NOON_MS,
        }
    ]


def test_every_label_is_sent_once():
    api = Api()
    assert send(api, 100).sent == 100
    assert len({body["label_id"] for body in api.bodies}) == 100


@pytest.mark.parametrize("failure", [503, 500, httpx.ConnectError, httpx.ReadTimeout])
def test_a_label_that_was_not_accepted_is_sent_again_with_the_same_id(failure):
    api = Api(failure, failure)
    assert send(api).sent == 1
    assert [body["label_id"] for body in api.bodies] == ["replay-t0"] * 3


@pytest.mark.parametrize(("statuses", "requests"), [([422], 1), ([503] * 99, http_labels._ATTEMPTS)])
def test_a_refused_label_or_an_unreachable_api_ends_the_replay(statuses, requests):
    api = Api(*statuses)
    with pytest.raises(PartUnavailable, match="did not accept the label of t0"):
        send(api)
    assert len(api.bodies) == requests
