"""One paying user in front of a detector; tests set the clock, the merchants' reputation and the model."""

from collections.abc import Iterable
from typing import Any

from detector.detector import Detector
from detector.feature_catalogue import FEATURES
from detector.features import Feature
from detector.history import earlier_than
from detector.state import UserState
from detector.windows import Windows, windows_at
from tests.builders import DAY_MS, NOON_MS, a_reputation, a_transaction, a_user_event
from tests.scorers import a_scorer
from tests.trees import some_trees
from weir.champion import Champion
from weir.messages import ModelRef, Position, Reputation, ReputationKey, ScoredTransaction, Transaction, encode
from weir.settings import DetectorSettings
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


class User:
    """User u1; payments get the ids p0, p1, ... and happen at NOON_MS plus `at_ms`."""

    def __init__(self, champion: Champion | None = None, **settings: Any) -> None:
        self.detector = Detector(DetectorSettings(**settings))
        self.state = UserState()
        self.champion = champion
        self.reputation: dict[ReputationKey, Reputation] = {}
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

    def send(self, transaction: Transaction, raw: bytes | None = None, **options: Any) -> ScoredTransaction:
        """Score a transaction; `options` override the detector's arguments."""
        options = {"champion": self.champion, "reputation": self.reputation, "now_ms": self.now_ms, **options}
        raw = encode(transaction) if raw is None else raw
        return self.detector.score(self.state, transaction, source=HERE, raw=raw, **options)

    def windows(self, at_ms: int = 0, threshold: float = 30.0) -> Windows:
        """Compute the windows of a payment at NOON_MS plus `at_ms`."""
        time_ms = NOON_MS + at_ms
        return windows_at(earlier_than(self.state, time_ms), self.state.panes, time_ms, threshold)

    def know(self, **fields: Any) -> None:
        """Put a reputation in force, by default that of merchant m1."""
        reputation = a_reputation(**fields)
        self.reputation[reputation.key] = reputation

    def tell(self, kind: str, at_ms: int = 0, **fields: Any) -> None:
        """Send a user event of this kind."""
        event = a_user_event(type=kind, event_time=NOON_MS + at_ms, **fields)
        self.detector.observe(self.state, event, now_ms=self.now_ms)
