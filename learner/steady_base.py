"""The steady base: learning an attack must not make good customers suspect (docs/adr/0017).

The first frauds of a new kind look like honest payments, because no feature distinguishes them yet. Learning them
raises the log-odds of every honest payment. The steady base therefore holds the mean log-odds of known legitimate
payments: a correction of the intercept lets the mean fall with the model at once, but rise only slowly.

    mean by the weights   -6.2   -6.4 | -6.0   -5.9      an attack begins at the line
    mean held             -6.2   -6.4 | -6.4   -6.4      correction = mean held - mean by the weights
"""

from collections.abc import Mapping
from typing import Any

from weir.artefact import Term

WINDOW = 750.0
"""Legitimate payments that the mean covers; nothing is held before. Set in docs/adr/0017, no alternative recorded."""

LEAST_EXAMPLES = 150
"""Examples that the mean covers at least: one may stand for many payments, and noise depends on examples (ADR 17)."""

RECOVERY = 25_000.0
"""Payments until the held mean has made two thirds of a lasting rise. Set in docs/adr/0017, no alternative recorded."""


class SteadyBase:
    """The mean features of recent legitimate payments, and the mean log-odds that the model is held to."""

    def __init__(self) -> None:
        self._payments, self._examples = 0.0, 0
        self._values: dict[str, float] = {}
        self._shares: dict[str, float] = {}
        self._of_the_weights = 0.0
        self._held = 0.0

    @property
    def correction(self) -> float:
        """The correction of the intercept in log-odds, 0 or less."""
        return self._held - self._of_the_weights

    def learn_legitimate(self, x: Mapping[str, float], w: float) -> None:
        """Add a legitimate example that stands for `w` payments to the mean features.

        An absent feature adds nothing to log-odds, so it enters its mean as 0. The share of payments that have the
        feature is kept beside the mean.
        """
        self._payments, self._examples = self._payments + w, self._examples + 1
        step = min(w / min(self._payments, WINDOW), 1 / min(self._examples, LEAST_EXAMPLES))
        for name in x:
            self._values.setdefault(name, 0.0)
            self._shares.setdefault(name, 0.0)
        for name, mean in self._values.items():
            value = x.get(name)
            self._values[name] = mean + step * ((0.0 if value is None else value) - mean)
            self._shares[name] += step * ((value is not None) - self._shares[name])

    def hold(self, intercept: float, terms: Mapping[str, Term], w: float) -> None:
        """Follow the model's new weights after an example of weight `w`: at once if the mean falls, else slowly."""
        mean = intercept
        for name, term in terms.items():
            mean += term.slope * self._values.get(name, 0.0) + term.offset * self._shares.get(name, 0.0)
        self._of_the_weights = mean
        rise, warm = mean - self._held, self._payments > WINDOW and self._examples > LEAST_EXAMPLES
        if rise <= 0 or not warm:
            self._held = mean
        else:
            self._held += rise * min(1.0, w / RECOVERY)

    def learned_state(self) -> dict[str, Any]:
        """Return plain values for the digest."""
        return {
            "payments": self._payments,
            "examples": self._examples,
            "values": dict(self._values),
            "shares": dict(self._shares),
            "of_the_weights": self._of_the_weights,
            "held": self._held,
        }
