"""Drift detection on the learning log: River's ADWIN on three signals.

log_loss     log loss of the score as given    concept drift
fraud_rate   share of frauds                   prior drift
mean_score   score as given                    data drift
"""

import math

from river import drift

from weir.messages import DriftFinding, Example

_NAMES = {"log_loss": "log loss", "fraud_rate": "fraud rate", "mean_score": "mean score"}

_LEAST_LIKELIHOOD = 1e-6
"""Keeps the log loss of one example finite: at most 13.8."""


class DriftWatch:
    """One detector per signal, with River's defaults (delta .002). `counts` holds how often each has fired."""

    def __init__(self) -> None:
        self._detectors = {signal: drift.ADWIN() for signal in _NAMES}
        self.counts = dict.fromkeys(_NAMES, 0)

    def watch(self, n: int, example: Example) -> list[DriftFinding]:
        """Update the detectors with example `n` and return new findings. Skip a confirmation: it repeats a verdict."""
        if example.outcome == "confirmation":
            return []
        fraud = example.verdict == "fraud"
        likelihood = example.score if fraud else 1 - example.score
        values = {
            "log_loss": -math.log(max(likelihood, _LEAST_LIKELIHOOD)),
            "fraud_rate": fraud,
            "mean_score": example.score,
        }
        findings = [self._update(signal, n, float(value)) for signal, value in values.items()]
        return [finding for finding in findings if finding is not None]

    def _update(self, signal: str, n: int, value: float) -> DriftFinding | None:
        detector = self._detectors[signal]
        before = detector.estimation
        detector.update(value)
        if not detector.drift_detected:
            return None
        self.counts[signal] += 1
        direction = "rose" if detector.estimation > before else "fell"
        text = (
            f"The {_NAMES[signal]} {direction} from {before:.4f} to {detector.estimation:.4f}, detected at example {n}."
        )
        return DriftFinding(detector="ADWIN", signal=signal, n=n, text=text)

    def metrics(self) -> dict[str, float]:
        """Return how often drift was detected, by signal."""
        return {f"drift_detected_{signal}": float(count) for signal, count in self.counts.items()}
