"""Money caught and good customers stopped, summed over the verdicts in force: the latest one of each transaction.

The sums cover the entries of the learning log since a day before this process started.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from feedback_api.replies import PaymentKey
from weir.messages import Example, Verdict


class VerdictInForce(NamedTuple):
    """A verdict in force. `alerted`: the decision was not approve. `matured`: the verdict rests on maturity, not a label."""

    verdict: Verdict
    amount: float
    alerted: bool
    matured: bool


@dataclass
class Scoreboard:
    """The sums, in the base currency. Past `limit` transactions, the oldest verdicts can no longer be revised."""

    limit: int = 50_000
    caught: float = 0.0
    caught_count: int = 0
    stopped_good_labelled: int = 0
    stopped_good_matured: int = 0
    missed: float = 0.0
    missed_count: int = 0

    def __post_init__(self) -> None:
        self._in_force: OrderedDict[PaymentKey, VerdictInForce] = OrderedDict()

    @property
    def stopped_good(self) -> int:
        """Alerts on legitimate payments, by a label or by maturity."""
        return self.stopped_good_labelled + self.stopped_good_matured

    def apply(self, example: Example) -> None:
        """Apply an entry of the learning log. A confirmation changes nothing."""
        if example.outcome == "confirmation":
            return
        payment = PaymentKey(example.user_id or "", example.transaction_id)
        earlier = self._in_force.pop(payment, None)
        if earlier is not None:
            self._count(earlier, -1)
        spent = max(0.0, example.amount or 0.0)  # unknown without an exchange rate; money back is negative
        judged = VerdictInForce(example.verdict, spent, example.is_alert, example.implicit)
        self._count(judged, 1)
        if judged.alerted or judged.verdict == "fraud":
            self._remember(payment, judged)

    def _count(self, judged: VerdictInForce, sign: int) -> None:
        if judged.verdict == "fraud" and judged.alerted:
            self.caught, self.caught_count = self.caught + sign * judged.amount, self.caught_count + sign
        elif judged.verdict == "fraud":
            self.missed, self.missed_count = self.missed + sign * judged.amount, self.missed_count + sign
        elif judged.alerted and judged.matured:
            self.stopped_good_matured += sign
        elif judged.alerted:
            self.stopped_good_labelled += sign

    def _remember(self, payment: PaymentKey, judged: VerdictInForce) -> None:
        self._in_force[payment] = judged
        if len(self._in_force) > self.limit:
            self._in_force.popitem(last=False)
