"""Prequential evaluation: compare scores with verdicts as the verdicts become known.

A rolling window holds the last judged transactions with their latest verdicts: a revision replaces the verdict that it
supersedes. Metrics named `*_current` judge the present model, before it learns the example. The others judge the score
as it was given.
"""

from collections import OrderedDict

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from weir.compiled import Floats
from weir.messages import Example

Flags = NDArray[np.bool_]

WINDOW = 2000
"""Transactions that the metrics cover. A round number; not measured."""

LEAST_LIKELIHOOD = 1e-15
"""Keeps the log loss of one payment finite: at most 34.5, as River's."""


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
    """The window. Learning only adds to it; the metrics are computed when they are asked for, a few times a second."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._judged: OrderedDict[tuple[str | None, str], Judged] = OrderedDict()
        self.examples = 0
        self.frauds = 0

    def judge(self, example: Example, current: float) -> None:
        """Add an example; `current` is the present model's score. Skip a confirmation: it repeats a verdict."""
        if example.outcome == "confirmation":
            return
        fraud = example.verdict == "fraud"
        self.examples += 1
        self.frauds += fraud
        payment = example.user_id, example.transaction_id
        self._judged.pop(payment, None)
        judged = Judged(fraud, example.score, current, example.is_alert, example.weight, _delay(example))
        self._judged[payment] = judged
        if len(self._judged) > self._window:
            self._judged.popitem(last=False)

    def metrics(self) -> dict[str, float]:
        """Return the metrics by name. Ranking metrics are absent until the window holds both verdicts."""
        known = {"examples": float(self.examples), "frauds": float(self.frauds), "window": float(len(self._judged))}
        if not self._judged:
            return known
        columns = zip(*map(structs.astuple, self._judged.values()), strict=True)
        fraud, score, current, alerted, weight, delays_ms = columns
        return (
            known
            | _metrics(np.array(fraud), np.array(score), np.array(current), np.array(alerted), np.array(weight))
            | {"label_delay_s": _mean([delay_ms / 1000 for delay_ms in delays_ms if delay_ms is not None])}
        )


def _metrics(fraud: Flags, score: Floats, current: Floats, alerted: Flags, weight: Floats) -> dict[str, float]:
    right, total = float(weight[fraud & alerted].sum()), float(weight.sum())
    found = {
        "log_loss": _log_loss(fraud, score, weight),
        "log_loss_current": _log_loss(fraud, current, weight),
        "precision_alerts": _share(right, float(weight[alerted].sum())),
        "recall_alerts": _share(right, float(weight[fraud].sum())),
        "fraud_rate": float(weight[fraud].sum()) / total,
        "mean_score": float((weight * score).sum()) / total,
    }
    if fraud.all() or not fraud.any():
        return found
    for suffix, scores in (("", score), ("_current", current)):
        found[f"roc_auc{suffix}"] = float(roc_auc_score(fraud, scores, sample_weight=weight))
        found[f"average_precision{suffix}"] = float(average_precision_score(fraud, scores, sample_weight=weight))
    return found


def _log_loss(fraud: Flags, score: Floats, weight: Floats) -> float:
    likelihood = np.maximum(np.where(fraud, score, 1 - score), LEAST_LIKELIHOOD)
    return float(np.average(-np.log(likelihood), weights=weight))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _delay(example: Example) -> int | None:
    """Return milliseconds from transaction to label: on the transactions' clock if the label has it, else wall time."""
    if example.implicit:
        return None
    known_ms = example.labelled_at_ms if example.as_of_ms is None else example.as_of_ms
    return None if known_ms is None else known_ms - example.event_time_ms
