"""The way of a label: stored, sent, acknowledged, answered; what was stored but not acknowledged is sent again.

The label join drops repeated label ids, so sending twice is harmless, and nothing that was stored is ever lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from feedback_api.grouping import Grouped
from feedback_api.labels import LabelRequest, StoredLabel, ensure_same, label_of
from weir.errors import PartUnavailable
from weir.messages import Label

RESENT_AT_ONCE = 1000
RESENT_AFTER_MS = 10_000  # younger ones may be on their way from the database to the broker right now

log = structlog.get_logger()


class LabelStore(Protocol):
    """Where labels are kept. Every method blocks, and raises PartUnavailable when the database does not answer."""

    def store(self, labels: list[Label]) -> list[StoredLabel]:
        """Keep the new ones; return, in order, what is kept under each one's id."""

    def acknowledge(self, label_ids: list[str]) -> list[None]:
        """The broker has them."""

    def unacknowledged(self, accepted_before_ms: int, limit: int) -> list[Label]:
        """The oldest labels that the broker may not have."""

    def find(self, label_id: str) -> StoredLabel | None:
        """The label with this id."""


class LabelOutbox:
    """Takes labels. `send` puts one on the stream and tells whether the broker acknowledged it."""

    def __init__(
        self,
        store: LabelStore,
        send: Callable[[Label], Awaitable[bool]],
        *,
        now_ms: Callable[[], int],
        new_id: Callable[[], str],
        acknowledged_within_s: float = 5.0,
    ) -> None:
        self._kept = store
        self._store = Grouped(store.store)
        self._acknowledge = Grouped(store.acknowledge)
        self._send = send
        self._now_ms = now_ms
        self._new_id = new_id
        self._within_s = acknowledged_within_s
        self._in_flight: dict[str, asyncio.Task[bool]] = {}

    @property
    def in_flight(self) -> int:
        """How many labels wait for the broker."""
        return len(self._in_flight)

    async def accept(self, request: LabelRequest) -> Label:
        """Accept a label; returns once the broker has it.

        Raises:
            InvalidRecord: a time is out of range.
            ConflictingLabel: the id is taken by a label with other content.
            PartUnavailable: the database or the broker does not answer in time.
        """
        asked = label_of(request, self._new_id, self._now_ms())
        stored = await self._store(asked)
        ensure_same(stored.label, asked, request)
        if stored.acknowledged_at_ms is None:
            await self._acknowledged(stored.label)
        return stored.label

    async def find(self, label_id: str) -> StoredLabel | None:
        """The label with this id."""
        return await asyncio.to_thread(self._kept.find, label_id)

    async def resend(self, older_than_ms: int = 0) -> int:
        """Send what was stored but not acknowledged and is not under way; how many that were."""
        before_ms = self._now_ms() - older_than_ms
        waiting = await asyncio.to_thread(self._kept.unacknowledged, before_ms, RESENT_AT_ONCE)
        again = [label for label in waiting if label.label_id not in self._in_flight]
        for label in again:
            self._dispatch(label)
        return len(again)

    async def resend_forever(self, every_s: float) -> None:
        """The outbox's background task: first what an earlier process left, then what stays behind."""
        older_than_ms = 0
        while True:
            try:
                if count := await self.resend(older_than_ms):
                    log.info("labels_resent", count=count)
            except PartUnavailable as error:
                log.warning("labels_not_resent", problem=error.problem)
            older_than_ms = RESENT_AFTER_MS
            await asyncio.sleep(every_s)

    async def settle(self, timeout_s: float) -> None:
        """Give what is under way a last chance before the process ends."""
        if self._in_flight:
            await asyncio.wait(self._in_flight.values(), timeout=timeout_s)

    async def _acknowledged(self, label: Label) -> None:
        delivery = self._in_flight.get(label.label_id) or self._dispatch(label)
        done, _ = await asyncio.wait([delivery], timeout=self._within_s)
        if not (done and delivery.result()):
            raise PartUnavailable(
                f"Label {label.label_id} is stored, but the broker has not acknowledged it yet.",
                "It is sent again by itself; repeat the request with this label_id to know when it is through.",
            )

    def _dispatch(self, label: Label) -> asyncio.Task[bool]:
        delivery = asyncio.create_task(self._deliver(label))
        self._in_flight[label.label_id] = delivery
        delivery.add_done_callback(lambda _: self._in_flight.pop(label.label_id))
        return delivery

    async def _deliver(self, label: Label) -> bool:
        if not await self._send(label):
            return False
        try:
            await self._acknowledge(label.label_id)
        except PartUnavailable as error:  # it is on the stream; the outbox will send it once more
            log.warning("acknowledgement_not_stored", problem=error.problem)
        return True
