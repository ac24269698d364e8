"""The simulated analysts at the real API: they take alerts from the queue and give their verdicts, as people do."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from operations.harness.http_labels import LabelSender
from simulator.analysts.planned_labels import PlannedLabels
from weir.errors import PartUnavailable

LEASED_AT_ONCE, LEASE_S = 100, 60
LEFT_IN_THE_QUEUE = 3
"""The newest free alerts stay for the visitor; they are taken when newer ones have come."""

LOOK_EVERY_S = 0.25
WHO = "simulated analysts"


class Analysts:
    """`now_event_ms` is the newest event time that was scored: what an analyst can know of the clock."""

    def __init__(
        self, api_url: str, planned: PlannedLabels, labels: LabelSender, now_event_ms: Callable[[], int]
    ) -> None:
        self._client = httpx.AsyncClient(base_url=api_url, timeout=30, trust_env=False)
        self._planned, self._labels, self._now_event_ms = planned, labels, now_event_ms
        self._leased: set[str] = set()

    async def work(self, until: asyncio.Event) -> None:
        """Take alerts and label what is due, until told to stop; what is under way is finished.

        Raises:
            PartUnavailable: the API refuses, or stays unreachable.
        """
        async with self._client:
            while not until.is_set():
                await self._lease()
                await self._labels.send(list(self._planned.due(self._now_event_ms())))
                await asyncio.sleep(LOOK_EVERY_S)

    async def _lease(self) -> None:
        """An alert whose lease ran out before its verdict is leased again, and still planned once."""
        open_alerts = await self._ask("GET", "/v1/alerts", params={"limit": 500})
        free = sum(alert["holder"] is None for alert in open_alerts) - LEFT_IN_THE_QUEUE
        if free <= 0:
            return
        body = {"labeler": WHO, "limit": min(free, LEASED_AT_ONCE), "for_s": LEASE_S}
        for alert in await self._ask("POST", "/v1/alerts/lease", json=body):
            if alert["transaction_id"] not in self._leased:
                self._leased.add(alert["transaction_id"])
                self._planned.alert(alert["transaction_id"], alert["event_time_ms"])

    async def _ask(self, method: str, path: str, **request: Any) -> list[dict[str, Any]]:
        """The alerts that the API answers with; none while it is away."""
        try:
            answer = await self._client.request(method, path, **request)
        except httpx.TransportError:
            return []
        if answer.is_client_error:
            raise PartUnavailable(f"The API gives no alerts: {answer.text[:200]}.", "See `weir logs api`.")
        return list(answer.json()) if answer.is_success else []
