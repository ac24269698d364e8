"""`weir evaluate` gives the scores of `weir replay`: the real lockstep drives the detector, the label join and the
learner over bytes, as on Kafka, and each score is compared."""

import asyncio
import heapq
from collections import deque
from typing import Any

import pytest
from rich.console import Console

from detector.intake import Intake
from detector.knowledge import Knowledge
from detector.scoring import Detector
from learner.fold import Fold
from learner.join_intake import JoinIntake
from learner.tree_learner import TreeLearner
from operations.evaluate.contenders import Assessment, contenders_named
from operations.evaluate.feedback import EveryLabel
from operations.evaluate.lane import OUT_OF_ORDER_MS, Lane
from operations.evaluate.one_pass import OnePass
from operations.evaluate.pure_detector import PureDetector
from operations.evaluate.pure_join import PureJoin
from operations.evaluate.request import EvaluateRequest, planned
from operations.harness.observed import Observed
from operations.replay.label_schedule import LabelSchedule
from operations.replay.lockstep import Replay
from operations.replay.rows import Row
from operations.replay.selected_rows import read_rows
from operations.replay.trees_due import TreesDue
from simulator.world.traffic import TrafficSettings
from tests.builders import some_counts
from tests.traffic_file import payments_of, table_of, write_traffic
from weir.artefact import sign_reputation
from weir.messages import EXAMPLE, SCORED, Label, ScoredTransaction, Transaction, decode_with, encode
from weir.records import Inbound, Processed, StateChange
from weir.settings import Settings
from weir.topics import Topics

KEY, TOPICS, EVENTS = b"key", Topics("pure"), 300
NOW_MS = 4_000_000_000_000
LOOKS_OF_A_TRAINING = 5
"""Long enough that a replay which did not wait for it would have sent the next slice."""


class BytesLoop:
    """The loop that a replay drives, over bytes: states, timers, learning log, control records.

    Trees come into force some looks after the publication that they were due with, because training takes time.
    """

    def __init__(self, settings: Settings) -> None:
        self._intake = Intake(Detector(settings.detector), TOPICS)
        self._join = JoinIntake(settings.learning, TOPICS)
        self._fold, self._knowledge = Fold(settings.learning), Knowledge(KEY)
        self._trees, self._training = TreeLearner(settings.learning.epoch), deque[tuple[int, bytes]]()
        self.due, self._looks = TreesDue(settings.learning.epoch), 0
        self._users: dict[str, Any] = {}
        self._joins: dict[str, Any] = {}
        self._timers: list[tuple[int, str]] = []
        self._log: list[bytes] = []
        self._latest_ms, self._published, self.labels = 0, 0, 0
        self.scored: dict[str, ScoredTransaction] = {}
        self.observed = Observed(TOPICS)
        self.sent = 0

    def send(self, transaction: Transaction) -> None:
        record = Inbound(None, encode(transaction), TOPICS.transactions, 0, self.sent)
        self.sent += 1
        user = transaction.user_id
        processed = self._intake.process(record, user, self._users.get(user), self._knowledge, NOW_MS)
        self._users[user] = processed.state
        payload = next(out.payload for out in processed.outbound if out.topic == TOPICS.scored)
        scored = decode_with(SCORED, payload)
        self.scored[scored.transaction_id] = scored
        self.observed.scored(payload)
        self._latest_ms = max(self._latest_ms, scored.event_time_ms)
        self._joined(scored.transaction_id, TOPICS.scored, payload)

    def flush(self) -> None:
        """Nothing waits here."""

    def check(self) -> None:
        """The learner folds what has arrived in its log and publishes; the ledger counts."""
        self._looks += 1
        for payload in self._log[self._fold.n :]:
            example = decode_with(EXAMPLE, payload)
            self._fold.learn(self._fold.epoch, self._fold.n + 1, example)
            self.due.read(f"{self._fold.epoch}:{self._fold.n}".encode(), payload)
            if self._trees.learn(self._fold.n, example):
                self._training.append((self._looks + LOOKS_OF_A_TRAINING, encode(self._trees.train(NOW_MS, KEY))))
        if self._fold.n > self.observed.learned_n:
            self._publish()
        while self._training and self._training[0][0] <= self._looks:
            _, trees = self._training.popleft()
            self._knowledge.apply(trees)
            self.observed.published(trees)
        known = {"transactions_sent": self.sent, "scored": self.sent, "labels_accepted": self.labels}
        known |= {"label_examples": self.labels, "implicit_examples": self._fold.n - self.labels}
        self.observed.counts = some_counts(**known)

    async def accept(self, bodies: list[dict[str, Any]]) -> None:
        """Labels arrive once the timers of the transactions before them have gone off."""
        self._wake(self._latest_ms - OUT_OF_ORDER_MS)
        for body in bodies:
            label = Label(
                label_id=body["label_id"],
                transaction_id=body["transaction_id"],
                verdict=body["verdict"],
                labeler=body["labeler"],
                source=body["source"],
                labelled_at_ms=NOW_MS,
                as_of_ms=body["as_of"],
            )
            self.labels += 1
            self._joined(label.transaction_id, TOPICS.labels, encode(label))

    def _publish(self) -> None:
        self._published += 1
        for reputation in self._fold.changed_reputation():
            self._knowledge.apply(encode(sign_reputation(reputation, KEY)))
        self._knowledge.apply(encode(self._fold.publication(self._published, NOW_MS, KEY)))
        self.observed.learned_n = self._fold.n

    def _wake(self, watermark_ms: int) -> None:
        while self._timers and self._timers[0][0] <= watermark_ms:
            due_ms, key = heapq.heappop(self._timers)
            self._keep(key, self._join.wake(due_ms, self._joins.get(key), NOW_MS))

    def _joined(self, key: str, topic: str, payload: bytes) -> None:
        record = Inbound(key.encode(), payload, topic, 0, 0)
        self._keep(key, self._join.process(record, key, self._joins.get(key), NOW_MS))

    def _keep(self, key: str, processed: Processed) -> None:
        if processed.state is not StateChange.UNCHANGED:
            self._joins[key] = None if processed.state is StateChange.CLEARED else processed.state
        if processed.timer_ms is not None:
            heapq.heappush(self._timers, (processed.timer_ms, key))
        self._log += [out.payload for out in processed.outbound if out.topic == TOPICS.learning_log]


class Labels:
    """The sender of labels that a replay expects."""

    def __init__(self, loop: BytesLoop) -> None:
        self._loop = loop

    @property
    def sent(self) -> int:
        return self._loop.labels

    async def send(self, bodies: list[dict[str, Any]]) -> None:
        await self._loop.accept(bodies)


class Kept:
    """A judge that keeps every score."""

    def __init__(self) -> None:
        self.assessments: dict[str, Assessment] = {}

    def passes(self, row: Row) -> None: ...

    def add(self, row: Row, _amount: float, assessments: list[Assessment]) -> None:
        self.assessments[row.transaction.transaction_id] = assessments[0]


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    payments = payments_of(8, TrafficSettings(seed=3, rate_per_s=1.0, fraud_share=0.3))[:EVENTS]
    table = table_of(payments)
    table.loc[table.index % 3 == 0, "fraud"] = float("nan")  # these mature
    file, mapping = write_traffic(tmp_path_factory.mktemp("traffic"), table)
    short = mapping.read_text().replace(
        "maturity_horizon_s = 172800", "maturity_horizon_s = 108000\nimplicit_share = 0.7"
    )
    mapping.write_text(short)
    return planned(EvaluateRequest(file, mapping), Console(quiet=True))


@pytest.fixture(scope="module")
def replayed(plan):
    loop = BytesLoop(plan.settings)
    schedule = LabelSchedule(plan.label.send)
    replay = Replay(loop, plan.label, Labels(loop), loop, loop.observed, schedule, loop.due)
    asyncio.run(replay.in_lockstep(read_rows(plan.checked, plan.period, None), plan.slice_ms))
    return loop.scored


@pytest.fixture(scope="module")
def evaluated(plan):
    feedback, kept = EveryLabel(plan.label.send), Kept()
    lane = Lane(
        contenders_named(["champion"], plan.settings),
        detector=PureDetector(plan.settings.detector, NOW_MS),
        join=PureJoin(plan.settings.learning, feedback.awaits),
        feedback=feedback,
        labelled=plan.labelled,
    )
    OnePass([lane], kept).run(read_rows(plan.checked, plan.period, None), plan.slice_ms)
    return kept.assessments


def test_every_score_is_the_replays_to_the_last_bit(replayed, evaluated):
    assert len(evaluated) == EVENTS
    assert {name: one.score for name, one in evaluated.items()} == {name: one.score for name, one in replayed.items()}


def test_every_decision_is_the_replays(replayed, evaluated):
    assert {name: one.decision for name, one in evaluated.items()} == {
        name: one.decision for name, one in replayed.items()
    }


def test_the_scores_come_from_many_models(replayed):
    """Else the comparison above would say little: labels and matured payments were learned in between."""
    models = {one.model.n for one in replayed.values() if one.model is not None}
    assert len(models) > 5
    assert max(models) > 100
    trees = {one.model.trees_n for one in replayed.values() if one.model is not None}
    assert None in trees
    assert len(trees) > 1
