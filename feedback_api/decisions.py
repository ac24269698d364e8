"""A decision on a payment: the stream's, or past the deadline the policy's."""

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
    """What the client gets. `source` says who decided; a policy's answer has no score."""

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
    """Decides on payments. `put` puts one on the stream, asking for a reply; it tells whether the broker has it."""

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
        """The first decision on this payment; it comes within the deadline, whatever happens to the stream.

        Raises:
            InvalidRecord: the stream refused the payment, for example for being from the future.
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
