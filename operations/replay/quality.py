"""The quality of the scores, as given at the time, by the protocol of the fraud-detection handbook.

A card is a user. Each assessed day excludes the cards that are already known as compromised: those with a fraud in the
training days or later that became known before that day, given the label delay.

    training days | delay | assessed days            known on day d: frauds from first - delay - training to d - delay - 1

Source: Le Borgne, Siblini, Lebichot and Bontempi, Reproducible Machine Learning for Credit Card Fraud Detection, 2022,
chapters 3 and 4.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from msgspec import Struct

TOP_CARDS = 100
"""The handbook's k for card precision."""


class Quality(Struct, frozen=True, kw_only=True):
    """The quality of the scores on the assessed days. A metric is None if it needs both classes and one is missing."""

    first_day: str
    last_day: str
    transactions: int
    frauds: int
    roc_auc: float | None
    average_precision: float | None
    card_precision_at_100: float


@dataclass(frozen=True)
class Protocol:
    """Assessed days (whole UTC days since 1970, both inclusive), label delay and training days.

    Seven days of delay and of training are the handbook's values.
    """

    first_day: int
    last_day: int
    delay_days: int = 7
    training_days: int = 7

    @property
    def first_known_day(self) -> int:
        """The first day whose frauds make a card known."""
        return self.first_day - self.delay_days - self.training_days


def assess(scored: pd.DataFrame, frauds: pd.DataFrame, protocol: Protocol) -> Quality:
    """Measure the quality of the scores.

    Args:
        scored: `day`, `card`, `fraud` (0 or 1), `score`; one row per transaction. Rows of other days are ignored.
        frauds: `day` and `card` of every fraud in the file that can make a card known.
        protocol: the days to assess.
    """
    left = without_known_cards(scored, frauds, protocol)
    both = left["fraud"].nunique() == 2  # noqa: PLR2004 -- fraud and legitimate
    from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: PLC0415 -- it takes two seconds

    return Quality(
        first_day=_date(protocol.first_day),
        last_day=_date(protocol.last_day),
        transactions=len(left),
        frauds=int(left["fraud"].sum()),
        roc_auc=float(roc_auc_score(left["fraud"], left["score"])) if both else None,
        average_precision=float(average_precision_score(left["fraud"], left["score"])) if both else None,
        card_precision_at_100=card_precision(left, protocol, TOP_CARDS),
    )


def without_known_cards(scored: pd.DataFrame, frauds: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """The transactions of the assessed days, without those of cards that were known as compromised on that day."""
    counted = frauds[frauds["day"] >= protocol.first_known_day]
    first_fraud = counted.groupby("card")["day"].min()
    assessed = scored[scored["day"].between(protocol.first_day, protocol.last_day)]
    known_from = assessed["card"].map(first_fraud) + protocol.delay_days + 1
    return assessed[~(known_from <= assessed["day"])]


def card_precision(scored: pd.DataFrame, protocol: Protocol, top: int) -> float:
    """The share of compromised cards among the `top` cards with the highest score of each day, averaged over the days.

    A card's score is its highest score of the day. A compromised card that was found is excluded from later days.
    """
    found: set[object] = set()
    precisions = []
    for day in range(protocol.first_day, protocol.last_day + 1):
        of_day = scored[(scored["day"] == day) & ~scored["card"].isin(found)]
        cards = of_day.groupby("card")[["fraud", "score"]].max().nlargest(top, "score")
        compromised = cards.index[cards["fraud"] == 1]
        found.update(compromised)
        precisions.append(len(compromised) / top)
    return float(np.mean(precisions))


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))
