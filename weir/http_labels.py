"""Send labels to the feedback API, several at a time. Retries keep the label's id, so the API accepts it only once."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import httpx

from weir.errors import PartUnavailable

AT_ONCE = 32
"""Concurrent requests; the API commits concurrent labels together. A round number; not measured."""
_ATTEMPTS = 8
_FIRST_PAUSE_S = 0.1
"""Each pause is twice the one before, so all eight take 25 s. Round numbers; not measured."""
_TIMEOUT_S = 30
"""Well above the 5 s that the API waits for the broker, so the sender does not give up on a slow answer. Not measured."""


class LabelSender:
    """Sends labels to `POST /v1/labels`. `sent` counts accepted labels; `on_accepted` is called with the id of each."""

    def __init__(
        self,
        api_url: str,
        transport: httpx.AsyncBaseTransport | None = None,
        on_accepted: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._client = httpx.AsyncClient(base_url=api_url, timeout=_TIMEOUT_S, transport=transport, trust_env=False)
        self._on_accepted = on_accepted
        self.sent = 0

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, bodies: Sequence[dict[str, Any]]) -> None:
        """Send the bodies, each with its `label_id`, `AT_ONCE` at a time.

        Raises:
            PartUnavailable: the API refuses a label, or does not accept one within `_ATTEMPTS` attempts.
        """
        queue = iter(bodies)
        while batch := list(islice(queue, AT_ONCE)):
            await asyncio.gather(*(self._send(body) for body in batch))

    async def _send(self, body: dict[str, Any]) -> None:
        answer = "no answer"
        for attempt in range(_ATTEMPTS):
            try:
                response = await self._client.post("/v1/labels", json=body)
            except httpx.TransportError as error:
                answer = repr(error)
            else:
                if response.is_success:
                    self.sent += 1
                    self._on_accepted(body["label_id"])
                    return
                answer = f"{response.status_code} {response.text[:200]}"
                if response.is_client_error:
                    break
            await asyncio.sleep(_FIRST_PAUSE_S * 2**attempt)
        raise PartUnavailable(
            f"The API did not accept the label of {body['transaction_id']}: {answer}.", "See `weir logs api`."
        )
