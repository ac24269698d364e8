"""The console's read model: facts from the stream, and a desk per visitor.

Nothing here touches Kafka or HTTP. All calls run in the event loop's thread, and time is an argument.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

from feedback_api.console.champions import Champions, score_under
from feedback_api.console.desk import Desk
from feedback_api.console.facts import Alerted, Fact, Learned, Reachable, TwinAlerted
from feedback_api.console.receipts import Moved, Receipt
from feedback_api.console.review_queue import ReviewQueue
from feedback_api.console.scoreboard import Scoreboard
from feedback_api.console.stream_clock import StreamClock
from feedback_api.console.throughput import Throughput
from feedback_api.console.twin_race import TwinRace
from feedback_api.replies import PaymentKey
from weir.messages import Counts, Example, Label, Publication, ScoredTransaction, TreesPublication, TwinFrozen, Verdict
from weir.voices import Voices

MOST_DESKS = 100
"""Bounds memory. A round number; not measured."""

LATEST_VERDICTS = 6
"""The length of the page's list of verdicts. Not measured."""

MOVED_FROM = 0.01
"""The smallest change that shows in a score with two decimals."""


class GivenVerdict(NamedTuple):
    """A labeler's verdict, as entry `n` of the learning log."""

    labeler: str
    verdict: Verdict
    fraud_type: str | None
    n: int
    learned_ms: int


class Console:
    """Applies facts. `new_id` makes label ids."""

    def __init__(self, signing_key: bytes | None, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._desks: OrderedDict[str, Desk] = OrderedDict()
        self.queue, self.scoreboard, self.race = ReviewQueue(), Scoreboard(), TwinRace()
        self.clock, self.throughput, self.champions = StreamClock(), Throughput(), Champions(signing_key)
        self.latest_verdicts: deque[GivenVerdict] = deque(maxlen=LATEST_VERDICTS)
        self.kafka_away_since_ms: int | None = None
        self._scored_by = 0

    def desk(self, name: str) -> Desk:
        """A visitor's desk. Past MOST_DESKS, the least recently used desk is cleared."""
        desk = self._desks.pop(name, None) or Desk(name, self._new_id)
        self._desks[name] = desk
        if len(self._desks) > MOST_DESKS:
            self._desks.popitem(last=False)
        return desk

    def accepted(self, label: Label, now_ms: int) -> None:
        """Close the alert of a label that this API accepted, without waiting for the learning log."""
        meant = self._meant(label)
        if meant is not None:
            self.queue.close(meant, label.verdict, label.labeler)
        for receipt in self._receipts():
            if receipt.label_id == label.label_id:
                receipt.accepted(now_ms)

    def _meant(self, label: Label) -> PaymentKey | None:
        """The payment of a label; None if it could be several customers', and then the label join refuses it."""
        if label.user_id is not None:
            return PaymentKey(label.user_id, label.transaction_id)
        alike = self.queue.open_with(label.transaction_id)
        return alike[0] if len(alike) == 1 else None

    def _paid(self, example: Example) -> list[PaymentKey]:
        """The payment of an example; an old one names no customer."""
        if example.user_id is not None:
            return [PaymentKey(example.user_id, example.transaction_id)]
        return self.queue.open_with(example.transaction_id)

    def apply(self, fact: Fact, now_ms: int) -> None:
        match fact:
            case Alerted():
                self._alert(fact, now_ms)
            case Learned():
                self._learn(fact, now_ms)
            case Publication():
                if self.champions.apply(fact):
                    self._advance_receipts(now_ms)
            case TreesPublication():
                self.champions.apply_trees(fact)
            case Reachable():
                self.kafka_away_since_ms = fact.away_since_ms
            case Counts():
                self.throughput.apply(fact)
            case TwinFrozen():
                self.race.freeze(fact)
            case TwinAlerted():
                self.race.twin_alerted(fact.payment)

    def _alert(self, fact: Alerted, now_ms: int) -> None:
        scored = fact.scored
        self.queue.open(scored)
        self.clock.saw(scored.event_time_ms, scored.scored_at_ms)
        if scored.model is not None and scored.model.publication > self._scored_by:
            self._scored_by = scored.model.publication
            self._advance_receipts(now_ms)

    def _learn(self, fact: Learned, now_ms: int) -> None:
        example = fact.example
        self.scoreboard.apply(example)
        self.race.apply(example)
        for key in self._paid(example):
            if example.is_alert and not (example.implicit and self.queue.is_held(key, now_ms)):
                self.queue.close(key, example.verdict, example.labeler)
        if example.as_of_ms is not None:
            self.clock.labelled(example.as_of_ms - example.event_time_ms)
        if example.labeler is not None:
            self.latest_verdicts.append(
                GivenVerdict(example.labeler, example.verdict, example.fraud_type, fact.n, fact.at_ms)
            )
        for receipt in self._receipts():
            if receipt.label_id == example.label_id:
                receipt.joined(fact.epoch, fact.n, example.outcome, now_ms)
        self._advance_receipts(now_ms)

    def _advance_receipts(self, now_ms: int) -> None:
        """Advance every receipt as far as possible. Topics are read in no common order, so call this after any fact."""
        current = self.champions.current
        champion = None if current is None else current.publication
        for receipt in self._receipts():
            if champion and receipt.learns_from(champion.epoch, champion.n):
                receipt.learned(champion.publication, self.champions.news - 1, self._moved(), now_ms)
            receipt.scored_by(self._scored_by, now_ms)

    def _moved(self) -> list[Moved]:
        """The open alerts that the latest publication moved, largest change first."""
        before, after = self.champions.previous, self.champions.current
        if before is None or after is None:
            return []
        models = self.champions.voices(before), self.champions.voices(after)
        found = [_move(alert.scored, *models) for alert in self.queue]
        moved = [move for move in found if move is not None]
        return sorted(moved, key=lambda move: abs(move.after - move.before), reverse=True)

    def _receipts(self) -> list[Receipt]:
        return [desk.receipt for desk in self._desks.values() if desk.receipt is not None]


def _move(alert: ScoredTransaction, before: Voices, after: Voices) -> Moved | None:
    old, new = score_under(before, alert), score_under(after, alert)
    if old is None or new is None or abs(new - old) < MOVED_FROM:
        return None
    return Moved(alert.merchant_id or alert.user_id, old, new)
