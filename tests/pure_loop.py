"""The whole loop in one process, without Kafka or Flink, for tuning and tests.

Traffic, detector, label join, fold and publications are the real ones.

    history (7 days) ---------------- attack starts (7 days 16 h) ------------ end (9 days)
    one detector, learning            the live detector keeps learning
                                      its frozen twin keeps what it knew at the start

Run `python -m tests.pure_loop 1 2 3` to print a table over development seeds.
"""

import copy
import heapq
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, takewhile

from detector.knowledge import Knowledge
from detector.scoring import Arrival, Detector
from learner.fold import Fold
from learner.label_join import Joined, JoinState, LabelJoin
from learner.tree_learner import TreeLearner
from simulator.analysts.analyst import Analyst, Chargebacks, LabelPlan
from simulator.demo.wiring import CHALLENGE_AT
from simulator.world.payment import KINDS, NEW_KIND, Payment
from simulator.world.traffic import START_MS, TrafficSettings, traffic
from simulator.world.truth import Truth
from simulator.world.users import DAY_MS, HOUR_MS
from weir.artefact import sign_reputation
from weir.compiled import warm
from weir.messages import Label, Position, ScoredTransaction, encode
from weir.settings import DetectorSettings, LearningSettings, Settings

KEY = b"pure loop"
OLD_KINDS = tuple(kind for kind in KINDS if kind != NEW_KIND)
NOWHERE = Position("demo.transactions", 0, 0)
ATTACK_MS, END_MS = START_MS + 7 * DAY_MS + 16 * HOUR_MS, START_MS + 9 * DAY_MS
LEARNING = LearningSettings(clock="stream", maturity_horizon_s=24 * 3600, retention_s=10 * 24 * 3600)

# Wall time, as in the default of `learning.publish_every_ms`.
PUBLISH_EVERY_S = 0.25

# Wall time from a label to the publication that learned it: the label join's checkpoint, the learner, the control
# topic. No measurement of it is recorded.
LABEL_LATENCY_S = 0.8

# Wall time from a training that is due to its trees in force. A few thousand examples take a second; not measured.
TRAINING_S = 1.5


@dataclass
class Outcomes:
    """One detector's alerts by kind of payment: None is legitimate; a look-alike also counts under its own name."""

    seen: Counter[str | None] = field(default_factory=Counter)
    alerted: Counter[str | None] = field(default_factory=Counter)

    def note(self, payment: Payment, alert: bool) -> None:
        for name in (payment.kind, payment.look_alike) if payment.look_alike else (payment.kind,):
            self.seen[name] += 1
            self.alerted[name] += alert

    def rate(self, *kinds: str | None) -> float:
        return sum(self.alerted[kind] for kind in kinds) / max(1, sum(self.seen[kind] for kind in kinds))


class Side:
    """A detector with its knowledge and its users' states."""

    def __init__(self) -> None:
        self.knowledge, self.outcomes = Knowledge(KEY), Outcomes()
        self._detector, self._users = Detector(DetectorSettings(challenge_at=CHALLENGE_AT)), dict[str, bytes]()

    def score(self, payment: Payment) -> ScoredTransaction:
        transaction = payment.transaction
        user, arrival = transaction.user_id, Arrival(transaction, b"null", NOWHERE, payment.event_time_ms)
        scored, self._users[user] = self._detector.score(self._users.get(user), arrival, self.knowledge)
        self.outcomes.note(payment, scored.decision != "approve")
        return scored

    def twin(self) -> "Side":
        """Copy everything as it is now; the two are independent from then on."""
        return copy.deepcopy(self)


class QuietFold(Fold):
    """A fold without metrics, which nothing here reads and which would take most of the time."""

    def metrics(self) -> dict[str, float]:
        return {}


class Learner:
    """Label join, fold and publications, driven by event time."""

    def __init__(self, speed: float) -> None:
        self._join, self._fold, self._states = LabelJoin(LEARNING), QuietFold(LEARNING), dict[str, JoinState]()
        self._due: list[tuple[int, int, Label | str]] = []
        self._order, self._published_n, self._number = count(), 0, 0
        self._tree_learner, self._trained = TreeLearner(LEARNING.epoch), list[tuple[int, bytes]]()
        self._training_ms = int(TRAINING_S * speed * 1000)
        self._latency_ms = int(LABEL_LATENCY_S * speed * 1000)
        self.every_ms, self._next_ms = int(PUBLISH_EVERY_S * speed * 1000), 0

    def scored(self, scored: ScoredTransaction, plan: LabelPlan | None) -> None:
        """Join a score, and schedule its label and its maturity."""
        state = self._states.setdefault(scored.transaction_id, JoinState())
        self._learn(self._join.on_scored(state, scored), scored.event_time_ms)
        self._schedule(self._join.next_timer_ms(state) or 0, scored.transaction_id)
        if plan is not None:
            due_ms = scored.event_time_ms + plan.delay_ms + self._latency_ms
            self._schedule(due_ms, a_label(plan, due_ms))

    def advance(self, now_ms: int, knowledge: Knowledge) -> None:
        """Learn what is due, and publish if the interval has passed and something new was learned."""
        while self._due and self._due[0][0] <= now_ms:
            self._join_due(now_ms, heapq.heappop(self._due)[2])
        while self._trained and self._trained[0][0] <= now_ms:
            knowledge.apply(self._trained.pop(0)[1])
        if now_ms >= self._next_ms and self._fold.n > self._published_n:
            self._publish(now_ms, knowledge)

    def _join_due(self, now_ms: int, due: Label | str) -> None:
        if isinstance(due, str):
            self._learn(self._join.on_timer(self._states[due], now_ms), now_ms)
        else:
            state = self._states[due.transaction_id]
            self._learn(self._join.on_label(state, due, source=NOWHERE, payload=b""), now_ms)

    def _learn(self, joined: Joined, now_ms: int) -> None:
        for example in joined.examples:
            self._fold.learn(self._fold.epoch, self._fold.n + 1, example)
            if self._tree_learner.learn(self._fold.n, example):
                trees = encode(self._tree_learner.train(now_ms, KEY))
                self._trained.append((now_ms + self._training_ms, trees))

    def _publish(self, now_ms: int, knowledge: Knowledge) -> None:
        self._number, self._published_n, self._next_ms = self._number + 1, self._fold.n, now_ms + self.every_ms
        for reputation in self._fold.changed_reputation():
            knowledge.apply(encode(sign_reputation(reputation, KEY)))
        for key in self._fold.withdrawn_reputation():
            knowledge.apply(None, key.encode())
        knowledge.apply(encode(self._fold.publication(self._number, now_ms, KEY)))

    def _schedule(self, due_ms: int, item: Label | str) -> None:
        heapq.heappush(self._due, (due_ms, next(self._order), item))


def a_label(plan: LabelPlan, due_ms: int) -> Label:
    return Label(
        label_id=f"l-{plan.transaction_id}",
        transaction_id=plan.transaction_id,
        verdict=plan.verdict,
        labeler=plan.labeler,
        source=plan.source,
        labelled_at_ms=due_ms,
        as_of_ms=due_ms,
    )


@dataclass
class Result:
    """Both detectors' outcomes from the start of the attack to the end."""

    live: Outcomes
    twin: Outcomes
    seconds: float

    def alerts_per_s(self, side: Outcomes) -> float:
        return sum(side.alerted[kind] for kind in (None, NEW_KIND, *OLD_KINDS)) / self.seconds


def run(settings: TrafficSettings, attack_ms: int = ATTACK_MS, end_ms: int = END_MS) -> Result:
    """Run the live detector and its twin over the same stream."""
    settings = replace(settings, new_kind_from_ms=attack_ms)
    truth, live, learner = Truth(), Side(), Learner(settings.speed)
    analyst, chargebacks = Analyst(truth, settings.seed), Chargebacks(truth, settings.seed)
    twin: Side | None = None
    for payment in takewhile(lambda payment: payment.event_time_ms < end_ms, traffic(settings)):
        truth.remember(payment)
        learner.advance(payment.event_time_ms, live.knowledge)
        if twin is None and payment.event_time_ms >= attack_ms:
            live.outcomes, twin = Outcomes(), live.twin()
            twin.outcomes = Outcomes()
        scored = live.score(payment)
        if scored.decision == "approve":
            plan = chargebacks.plan(scored.transaction_id, scored.decision)
        else:
            plan = analyst.plan(scored.transaction_id)
        learner.scored(scored, plan)
        if twin is not None:
            twin.score(payment)
    assert twin is not None
    return Result(live.outcomes, twin.outcomes, (end_ms - attack_ms) / 1000 / settings.speed)


def table(seed: int, result: Result) -> Iterator[str]:
    """Yield two lines for each detector: its rates, and its alerts by kind and look-alike."""
    for name, side in (("live", result.live), ("twin", result.twin)):
        yield (
            f"seed {seed} {name}: new kind {side.alerted[NEW_KIND]}/{side.seen[NEW_KIND]}"
            f"  old kinds {side.rate(*OLD_KINDS):.3f}  false alerts {side.rate(None):.4f}"
            f"  alerts/s {result.alerts_per_s(side):.2f}"
        )
        kinds = sorted(kind for kind in side.seen if kind is not None)
        yield "    " + "  ".join(f"{kind} {side.alerted[kind]}/{side.seen[kind]}" for kind in kinds)


if __name__ == "__main__":
    warm(Settings().cache_dir)
    for seed in map(int, sys.argv[1:]):
        sys.stdout.write("\n".join(table(seed, run(TrafficSettings(seed=seed)))) + "\n")
        sys.stdout.flush()
