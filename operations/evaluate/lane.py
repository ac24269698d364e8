"""A lane: one loop of detector, feedback, label join and contenders.

    slice of event time --> score --> wait for label or maturity
    before the next one --> learn what matured, then the labels known by its start --> publish

That is the order in which `weir replay` in lockstep has the loop learn. Contenders that get the same labels share a
lane; where labels depend on the scores (`--feedback alerts`), each contender has its own.
"""

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter_ns

from msgspec import structs

from learner.reputation import Reputations
from operations.evaluate.contenders import Assessment, Contender, Model
from operations.evaluate.feedback import Feedback
from operations.evaluate.pure_detector import PureDetector
from operations.evaluate.pure_join import PureJoin
from operations.evaluate.stopwatch import Stopwatch
from operations.replay.label_schedule import DueLabel
from operations.replay.rows import Row
from weir.messages import Example, Label, ScoredTransaction, Transaction

OUT_OF_ORDER_MS = 5000
"""How far the watermark lags behind the latest event, as the label join's job declares it."""

Labelled = Callable[[DueLabel], Label]


class Lane:
    """Scores, learns and publishes. `labelled` makes the message of a label that is due."""

    def __init__(
        self,
        contenders: Sequence[Contender],
        *,
        detector: PureDetector,
        join: PureJoin,
        feedback: Feedback,
        labelled: Labelled,
        epoch: int = 1,
    ) -> None:
        self.contenders, self.detector, self.join, self.feedback = contenders, detector, join, feedback
        self._labelled, self._epoch = labelled, epoch
        self._reputations = Reputations()
        self._watermark_ms = -OUT_OF_ORDER_MS
        self.examples = self.labels = 0
        self.scoring = {contender.name: Stopwatch() for contender in contenders}
        self._learning: dict[Model, Stopwatch] = {
            model: Stopwatch() for contender in contenders for model in contender.models
        }

    def begin_slice(self, start_ms: int) -> None:
        """Bring everything known by `start_ms` into force."""
        for example in self.join.mature(self._watermark_ms):
            self._learn(example)
        self._learn_labels(self.feedback.due(start_ms))
        self.detector.repute(self._reputations.drain_changed(self._epoch))
        for model in self._learning:
            model.publish(start_ms)

    def score(self, row: Row, transaction: Transaction) -> tuple[ScoredTransaction, list[Assessment]] | None:
        """Score a transaction by every contender; None for an id that was scored before, as its first score stands.

        Raises:
            InvalidRecord: the detector refuses the transaction.
        """
        seen = self.detector.score(transaction)
        self._watermark_ms = max(self._watermark_ms, seen.event_time_ms - OUT_OF_ORDER_MS)
        if self.join.knows(seen.transaction_id):
            return None
        assessments = [self._timed_score(contender, seen) for contender in self.contenders]
        first = assessments[0]
        self.feedback.add(row, first.score)
        self.join.scored(structs.replace(seen, score=first.score, decision=first.decision))
        return seen, assessments

    def us_per_learn(self, contender: Contender) -> float | None:
        """What learning an example costs the contender's models; None before the first example."""
        costs = [self._learning[model].us for model in contender.models]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    def _timed_score(self, contender: Contender, seen: ScoredTransaction) -> Assessment:
        started_ns = perf_counter_ns()
        assessment = contender.score(seen)
        self.scoring[contender.name].add(perf_counter_ns() - started_ns)
        return assessment

    def _learn_labels(self, due: Iterable[DueLabel]) -> None:
        for label in map(self._labelled, due):
            self.labels += 1
            for example in self.join.label(label):
                self._learn(example)

    def _learn(self, example: Example) -> None:
        self.examples += 1
        self._reputations.learn(self.examples, example)
        for model, watch in self._learning.items():
            started_ns = perf_counter_ns()
            model.learn(self.examples, example)
            watch.add(perf_counter_ns() - started_ns)
