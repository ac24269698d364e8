"""Labels through the real API, several at a time; a label that was not taken is sent again under the same id."""

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import Any

import httpx

from weir.errors import PartUnavailable
from weir.replay.mapping import Labels
from weir.replay.pacing import DueLabel

AT_ONCE = 32
_ATTEMPTS = 8
_FIRST_PAUSE_S = 0.1


class LabelSender:
    """Sends labels to `POST /v1/labels`; `sent` counts those that were accepted."""

    def __init__(self, api_url: str, labels: Labels, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._labels = labels
        self._client = httpx.AsyncClient(base_url=api_url, timeout=30, transport=transport, trust_env=False)
        self.sent = 0

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, due: Sequence[DueLabel]) -> None:
        """Send them all, `AT_ONCE` at a time.

        Raises:
            PartUnavailable: the API refuses one, or stays unreachable.
        """
        queue = iter(due)
        while batch := list(islice(queue, AT_ONCE)):
            await asyncio.gather(*(self._send(label) for label in batch))

    async def _send(self, label: DueLabel) -> None:
        answer = "no answer"
        for attempt in range(_ATTEMPTS):
            try:
                response = await self._client.post("/v1/labels", json=self._body(label))
            except httpx.TransportError as error:
                answer = repr(error)
            else:
                if response.is_success:
                    self.sent += 1
                    return
                answer = f"{response.status_code} {response.text[:200]}"
                if response.is_client_error:
                    break
            await asyncio.sleep(_FIRST_PAUSE_S * 2**attempt)
        raise PartUnavailable(
            f"The API did not take the label of {label.transaction_id}: {answer}.", "See `weir logs api`."
        )

    def _body(self, label: DueLabel) -> dict[str, Any]:
        return {
            "label_id": f"replay-{label.transaction_id}",
            "transaction_id": label.transaction_id,
            "verdict": label.verdict,
            "labeler": self._labels.labeler,
            "source": self._labels.source,
            "as_of": label.known_ms,
        }
