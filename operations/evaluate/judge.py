"""The judge: remembers what each contender said of the assessed payments, and measures it at the end."""

from array import array
from collections.abc import Sequence

import numpy as np
import pandas as pd

from operations.evaluate.contenders import Assessment
from operations.evaluate.measures import Block, Figures, judge_days, mean_of, weeks_of
from operations.replay.quality import Protocol, without_known_cards
from operations.replay.rows import Row
from weir.messages import is_alert
from weir.topics import DAY_MS


class Judge:
    """Keeps a few numbers a payment: day, card, verdict, amount, and each contender's score and decision.

    With `knows_cards` off, no card is left out for being known as compromised.
    """

    def __init__(self, protocol: Protocol, contenders: Sequence[str], *, knows_cards: bool, budget: int) -> None:
        self.protocol, self._knows_cards, self._budget = protocol, knows_cards, budget
        self._cards: dict[str, int] = {}
        self._days, self._card, self._fraud, self._amount = array("l"), array("l"), array("b"), array("d")
        self._scores = {name: array("d") for name in contenders}
        self._alerts = {name: array("b") for name in contenders}
        self._frauds: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._days)

    def passes(self, row: Row) -> None:
        """Note a fraud of the file: it may make a card known."""
        if row.verdict == "fraud" and self._knows_cards:
            self._frauds.append((row.event_time_ms // DAY_MS, row.transaction.user_id))

    def add(self, row: Row, amount: float, assessments: Sequence[Assessment]) -> None:
        """Remember a payment if its day is assessed and its verdict known."""
        day, user_id = row.event_time_ms // DAY_MS, row.transaction.user_id
        if row.verdict is None or not self.protocol.first_day <= day <= self.protocol.last_day:
            return
        self._days.append(day)
        self._card.append(self._cards.setdefault(user_id, len(self._cards)))
        self._fraud.append(row.verdict == "fraud")
        self._amount.append(amount)
        for name, assessment in zip(self._scores, assessments, strict=True):
            self._scores[name].append(assessment.score)
            self._alerts[name].append(is_alert(assessment.decision))

    def blocks(self, contender: str) -> list[Block]:
        """The contender's figures: by week where cards may be known and the days are whole weeks, else in one piece."""
        scored, frauds = self._frame(contender), self._known_frauds()
        parts = weeks_of(self.protocol) if self._knows_cards else [self.protocol]
        return [judge_days(scored, frauds, part, self._budget) for part in parts]

    def judged(self, contender: str) -> pd.DataFrame:
        """The payments that count, over all blocks."""
        scored, frauds = self._frame(contender), self._known_frauds()
        parts = weeks_of(self.protocol) if self._knows_cards else [self.protocol]
        return pd.concat([without_known_cards(scored, frauds, part) for part in parts])

    def _known_frauds(self) -> pd.DataFrame:
        return pd.DataFrame(self._frauds, columns=["day", "card"]).astype({"day": "int64"})

    def _frame(self, contender: str) -> pd.DataFrame:
        columns = {
            "day": np.array(self._days),
            "card": np.array([*self._cards], dtype=object)[np.array(self._card, dtype=int)],
            "fraud": np.array(self._fraud),
            "amount": np.array(self._amount),
            "score": np.array(self._scores[contender]),
            "alert": np.array(self._alerts[contender]),
        }
        return pd.DataFrame(columns)


def figures_of(blocks: Sequence[Block]) -> Figures:
    """The figures over all blocks."""
    return mean_of([block.figures for block in blocks])
