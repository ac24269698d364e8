"""Who labels: an analyst looks at alerts and sometimes errs; chargebacks tell, later, of the frauds that were missed.

    payment --- alert ----> analyst, about an hour later ---------> verdict, wrong in a few of a hundred
            --- approve --> if it was fraud: chargeback, about four hours later

Everything depends on the seed and the transaction id only, so that the order of asking does not matter.
"""

from math import log
from random import Random

from msgspec import Struct

from simulator.world.streams import stream
from simulator.world.truth import Truth
from weir.messages import Decision, Verdict, is_alert

HOUR_MS = 3_600_000
LABELERS = ("ana", "ben", "chloe")


class LabelPlan(Struct, frozen=True):
    """A label to be given `delay_ms` of event time after its payment."""

    transaction_id: str
    verdict: Verdict
    delay_ms: int
    labeler: str
    source: str


class Analyst:
    """Looks at alerts."""

    def __init__(
        self, truth: Truth, seed: int, error_share: float = 0.03, median_ms: float = HOUR_MS, spread: float = 0.5
    ) -> None:
        self._truth, self._seed, self._error_share = truth, seed, error_share
        self._median_ms, self._spread = median_ms, spread

    def verdict(self, transaction_id: str) -> LabelPlan:
        """What an analyst will say, and when."""
        rng = stream(self._seed, "analyst", transaction_id)
        wrong = rng.random() < self._error_share
        verdict: Verdict = "fraud" if self._truth.is_fraud(transaction_id) != wrong else "legitimate"
        delay_ms = _delay_ms(rng, self._median_ms, self._spread)
        return LabelPlan(transaction_id, verdict, delay_ms, rng.choice(LABELERS), "analyst")


class Chargebacks:
    """Customers who find a payment on their statement that was not theirs."""

    def __init__(self, truth: Truth, seed: int, median_ms: float = 4 * HOUR_MS, spread: float = 0.5) -> None:
        self._truth, self._seed, self._median_ms, self._spread = truth, seed, median_ms, spread

    def verdict(self, transaction_id: str, decision: Decision) -> LabelPlan | None:
        """The chargeback of a fraud that was approved; None for every other payment."""
        if is_alert(decision) or not self._truth.is_fraud(transaction_id):
            return None
        rng = stream(self._seed, "chargeback", transaction_id)
        return LabelPlan(transaction_id, "fraud", _delay_ms(rng, self._median_ms, self._spread), "bank", "chargeback")


def _delay_ms(rng: Random, median_ms: float, spread: float) -> int:
    return int(rng.lognormvariate(log(median_ms), spread))
