"""Drift detection on the learning log: River's ADWIN on three signals.

The log-loss of the scores as given (concept drift), the share of frauds (prior drift), the mean score (data drift).
"""

import math

from river import drift

from weir.messages import DriftFinding, Example

_NAMES = {"log_loss": "log-loss of the scores", "fraud_rate": "share of frauds", "mean_score": "mean score"}
_SMALLEST = 1e-6


class DriftWatch:
    """One detector per signal; `counts` says how often each has fired."""

    def __init__(self) -> None:
        self._detectors = {signal: drift.ADWIN() for signal in _NAMES}
        self.counts = dict.fromkeys(_NAMES, 0)

    def watch(self, n: int, example: Example) -> list[DriftFinding]:
        """What example `n` brings to light; confirmations are not watched."""
        if example.outcome == "confirmation":
            return []
        fraud = example.verdict == "fraud"
        likelihood = example.score if fraud else 1 - example.score
        values = {"log_loss": -math.log(max(likelihood, _SMALLEST)), "fraud_rate": fraud, "mean_score": example.score}
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
        text = f"The {_NAMES[signal]} {direction} from {before:.4f} to {detector.estimation:.4f} by example {n}."
        return DriftFinding(detector="ADWIN", signal=signal, n=n, text=text)

    def metrics(self) -> dict[str, float]:
        """How often each signal drifted."""
        return {f"drift_detected_{signal}": float(count) for signal, count in self.counts.items()}
