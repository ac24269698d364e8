"""The deadline policy: the decision on a payment whose score is late."""

from dataclasses import dataclass

from weir.messages import Decision, Transaction
from weir.payments import is_money_back


@dataclass(frozen=True)
class DeadlinePolicy:
    """Approve money back and small payments in the base currency; give all others `fail_closed_decision`.

    An approval without a score thus risks less than `fail_open_below`. A payment without a currency counts as one in the
    base currency. Other currencies always fail closed, because only the detector can convert them. The limit and the
    decision are the settings `api.fail_open_below` and `api.fail_closed_decision`.
    """

    base_currency: str
    fail_open_below: float
    fail_closed_decision: Decision
    money_back_types: tuple[str, ...] = ()

    def decision(self, payment: Transaction) -> Decision:
        if is_money_back(payment, self.money_back_types):
            return "approve"
        in_base_currency = payment.currency in {None, self.base_currency}
        return "approve" if in_base_currency and payment.amount < self.fail_open_below else self.fail_closed_decision
