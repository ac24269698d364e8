"""The label outbox: store a label, send it, mark it as acknowledged, answer.

A stored label is resent until the broker acknowledges it, so no stored label is lost. The label join drops repeated label
ids, so sending twice is harmless.
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
"""Bounds memory and the time of one query. A round number; not measured."""

RESENT_AFTER_MS = 10_000
"""Younger labels may be on their way from the database to the broker, so they are not resent yet."""

log = structlog.get_logger()


class LabelStore(Protocol):
    """Stores labels. Every method blocks, and raises PartUnavailable if the database does not answer."""

    def store(self, labels: list[Label]) -> list[StoredLabel]:
        """Store labels with new ids. Return, in order, the label stored under each id."""

    def acknowledge(self, label_ids: list[str]) -> list[None]:
        """Mark labels as acknowledged by the broker."""

    def unacknowledged(self, accepted_before_ms: int, limit: int) -> list[Label]:
        """The oldest labels that the broker has not acknowledged."""

    def find(self, label_id: str) -> StoredLabel | None: ...


class LabelOutbox:
    """Accepts labels. `send` puts one on the stream and returns whether the broker acknowledged it."""

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
        """The number of labels waiting for the broker."""
        return len(self._in_flight)

    async def accept(self, request: LabelRequest) -> Label:
        """Accept a label. Returns once the broker has it.

        Raises:
            InvalidRecord: a time is out of range, or a legitimate verdict has a fraud type.
            ConflictingLabel: another label with different content has this id.
            PartUnavailable: the database or the broker does not answer in time.
        """
        asked = label_of(request, self._new_id, self._now_ms())
        stored = await self._store(asked)
        ensure_same(stored.label, asked, request)
        if stored.acknowledged_at_ms is None:
            await self._acknowledged(stored.label)
        return stored.label

    async def find(self, label_id: str) -> StoredLabel | None:
        return await asyncio.to_thread(self._kept.find, label_id)

    async def resend(self, older_than_ms: int = 0) -> int:
        """Send stored labels that are neither acknowledged nor in flight. Return their number."""
        before_ms = self._now_ms() - older_than_ms
        waiting = await asyncio.to_thread(self._kept.unacknowledged, before_ms, RESENT_AT_ONCE)
        again = [label for label in waiting if label.label_id not in self._in_flight]
        for label in again:
            self._dispatch(label)
        return len(again)

    async def resend_forever(self, every_s: float) -> None:
        """Resend at start, for labels of an earlier process, and then every `every_s` seconds."""
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
        """Wait up to `timeout_s` for labels in flight, before the process ends."""
        if self._in_flight:
            await asyncio.wait(self._in_flight.values(), timeout=timeout_s)

    async def _acknowledged(self, label: Label) -> None:
        delivery = self._in_flight.get(label.label_id) or self._dispatch(label)
        done, _ = await asyncio.wait([delivery], timeout=self._within_s)
        if not (done and delivery.result()):
            raise PartUnavailable(
                f"Label {label.label_id} is stored, but the broker has not acknowledged it yet.",
                "Weir keeps resending it; repeat the request with this label_id to confirm delivery.",
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
        except PartUnavailable as error:  # it is on the stream; the outbox will send it again
            log.warning("acknowledgement_not_stored", problem=error.problem)
        return True
