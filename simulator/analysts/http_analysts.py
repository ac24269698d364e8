"""The simulated analysts as clients of the real API: they lease alerts from the queue and post labels."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from simulator.analysts.planned_labels import PlannedLabels
from weir.errors import PartUnavailable
from weir.http_labels import LabelSender

# Wall time. At the demo's speed an analyst's verdict is due after about 2.5 s, so few leases run out.
LEASED_AT_ONCE, LEASE_S = 100, 60

# This many free alerts, the newest, stay open for the visitor; the analysts lease them once newer ones arrive. A small
# number, not measured.
LEFT_FOR_VISITOR = 3
POLL_EVERY_S = 0.25
LABELER = "simulated analysts"


class Analysts:
    """`now_event_ms` returns the newest event time that was scored, which is the analysts' clock."""

    def __init__(
        self, api_url: str, planned: PlannedLabels, labels: LabelSender, now_event_ms: Callable[[], int]
    ) -> None:
        self._client = httpx.AsyncClient(base_url=api_url, timeout=30, trust_env=False)
        self._planned, self._labels, self._now_event_ms = planned, labels, now_event_ms
        self._leased: set[str] = set()

    async def work(self, until: asyncio.Event) -> None:
        """Lease alerts and post the labels that are due until the event is set; finish the round under way.

        Raises:
            PartUnavailable: the API refuses a request, or stays unreachable.
        """
        async with self._client:
            while not until.is_set():
                await self._lease()
                await self._labels.send(list(self._planned.pop_due(self._now_event_ms())))
                await asyncio.sleep(POLL_EVERY_S)

    async def _lease(self) -> None:
        """Lease free alerts and plan their labels. A label is planned only once, even if its alert is leased again."""
        open_alerts = await self._ask("GET", "/v1/alerts", params={"limit": 500})
        free = sum(alert["holder"] is None for alert in open_alerts) - LEFT_FOR_VISITOR
        if free <= 0:
            return
        body = {"labeler": LABELER, "limit": min(free, LEASED_AT_ONCE), "for_s": LEASE_S}
        for alert in await self._ask("POST", "/v1/alerts/lease", json=body):
            if alert["transaction_id"] not in self._leased:
                self._leased.add(alert["transaction_id"])
                self._planned.plan_verdict(alert["transaction_id"], alert["event_time_ms"])

    async def _ask(self, method: str, path: str, **request: Any) -> list[dict[str, Any]]:
        """Return the alerts in the API's answer; none while the API is unreachable or fails."""
        try:
            answer = await self._client.request(method, path, **request)
        except httpx.TransportError:
            return []
        if answer.is_client_error:
            raise PartUnavailable(f"The API refused {method} {path}: {answer.text[:200]}.", "See `weir logs api`.")
        return list(answer.json()) if answer.is_success else []
