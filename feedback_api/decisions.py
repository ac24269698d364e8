"""Decide on a payment: the stream does, or past the deadline the policy."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from feedback_api.policy import DeadlinePolicy
from feedback_api.replies import ExpectedReplies, Reply, key_of
from weir.errors import InvalidRecord
from weir.messages import DeadLetter, Decision, ModelRef, Reason, RuleHit, Transaction

DEADLINE_EXCEEDED = "deadline_exceeded"
STREAM_UNAVAILABLE = "stream_unavailable"


@dataclass(frozen=True)
class Answer:
    """The decision on a payment. One by policy has no score, reasons or rules."""

    transaction_id: str
    decision: Decision
    source: Literal["stream", "policy"]
    score: float | None = None
    profile: str | None = None
    reasons: list[Reason] = field(default_factory=list)
    rules: list[RuleHit] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    model: ModelRef | None = None


class Decisions:
    """Decides on payments. `put` sends one to the stream and asks for a reply; its future is True once acknowledged."""

    def __init__(
        self,
        put: Callable[[Transaction, bytes], asyncio.Future[bool]],
        replies: ExpectedReplies,
        policy: DeadlinePolicy,
    ) -> None:
        self._put = put
        self._replies = replies
        self._policy = policy

    async def decide(self, payment: Transaction, payload: bytes, deadline_ms: int) -> Answer:
        """Return a decision on this payment, within the deadline even if the stream is down.

        Raises:
            InvalidRecord: the stream dead-lettered the payment, for example because its time lies in the future.
        """
        with self._replies.expected(key_of(payment)) as reply:
            delivery = self._put(payment, payload)
            await asyncio.wait([reply], timeout=deadline_ms / 1000)
        if reply.done():
            return _answer_of(reply.result())
        return self._without_score(payment, delivered=delivery.done() and delivery.result())

    def _without_score(self, payment: Transaction, *, delivered: bool) -> Answer:
        flag = DEADLINE_EXCEEDED if delivered else STREAM_UNAVAILABLE
        return Answer(payment.transaction_id, self._policy.decision(payment), source="policy", flags=[flag])


def _answer_of(reply: Reply) -> Answer:
    if isinstance(reply, DeadLetter):
        raise InvalidRecord(reply.field, reply.reason)
    return Answer(
        transaction_id=reply.transaction_id,
        decision=reply.decision,
        source="stream",
        score=reply.score,
        profile=reply.profile,
        reasons=reply.reasons,
        rules=reply.rules,
        flags=reply.flags,
        model=reply.model,
    )
