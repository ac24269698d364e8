"""Replies of the stream, and who waits for which. Everything here lives in the event loop's thread."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from weir.errors import InvalidRecord
from weir.messages import DEAD_LETTER, SCORED, DeadLetter, ScoredTransaction, Transaction, decode_with

Reply = ScoredTransaction | DeadLetter


class PaymentKey(NamedTuple):
    """A transaction id is the producer's: two users' payments may carry the same one."""

    user_id: str
    transaction_id: str


def key_of(payment: Transaction | ScoredTransaction) -> PaymentKey:
    """Whom a payment or its score belongs to."""
    return PaymentKey(payment.user_id, payment.transaction_id)


def reply_of(payload: bytes) -> tuple[PaymentKey, Reply]:
    """Decode a reply and say which payment it answers; a dead letter names its payment.

    Raises:
        InvalidRecord: it is neither a score nor the dead letter of a payment.
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
    """Those who wait, by payment. All who wait for a payment get the first reply."""

    def __init__(self) -> None:
        self._waiting: dict[PaymentKey, list[asyncio.Future[Reply]]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._waiting)

    @contextmanager
    def expected(self, key: PaymentKey) -> Iterator[asyncio.Future[Reply]]:
        """Wait for a payment's reply within this block."""
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[key].append(reply)
        try:
            yield reply
        finally:
            self._waiting[key].remove(reply)
            if not self._waiting[key]:
                del self._waiting[key]

    def arrived(self, key: PaymentKey, reply: Reply) -> None:
        """Hand a reply to all who still wait for it."""
        for waiting in self._waiting.get(key, []):
            if not waiting.done():
                waiting.set_result(reply)
