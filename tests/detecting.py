"""One paying user in front of a detector; tests set the clock, the merchants' reputation and the model."""

from collections.abc import Iterable
from typing import Any

from detector.assessment import features_of
from detector.facts import Facts
from detector.feature_catalogue import FEATURES
from detector.features import Feature
from detector.knowledge import Knowledge
from detector.known_frauds import KnownFrauds
from detector.moment import Moment
from detector.payment import Payments
from detector.rules import RULES, Rule
from detector.scoring import Arrival, Detector
from detector.state import HABITS, LATEST, habits_of, header_of, panes_of, recent_of
from detector.state_encoding import decode_state
from tests.builders import DAY_MS, NOON_MS, a_reputation, a_transaction, a_user_event
from tests.scorers import a_scorer
from tests.trees import some_trees
from weir.champion import Champion
from weir.compiled import Floats
from weir.feature_vector import named
from weir.messages import ModelRef, Position, ScoredTransaction, Transaction, encode
from weir.settings import DetectorSettings
from weir.vectors import packed
from weir.voices import Voices

HERE = Position("live.transactions", 0, 0)
FAR_AHEAD_MS = NOON_MS + 3650 * DAY_MS


def a_champion(trust: float = 0.5, intercept: float = -3.0, **slopes: float) -> Champion:
    """Make a model with about the given slopes."""
    return Champion(ModelRef(1, 1, 10), Voices(a_scorer(trust, intercept, **slopes)))


def champion_with_trees(trust: float = 0.5, intercept: float = -3.0, **slopes: float) -> Champion:
    """Make a model with fresh trees beside it."""
    return Champion(ModelRef(1, 1, 10, 9), Voices(a_scorer(trust, intercept, **slopes), some_trees()))


def a_model_of_everything(trust: float = 0.5, features: Iterable[Feature] = FEATURES) -> Champion:
    """Make a model in which every feature counts: every third against fraud, the others for it."""
    slopes = {feature.name: (0.3 if n % 3 else -0.3) + 0.01 * n for n, feature in enumerate(features)}
    return a_champion(trust, **slopes)


def recent(state: bytes | None) -> Any:
    """The payments that are kept one by one."""
    array = decode_state(state)
    return recent_of(array)[: header_of(array).recent]


def panes(state: bytes | None) -> Any:
    array = decode_state(state)
    return panes_of(array)[: header_of(array).panes]


def habits(state: bytes | None) -> Any:
    return habits_of(decode_state(state)).view(HABITS)[LATEST]


def fired(rules: Iterable[Rule]) -> int:
    """Return the bits of these rules."""
    return sum(1 << RULES.index(rule) for rule in rules)


class User:
    """User u1; payments get the ids p0, p1, ... and happen at NOON_MS plus `at_ms`."""

    def __init__(self, champion: Champion | None = None, **settings: Any) -> None:
        self.detector = Detector(DetectorSettings(**settings))
        self.state: bytes | None = None
        self.champion = champion
        self.reputation = KnownFrauds()
        self.now_ms = FAR_AHEAD_MS
        self._paid = 0

    def pay(self, amount: float = 20.0, at_ms: int = 0, **fields: Any) -> ScoredTransaction:
        fields = {"transaction_id": f"p{self._paid}", "event_time": NOON_MS + at_ms, "amount": amount, **fields}
        self._paid += 1
        return self.send(a_transaction(**fields))

    def pay_daily(self, count: int, **fields: Any) -> None:
        """Pay once on each of the `count` days before NOON_MS."""
        for day in range(count, 0, -1):
            self.pay(at_ms=-day * DAY_MS, **fields)

    def send(self, transaction: Transaction, raw: bytes | None = None) -> ScoredTransaction:
        """Score a transaction; `raw` is its JSON."""
        raw = encode(transaction) if raw is None else raw
        scored, self.state = self.detector.score(
            self.state, Arrival(transaction, raw, HERE, self.now_ms), self.knowledge
        )
        return scored

    @property
    def knowledge(self) -> Knowledge:
        known = Knowledge(b"")
        known.champion, known.reputation = self.champion, self.reputation
        return known

    def facts(self, at_ms: int = 0, threshold: float = 30.0) -> Facts:
        """Look at a payment at NOON_MS plus `at_ms`."""
        return self._look(
            a_transaction(event_time=NOON_MS + at_ms), Payments(DetectorSettings(otp_threshold=threshold))
        )[0]

    def look(self, **fields: Any) -> tuple[Moment, dict[str, float]]:
        """Return the moment and the features of a payment, by default at NOON_MS; it is not added to the state."""
        transaction, payments = a_transaction(**{"event_time": NOON_MS, **fields}), self.detector._payments
        facts, vector = self._look(transaction, payments)
        return Moment(transaction, facts, "EUR", payments.attributes), named(packed(vector))

    def _look(self, transaction: Transaction, payments: Payments) -> tuple[Facts, Floats]:
        subjects = self.reputation.subjects_of(transaction)
        record = payments.record_of(transaction, transaction.event_time_ms, transaction.amount, subjects)
        return features_of(decode_state(self.state), record)

    def know(self, **fields: Any) -> None:
        """Put a reputation in force, by default that of merchant m1."""
        reputation = a_reputation(**fields)
        self.reputation[reputation.key] = reputation

    def tell(self, kind: str, at_ms: int = 0, **fields: Any) -> None:
        """Send a user event of this kind."""
        event = a_user_event(type=kind, event_time=NOON_MS + at_ms, **fields)
        self.state = self.detector.observe(self.state, event, now_ms=self.now_ms)
