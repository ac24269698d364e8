"""How ordinary the amount of a payment is among all that was learned, 0 to 1.

A fraud with an ordinary amount is left unexplained by its payment, so it speaks against the merchant, device, address
or card. One with a rare amount, for its customer or for everybody, says more about a stolen card.
"""

from math import log
from typing import Any

from weir.messages import Example

BINS = 64
RATIOS_FROM, RATIO_BINS = -4.0, 8.0
"""The log ratios -4 to 4 in eighths, so the share of amounts at least as high is off by at most 13 % in the amount."""

AMOUNT_BINS = 4.0
"""The log amounts 0 to 16 in quarters: e^16 is nine million."""

NO_RATIO = 0.0
"""A customer's first payment counts as their usual amount: nothing makes it odd."""

PRIOR_PAYMENTS = 1e-3
"""In each bin before anything is learned, only to keep the first logarithms finite."""

RARE_SHARE, ORDINARY_SHARE = 0.005, 0.05
"""An amount that at most .5 % of payments reach is rare, one that 5 % reach ordinary (docs/adr/0019)."""


class Amounts:
    """Two histograms of learned payments, by weight: the amount's ratio to the customer's habit, and the amount."""

    def __init__(self) -> None:
        self._ratios = [PRIOR_PAYMENTS] * BINS
        self._amounts = [PRIOR_PAYMENTS] * BINS
        self._payments = PRIOR_PAYMENTS * BINS

    def learn(self, example: Example) -> None:
        """Add a payment at its first verdict; a revision is the same payment again."""
        if example.outcome == "example":
            ratio, amount = _bins(example)
            self._ratios[ratio] += example.weight
            self._amounts[amount] += example.weight
            self._payments += example.weight

    def ordinary(self, example: Example) -> float:
        """Return 0 if at most .5 % of payments have such a high ratio or amount, 1 if 5 % have, logarithmic between."""
        ratio, amount = _bins(example)
        share = min(sum(self._ratios[ratio:]), sum(self._amounts[amount:])) / self._payments
        return min(1.0, max(0.0, log(share / RARE_SHARE) / log(ORDINARY_SHARE / RARE_SHARE)))

    def learned_state(self) -> dict[str, Any]:
        """Return plain values for the digest."""
        return {"ratios": self._ratios, "amounts": self._amounts, "payments": self._payments}


def _bins(example: Example) -> tuple[int, int]:
    features = example.features
    ratio = (features.get("amount_ratio", NO_RATIO) - RATIOS_FROM) * RATIO_BINS
    return _bin(ratio), _bin(features.get("log_amount", 0.0) * AMOUNT_BINS)


def _bin(value: float) -> int:
    return min(BINS - 1, max(0, int(value)))
