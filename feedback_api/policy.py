"""What a payment is answered when its score does not come in time: the written policy, and nothing else."""

from dataclasses import dataclass

from weir.messages import Decision, Transaction


@dataclass(frozen=True)
class DeadlinePolicy:
    """Fail open for small amounts in the base currency, closed for all others.

    A payment without a currency counts as one in the base currency. Converting others is the detector's business:
    here they fail closed, whatever their amount.
    """

    base_currency: str
    fail_open_below: float
    fail_closed_decision: Decision

    def decision(self, payment: Transaction) -> Decision:
        """The decision without a score."""
        in_base_currency = payment.currency in {None, self.base_currency}
        return "approve" if in_base_currency and payment.amount < self.fail_open_below else self.fail_closed_decision
