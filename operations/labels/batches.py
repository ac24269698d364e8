"""Send rows to `POST /v1/labels:batch`, and ask what became of them."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import httpx
import msgspec

from weir.errors import PartUnavailable

ROWS = 5000
"""Of one request. A round number; not measured."""

ASKED = 1000
"""Receipts of one request: the API's limit."""

ATTEMPTS, FIRST_PAUSE_S = 8, 0.25
"""Each pause is twice the one before, so all eight take a minute. Round numbers; not measured."""

TIMEOUT_S = 120.0


class RowEnd(msgspec.Struct):
    """What the API says of a row of a batch; rows are counted from 1."""

    row: int
    status: str
    label_id: str | None = None
    field: str | None = None
    reason: str | None = None


class LabelBatches:
    """The API's side of loading labels. Repeating a request changes nothing there."""

    def __init__(
        self, api_url: str, transport: httpx.BaseTransport | None = None, pause_s: float = FIRST_PAUSE_S
    ) -> None:
        self._client = httpx.Client(base_url=api_url, timeout=TIMEOUT_S, transport=transport, trust_env=False)
        self._pause_s = pause_s

    def close(self) -> None:
        self._client.close()

    def send(self, bodies: Sequence[bytes]) -> list[RowEnd]:
        """Send labels, and return what became of each, in order.

        Raises:
            PartUnavailable: the API does not take them all within `ATTEMPTS` attempts.
        """
        content = b"\n".join(bodies) + b"\n"
        for response in self._attempts("/v1/labels:batch", content, "application/x-ndjson"):
            ends = [msgspec.json.decode(line, type=RowEnd) for line in response.content.splitlines()]
            if len(ends) == len(bodies) and all(end.status != "unavailable" for end in ends):
                return ends
        raise _unavailable("labels")

    def receipts(self, label_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield the labels with these ids, with their receipts.

        Raises:
            PartUnavailable: the API does not answer.
        """
        ids = iter(label_ids)
        while asked := list(islice(ids, ASKED)):
            body = msgspec.json.encode({"label_ids": asked})
            answer = next(self._attempts("/v1/labels:receipts", body, "application/json"), None)
            if answer is None:
                raise _unavailable("receipts")
            yield from answer.json()

    def _attempts(self, path: str, content: bytes, kind: str) -> Iterator[httpx.Response]:
        """Yield the successful answers to a request that is repeated with pauses."""
        for attempt in range(ATTEMPTS):
            try:
                response = self._client.post(path, content=content, headers={"Content-Type": kind})
            except httpx.TransportError:
                pass
            else:
                if response.is_client_error:
                    raise PartUnavailable(
                        f"The API refused {path}: {response.status_code} {response.text[:200]}.",
                        "Run the same version of `weir` as the API.",
                    )
                if response.is_success:
                    yield response
            time.sleep(self._pause_s * 2**attempt)


def _unavailable(what: str) -> PartUnavailable:
    return PartUnavailable(
        f"The API did not take the {what}.",
        "See `weir status` and `weir logs api`, then load the file again: every label counts once.",
    )
