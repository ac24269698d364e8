"""Match replies of the stream to the requests that wait for them. All calls run in the event loop's thread."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from weir.errors import InvalidRecord
from weir.messages import DEAD_LETTER, SCORED, DeadLetter, ScoredTransaction, Transaction, decode_with

Reply = ScoredTransaction | DeadLetter


class PaymentKey(NamedTuple):
    """Identifies a payment. Producers choose transaction ids, so payments of two users may share one."""

    user_id: str
    transaction_id: str


def key_of(payment: Transaction | ScoredTransaction) -> PaymentKey:
    return PaymentKey(payment.user_id, payment.transaction_id)


def reply_of(payload: bytes) -> tuple[PaymentKey, Reply]:
    """Decode a reply and find the payment it answers.

    Raises:
        InvalidRecord: the payload is neither a score nor the dead letter of a payment.
    """
    try:
        scored = decode_with(SCORED, payload)
    except InvalidRecord:
        dead: DeadLetter = decode_with(DEAD_LETTER, payload)
        if dead.user_id is None or dead.transaction_id is None:
            raise InvalidRecord("user_id", "the dead letter names no payment") from None
        return PaymentKey(dead.user_id, dead.transaction_id), dead
    return key_of(scored), scored


class ExpectedReplies:
    """Waiting requests by payment. All requests for one payment get its first reply."""

    def __init__(self) -> None:
        self._waiting: dict[PaymentKey, list[asyncio.Future[Reply]]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._waiting)

    @contextmanager
    def expected(self, key: PaymentKey) -> Iterator[asyncio.Future[Reply]]:
        """A future for a payment's reply. It is forgotten when the block ends."""
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[key].append(reply)
        try:
            yield reply
        finally:
            self._waiting[key].remove(reply)
            if not self._waiting[key]:
                del self._waiting[key]

    def arrived(self, key: PaymentKey, reply: Reply) -> None:
        """Hand a reply to every request that still waits for it."""
        for waiting in self._waiting.get(key, []):
            if not waiting.done():
                waiting.set_result(reply)
