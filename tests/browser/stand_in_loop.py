"""Detector, label join, learner and ledger in one thread on a real broker: the real pure parts, without Flink.

It plays simulated payments at SPEED, writes alerts and counts, and answers every label with a numbered example and a
signed publication. Tests can stop its learning and its payments.
"""

import copy
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

from detector.knowledge import Knowledge
from detector.scoring import Arrival, Detector
from learner.fold import Fold
from learner.label_join import JoinState, LabelJoin
from simulator.world.traffic import START_MS, TrafficSettings, traffic
from tests.builders import DAY_MS, a_label, some_counts
from weir import kafka_clients
from weir.artefact import sign_reputation
from weir.messages import LABEL, Position, TwinFrozen, decode_with, encode

SPEED = 1440.0
WARM_MS = 2 * DAY_MS


def now_ms():
    return time.time_ns() // 1_000_000


class StandInLoop:
    """`rate_per_s` payments a second of wall time, in which `SPEED` seconds of event time pass."""

    def __init__(self, settings, rate_per_s=50.0):
        self.settings, self.topics = settings, settings.topics
        self.learning, self.paying = True, True
        self.truth, self.alerts, self.scored_count, self.publication = {}, {}, 0, 0
        self._detector, self._users = Detector(settings.detector), {}
        self._key = settings.require_signing_key()
        self._knowledge, self._twin_knowledge = Knowledge(self._key), Knowledge(self._key)
        self._join, self._joins = LabelJoin(settings.learning), {}
        self._fold, self.verdicts = Fold(settings.learning), {}
        self._nowhere = Position(self.topics.transactions, 0, 0)
        self._producer = kafka_clients.producer(settings.bootstrap_servers, linger_ms=0)
        self._labels = kafka_clients.consumer(settings.bootstrap_servers, "stand-in-learner")
        traffic_settings = TrafficSettings(rate_per_s=rate_per_s, speed=SPEED, new_kind_from_ms=START_MS + WARM_MS)
        self._payments = traffic(traffic_settings)
        self._twin_users = None
        self._todo = queue.SimpleQueue()

    def warm_up(self, *, learned=True):
        """Score two days of history without publishing alerts, and learn labels of all frauds and some good payments."""
        was_learning, self.learning = self.learning, False
        for payment in takewhile(lambda payment: payment.event_time_ms < START_MS + WARM_MS, self._payments):
            scored = self._score(payment, self._users, self._knowledge)
            if learned and (payment.fraud or scored.decision != "approve" or payment.event_time_ms % 20 == 0):
                self.alerts[scored.transaction_id] = scored
                self.learn(
                    a_label(
                        label_id=f"l-{scored.transaction_id}",
                        transaction_id=scored.transaction_id,
                        verdict="fraud" if payment.fraud else "legitimate",
                        labeler="history",
                        fraud_type=payment.kind,
                    )
                )
        self.learning = was_learning
        if learned:
            self.publish()

    def learn(self, label):
        """Write the label's entry of the learning log, and a publication that includes it."""
        state = self._joins.setdefault(label.transaction_id, JoinState())
        self._join.on_scored(state, self.alerts[label.transaction_id])
        joined = self._join.on_label(state, label, source=self._nowhere, payload=b"")
        self.verdicts[label.transaction_id] = label.verdict
        for example in joined.examples:
            n = self._fold.n + 1
            self._fold.learn(self._fold.epoch, n, example)
            self._put(self.topics.learning_log, f"{self._fold.epoch}:{n}", example)
        if self.learning:
            self.publish()

    def publish(self):
        self.publication += 1
        publication = self._fold.publication(self.publication, now_ms(), self._key)
        self._knowledge.apply(encode(publication))
        self._put(self.topics.control, "champion", publication)
        for reputation in self._fold.changed_reputation():
            self._knowledge.apply(encode(sign_reputation(reputation, self._key)))
        for key in self._fold.withdrawn_reputation():
            self._knowledge.apply(None, key.encode())

    def freeze(self, event_time_ms):
        """Start the twin with the current model."""
        champion = self._knowledge.champion
        self._twin_knowledge.champion = champion
        self._twin_knowledge.reputation.update(self._knowledge.reputation)
        frozen = TwinFrozen(event_time_ms=event_time_ms, frozen_at_ms=now_ms(), model=champion and champion.ref)
        self._twin_users = copy.deepcopy(self._users)
        self._put(self.topics.twin_alerts, "frozen", frozen)

    def soon(self, act):
        """Run `act` in the loop's thread, between two payments."""
        self._todo.put(act)

    def run(self, stopped):
        self._labels.subscribe([self.topics.labels])
        began_s, counted_s, payment = time.monotonic(), 0.0, next(self._payments)
        while not stopped.is_set():
            self._hear()
            while not self._todo.empty():
                self._todo.get()()
            due_ms = START_MS + WARM_MS + (time.monotonic() - began_s) * 1000 * SPEED
            while payment.event_time_ms <= due_ms:
                if self.paying:
                    self._pay(payment)
                payment = next(self._payments)
            if time.monotonic() - counted_s >= 0.5:
                counted_s = time.monotonic()
                self._count()
        self._labels.close()
        self._producer.flush(5)

    def _hear(self):
        record = self._labels.poll(0.02)
        if record is not None and record.error() is None:
            self.learn(decode_with(LABEL, record.value()))

    def _pay(self, payment):
        if self._twin_users is not None:
            seen = self._score(payment, self._twin_users, self._twin_knowledge)
            if seen.decision != "approve":
                self._put(self.topics.twin_alerts, seen.transaction_id, seen)
        scored = self._score(payment, self._users, self._knowledge)
        self.scored_count += 1
        self.truth[scored.transaction_id] = payment.kind
        self.alerts[scored.transaction_id] = scored
        if scored.decision != "approve":
            self._put(self.topics.alerts, scored.transaction_id, scored)

    def _score(self, payment, users, knowledge):
        transaction = payment.transaction
        arrival = Arrival(transaction, encode(transaction), self._nowhere, now_ms())
        scored, users[transaction.user_id] = self._detector.score(users.get(transaction.user_id), arrival, knowledge)
        return scored

    def _count(self):
        numbers = {"transactions_sent": self.scored_count, "scored": self.scored_count, "counted_at_ms": now_ms()}
        self._put(self.topics.ledger, "counts", some_counts(**numbers))

    def _put(self, topic, key, message):
        self._producer.produce(topic, encode(message), key=key.encode())
        self._producer.poll(0)


@contextmanager
def playing(loop: StandInLoop) -> Iterator[StandInLoop]:
    """Run the loop in its own thread until the block ends."""
    stopped = threading.Event()
    thread = threading.Thread(target=loop.run, args=[stopped])
    thread.start()
    try:
        yield loop
    finally:
        stopped.set()
        thread.join()
