"""The label outbox: store a label, send it, mark it as acknowledged, answer.

A stored label is resent until the broker acknowledges it, so no stored label is lost. The label join drops repeated label
ids, so sending twice is harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog

from feedback_api.grouping import Grouped
from feedback_api.labels import Accepted, LabelRequest, StoredLabel, ensure_same, label_of
from feedback_api.receipts import LabelReceipt, Resolved, receipt_of
from weir.errors import InvalidRecord, PartUnavailable
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

    def find_all(self, label_ids: list[str]) -> list[StoredLabel]:
        """Return the labels with these ids, in this order; unknown ones are left out."""


class LabelOutbox:
    """Accepts labels, and tells what became of them.

    `send` puts one on the stream and returns whether the broker acknowledged it. `resolved` blocks, and returns what
    became of all labels on some payments, by payment.
    """

    def __init__(
        self,
        store: LabelStore,
        send: Callable[[Label], Awaitable[bool]],
        *,
        resolved: Callable[[Sequence[str]], Mapping[str, list[Resolved]]],
        now_ms: Callable[[], int],
        new_id: Callable[[], str],
        acknowledged_within_s: float = 5.0,
    ) -> None:
        self._kept = store
        self._store = Grouped(store.store)
        self._acknowledge = Grouped(store.acknowledge)
        self._send, self._resolved = send, resolved
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

    async def accept_all(self, requests: Sequence[LabelRequest]) -> list[Accepted | InvalidRecord | PartUnavailable]:
        """Accept many labels in one database transaction. Return, in order, what became of each.

        Raises:
            PartUnavailable: the database does not answer.
        """
        now_ms = self._now_ms()
        asked = [_label_or_error(request, self._new_id, now_ms) for request in requests]
        labels = [label for label in asked if isinstance(label, Label)]
        stored = iter(await asyncio.to_thread(self._kept.store, labels) if labels else [])
        kept = [
            _same_or_error(next(stored), label, request) if isinstance(label, Label) else label
            for label, request in zip(asked, requests, strict=True)
        ]
        undelivered = await self._deliver_all(
            {
                one.label.label_id: one.label
                for one in kept
                if isinstance(one, StoredLabel) and not one.acknowledged_at_ms
            }
        )
        return [one if isinstance(one, InvalidRecord) else _end_of(one, undelivered) for one in kept]

    async def _deliver_all(self, labels: dict[str, Label]) -> set[str]:
        """Send labels and acknowledge those that the broker has. Return the ids of the others, which are sent again."""
        deliveries = {label_id: asyncio.ensure_future(self._send(label)) for label_id, label in labels.items()}
        if not deliveries:
            return set()
        await asyncio.wait(deliveries.values(), timeout=self._within_s)
        delivered = [label_id for label_id, sending in deliveries.items() if sending.done() and sending.result()]
        await asyncio.to_thread(self._kept.acknowledge, delivered)
        return deliveries.keys() - set(delivered)

    async def find_all(self, label_ids: list[str]) -> list[StoredLabel]:
        """Return the labels with these ids, in this order; unknown ones are left out."""
        return await asyncio.to_thread(self._kept.find_all, label_ids)

    async def receipts(
        self, kept: Sequence[StoredLabel], retention_s: int
    ) -> list[tuple[StoredLabel, Resolved, LabelReceipt]]:
        """Return what became of each of these labels."""
        by_payment = await asyncio.to_thread(self._resolved, [one.label.transaction_id for one in kept])
        now_ms, found = self._now_ms(), []
        for one in kept:
            others = by_payment[one.label.transaction_id]
            resolved = next(other for other in others if other.label_id == one.label.label_id)
            receipt = receipt_of(resolved, others, one, now_ms=now_ms, retention_s=retention_s)
            found.append((one, resolved, receipt))
        return found

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
            raise _not_acknowledged(label)

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


def _not_acknowledged(label: Label) -> PartUnavailable:
    return PartUnavailable(
        f"Label {label.label_id} is stored, but the broker has not acknowledged it yet.",
        "Weir keeps resending it; repeat the request with this label_id to confirm delivery.",
    )


def _end_of(stored: StoredLabel, undelivered: set[str]) -> Accepted | PartUnavailable:
    if stored.label.label_id in undelivered:
        return _not_acknowledged(stored.label)
    return Accepted(stored.label, repeated=stored.acknowledged_at_ms is not None)


def _label_or_error(request: LabelRequest, new_id: Callable[[], str], now_ms: int) -> Label | InvalidRecord:
    try:
        return label_of(request, new_id, now_ms)
    except InvalidRecord as error:
        return error


def _same_or_error(stored: StoredLabel, asked: Label, request: LabelRequest) -> StoredLabel | InvalidRecord:
    try:
        ensure_same(stored.label, asked, request)
    except InvalidRecord as error:
        return error
    return stored
