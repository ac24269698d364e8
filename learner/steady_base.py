"""The base of suspicion: an attack must not make everybody suspect.

The first frauds of a new kind look like good customers, since no feature tells them apart yet. Learning them lifts the
log-odds of whoever resembles a good customer. So the mean log-odds of known legitimate payments is held: it falls with
the model at once and rises slowly, by a correction of the intercept.

    of the weights   -6.2   -6.4 | -6.0   -5.9          an attack begins at the line
    held             -6.2   -6.4 | -6.4   -6.4          correction = held - of the weights
"""

from collections.abc import Mapping
from typing import Any

from weir.artefact import Term

WINDOW = 750.0
"""Legitimate payments over which the mean is taken; until so many are known, nothing is held."""

LEAST_EXAMPLES = 150
"""Examples over which it is taken at least, whatever they stand for: noise depends on how many there are."""

RECOVERY = 25_000.0
"""Payments in which the held mean makes up two thirds of a rise that lasts: then it is the stream that has changed."""


class SteadyBase:
    """The mean features of the latest legitimate payments, and the mean log-odds that the model is held to."""

    def __init__(self) -> None:
        self._payments, self._examples = 0.0, 0
        self._values: dict[str, float] = {}
        self._shares: dict[str, float] = {}
        self._of_the_weights = 0.0
        self._held = 0.0

    @property
    def correction(self) -> float:
        """What is added to the intercept, in log-odds; never more than 0."""
        return self._held - self._of_the_weights

    def learn_legitimate(self, x: Mapping[str, float], w: float) -> None:
        """Take a legitimate example that stands for `w` payments into the mean features.

        A feature that is absent adds nothing to log-odds, so its mean is taken with 0 in its place, beside the share of
        payments that have it.
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
        """Follow the model after an example of weight `w`: at once if the mean falls, slowly if it rises."""
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
        """As plain values, for the digest."""
        return {
            "payments": self._payments,
            "examples": self._examples,
            "values": dict(self._values),
            "shares": dict(self._shares),
            "of_the_weights": self._of_the_weights,
            "held": self._held,
        }
