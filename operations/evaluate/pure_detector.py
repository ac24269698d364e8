"""The detector over a file: the users' states and the reputations in force, without Kafka and Flink."""

from time import perf_counter_ns

from detector.assessment import features_of
from detector.currency import Rates
from detector.knowledge import Knowledge
from detector.payment import Payments
from detector.scoring import Arrival, Detector
from detector.state_encoding import decode_state
from operations.evaluate.stopwatch import Stopwatch
from weir.messages import Position, Reputation, ScoredTransaction, Transaction
from weir.settings import DetectorSettings

NOWHERE = Position("evaluate", 0, 0)

TIMED_EVERY = 16
"""The features of one payment in so many are computed once more, timed: the detector computes them with the rest."""


class PureDetector:
    """Scores transactions by rules alone; contenders add their models to what it finds.

    States are kept as the stream keeps them, encoded: a million users fit into memory.
    """

    def __init__(self, settings: DetectorSettings, now_ms: int) -> None:
        self._now_ms = now_ms
        self._detector, self._rates = Detector(settings), Rates(settings)
        self._payments = Payments(settings)
        self._users: dict[str, bytes] = {}
        self._knowledge = Knowledge(signing_key=b"")
        self._scored = 0
        self.features, self.all_but_models = Stopwatch(), Stopwatch()

    def score(self, transaction: Transaction) -> ScoredTransaction:
        """Add a transaction to its user's state; returns its features and rules, and the rules' own score.

        Raises:
            InvalidRecord: the event time is impossible; the state is unchanged.
        """
        user = self._users.get(transaction.user_id)
        if self._scored % TIMED_EVERY == 0:
            self._time_features(user, transaction)
        started_ns = perf_counter_ns()
        arrival = Arrival(transaction, b"null", NOWHERE, self._now_ms)
        scored, self._users[transaction.user_id] = self._detector.score(user, arrival, self._knowledge)
        self.all_but_models.add(perf_counter_ns() - started_ns)
        self._scored += 1
        return scored

    def repute(self, changed: list[Reputation]) -> None:
        """Put changed reputations in force."""
        self._knowledge.reputation.update((reputation.key, reputation) for reputation in changed)

    def _time_features(self, user: bytes | None, transaction: Transaction) -> None:
        state = decode_state(user)
        amount = self._rates.converted(transaction.amount, transaction.currency, transaction.event_time_ms)
        started_ns = perf_counter_ns()
        subjects = self._knowledge.reputation.subjects_of(transaction)
        features_of(state, self._payments.record_of(transaction, transaction.event_time_ms, amount, subjects))
        self.features.add(perf_counter_ns() - started_ns)
