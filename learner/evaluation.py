"""Prequential evaluation: compare scores with verdicts as the verdicts become known.

A rolling window holds the last judged transactions with their latest verdicts: a revision replaces the verdict that it
supersedes. Metrics named `*_current` judge the present model, before it learns the example. The others judge the score
as it was given.
"""

from collections import OrderedDict

from msgspec import Struct
from river import metrics, stats
from sklearn.metrics import average_precision_score, roc_auc_score

from weir.messages import Example

WINDOW = 2000
"""Transactions that the metrics cover. A round number; not measured."""


class Judged(Struct, frozen=True, array_like=True):
    """A transaction's verdict and scores: `score` as given, `current` by the present model.

    `delay_ms` is the time from the transaction to its label, None for an implicit example.
    """

    fraud: bool
    score: float
    current: float
    alerted: bool
    weight: float
    delay_ms: int | None


class Evaluation:
    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._judged: OrderedDict[str, Judged] = OrderedDict()
        self._log_loss, self._log_loss_current = metrics.LogLoss(), metrics.LogLoss()
        self._precision, self._recall = metrics.Precision(), metrics.Recall()
        self._delay_s = stats.Mean()
        self.examples = 0
        self.frauds = 0

    def judge(self, example: Example, current: float) -> None:
        """Add an example; `current` is the present model's score. Skip a confirmation: it repeats a verdict."""
        if example.outcome == "confirmation":
            return
        fraud = example.verdict == "fraud"
        self.examples += 1
        self.frauds += fraud
        earlier = self._judged.pop(example.transaction_id, None)
        judged = Judged(fraud, example.score, current, example.is_alert, example.weight, _delay(example))
        self._judged[example.transaction_id] = judged
        self._change(judged, sign=1)
        if earlier is not None:
            self._change(earlier, sign=-1)
        if len(self._judged) > self._window:
            self._change(self._judged.popitem(last=False)[1], sign=-1)

    def _change(self, judged: Judged, *, sign: int) -> None:
        """Add a transaction to the rolling metrics (`sign` is 1) or remove it (-1)."""
        for metric, predicted in (
            (self._log_loss, judged.score),
            (self._log_loss_current, judged.current),
            (self._precision, judged.alerted),
            (self._recall, judged.alerted),
        ):
            (metric.update if sign > 0 else metric.revert)(judged.fraud, predicted, judged.weight)
        if judged.delay_ms is not None:
            (self._delay_s.update if sign > 0 else self._delay_s.revert)(judged.delay_ms / 1000)

    def metrics(self) -> dict[str, float]:
        """Return the metrics by name. Ranking metrics are absent until the window holds both verdicts."""
        known = {"examples": float(self.examples), "frauds": float(self.frauds), "window": float(len(self._judged))}
        if not self._judged:
            return known
        known["log_loss"], known["log_loss_current"] = self._log_loss.get(), self._log_loss_current.get()
        known["precision_alerts"], known["recall_alerts"] = self._precision.get(), self._recall.get()
        known["label_delay_s"] = self._delay_s.get()
        return known | self._rates() | self._ranking()

    def _rates(self) -> dict[str, float]:
        judged = self._judged.values()
        total = sum(one.weight for one in judged)
        return {
            "fraud_rate": sum(one.weight for one in judged if one.fraud) / total,
            "mean_score": sum(one.weight * one.score for one in judged) / total,
        }

    def _ranking(self) -> dict[str, float]:
        judged = self._judged.values()
        frauds, weights = [one.fraud for one in judged], [one.weight for one in judged]
        if all(frauds) or not any(frauds):
            return {}
        ranking = {}
        for suffix, scores in (("", [one.score for one in judged]), ("_current", [one.current for one in judged])):
            ranking[f"roc_auc{suffix}"] = float(roc_auc_score(frauds, scores, sample_weight=weights))
            ranking[f"average_precision{suffix}"] = float(
                average_precision_score(frauds, scores, sample_weight=weights)
            )
        return ranking


def _delay(example: Example) -> int | None:
    """Return milliseconds from transaction to label: on the transactions' clock if the label has it, else wall time."""
    if example.implicit:
        return None
    known_ms = example.labelled_at_ms if example.as_of_ms is None else example.as_of_ms
    return None if known_ms is None else known_ms - example.event_time_ms
