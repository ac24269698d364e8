"""The sources of labels: an analyst judges alerts and sometimes errs; a chargeback reports a fraud that was approved.

    payment --- alert ----> analyst, about an hour later ---------> verdict, wrong in 3 of 100 cases
            --- approve --> if it was fraud: chargeback, about four hours later

Each label depends only on the seed and the transaction id, so the order of calls does not matter.
"""

from math import log
from random import Random

from msgspec import Struct

from simulator.world.streams import stream
from simulator.world.truth import Truth
from weir.messages import Decision, Verdict, is_alert

HOUR_MS = 3_600_000
LABELERS = ("ana", "ben", "chloe")

# Chosen for the demo's story, not taken from data: some labels are wrong, as real ones are.
ERROR_SHARE = 0.03

# Event time. Labels come late, yet within the demo's two minutes: at its speed after 2.5 s and 10 s (ADR 15).
ANALYST_MEDIAN_MS, CHARGEBACK_MEDIAN_MS = HOUR_MS, 4 * HOUR_MS

# The sigma of the delay's logarithm: two of three delays lie between 0.6 and 1.65 times the median. Not taken from
# data.
DELAY_SPREAD = 0.5


class LabelPlan(Struct, frozen=True):
    """A label due `delay_ms` of event time after its payment."""

    transaction_id: str
    verdict: Verdict
    delay_ms: int
    labeler: str
    source: str


class Analyst:
    """Judges alerts. A share of the verdicts, `error_share`, is wrong."""

    def __init__(
        self,
        truth: Truth,
        seed: int,
        error_share: float = ERROR_SHARE,
        median_ms: float = ANALYST_MEDIAN_MS,
        spread: float = DELAY_SPREAD,
    ) -> None:
        self._truth, self._seed, self._error_share = truth, seed, error_share
        self._median_ms, self._spread = median_ms, spread

    def plan(self, transaction_id: str) -> LabelPlan:
        rng = stream(self._seed, "analyst", transaction_id)
        wrong = rng.random() < self._error_share
        verdict: Verdict = "fraud" if self._truth.is_fraud(transaction_id) != wrong else "legitimate"
        delay_ms = _delay_ms(rng, self._median_ms, self._spread)
        return LabelPlan(transaction_id, verdict, delay_ms, rng.choice(LABELERS), "analyst")


class Chargebacks:
    """Frauds that were approved and that customers later find on their statements."""

    def __init__(
        self, truth: Truth, seed: int, median_ms: float = CHARGEBACK_MEDIAN_MS, spread: float = DELAY_SPREAD
    ) -> None:
        self._truth, self._seed, self._median_ms, self._spread = truth, seed, median_ms, spread

    def plan(self, transaction_id: str, decision: Decision) -> LabelPlan | None:
        """Return the chargeback of an approved fraud; None for any other payment."""
        if is_alert(decision) or not self._truth.is_fraud(transaction_id):
            return None
        rng = stream(self._seed, "chargeback", transaction_id)
        return LabelPlan(transaction_id, "fraud", _delay_ms(rng, self._median_ms, self._spread), "bank", "chargeback")


def _delay_ms(rng: Random, median_ms: float, spread: float) -> int:
    return int(rng.lognormvariate(log(median_ms), spread))
