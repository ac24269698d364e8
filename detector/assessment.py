"""A payment in one compiled call: from its user's state to facts, features, rules and score, and to the state after it.

    unpack -> late? compact -> facts -> features -> rules, profile -> score -> insert -> pack

A step alone costs less than calling it from Python (docs/measurements/payment-cost.md).
"""

from struct import Struct
from typing import Any, NamedTuple

import numpy as np

from detector.decision import profile_of
from detector.facts import FACTS, Facts, look
from detector.feature_catalogue import compute_features
from detector.history import advance, insert, is_late
from detector.payment import PAYMENT
from detector.records import INTEGER, NUMBER, Bytes, record
from detector.rules import fired_by, rules_log_odds
from detector.state import EVENT, RECENT_AT
from detector.state_encoding import BROKEN, NO_ROOM, StateBytes, broken_state, pack, unpack
from weir.artefact import probability
from weir.compiled import Floats, compiled
from weir.feature_schema import LOG_AMOUNT, NAMES, SCHEMA
from weir.feature_vector import FeatureVector
from weir.settings import DetectorSettings
from weir.voices import Voices, risk_by

_FOUND = record(
    ("read", INTEGER),
    ("written", INTEGER),
    ("late", INTEGER),
    ("cold", INTEGER),
    ("truncated", INTEGER),
    ("fired", INTEGER),
    ("profile", INTEGER),
    ("rules_log_odds", NUMBER),
    ("score", NUMBER),
)
_UNPACKED = Struct("<7q2d")


class Found(NamedTuple):
    """What a payment's assessment found.

    `read` and `written` are the bytes of the state before and after. `fired` has a bit for each rule (`detector.rules`),
    and `profile` is a place in `PROFILES`.
    """

    read: int
    written: int
    late: int
    cold: int
    truncated: int
    fired: int
    profile: int
    rules_log_odds: float
    score: float


class Assessor:
    """Assesses one payment after another. What a call found stays readable until the next one."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._limits = settings.allowed_lateness_ms, settings.max_recent_events
        self._found = bytearray(_FOUND.itemsize)
        self._facts, self.vector = np.empty(len(Facts._fields)), np.empty(len(NAMES))
        self._values = np.empty(len(NAMES), np.float32)
        self._make_room(settings.max_recent_events + 1)

    def assess(self, state: StateBytes, payment: Bytes, model: Voices) -> Found:
        """Score a payment and add it to its user's state.

        Raises:
            DeploymentError: the bytes are not a state.
        """
        end = _assess(state.packed, payment, self._limits, model.arrays, self._outputs)
        if end == NO_ROOM:
            self._make_room(len(state.packed) // EVENT.itemsize + 1)
            return self.assess(state, payment, model)
        if end == BROKEN:
            raise broken_state()
        return Found._make(_UNPACKED.unpack(self._found))

    def records(self, written: int) -> bytes:
        """Return the records of the state after the payment."""
        return self._packed[:written].tobytes()

    def features(self) -> FeatureVector:
        return FeatureVector(SCHEMA, self._values.tobytes())

    def facts(self) -> Facts:
        return Facts._make(self._facts.tolist())

    def _make_room(self, recent: int) -> None:
        """Make room for so many payments that are kept one by one."""
        size = RECENT_AT + recent * EVENT.itemsize
        self._packed = np.empty(size, np.uint8)
        self._outputs = (
            *(np.empty(size, np.uint8), self._packed),
            *(np.frombuffer(self._found, np.uint8), self._facts, self.vector, self._values),
        )


@compiled
def _assess(
    packed: Bytes, payment: Bytes, limits: tuple[int, int], model: tuple[Any, ...], outputs: tuple[Any, ...]
) -> int:
    """Return how many bytes of the state were read, `BROKEN` or `NO_ROOM`; with `NO_ROOM` nothing has happened."""
    allowed_lateness_ms, max_recent_events = limits
    state, packed_after, summary, numbers, vector, values = outputs
    found, facts, paid = summary.view(_FOUND)[0], numbers.view(FACTS)[0], payment.view(PAYMENT)[0]
    end = unpack(packed, state)
    if end < 0:
        return end
    found.late = is_late(state, paid.event.time_ms, allowed_lateness_ms)
    if not found.late:
        advance(state, paid.event.time_ms, allowed_lateness_ms)
    _features(state, payment, numbers, vector)
    found.cold, found.truncated = facts.cold != 0, facts.window_truncated != 0
    found.fired, found.profile = fired_by(facts), profile_of(facts)
    found.rules_log_odds = rules_log_odds(found.fired, vector[LOG_AMOUNT])
    found.score = probability(risk_by(model, found.rules_log_odds, vector))
    if not found.late and not insert(state, paid.event, max_recent_events):
        return NO_ROOM
    found.read, found.written = end, pack(state, packed_after)
    _as_sent(vector, values)
    return end


def features_of(state: Bytes, payment: Bytes) -> tuple[Facts, Floats]:
    """Return a payment's facts and features alone; the state does not change."""
    numbers, vector = np.empty(len(Facts._fields)), np.empty(len(NAMES))
    _features(state, payment, numbers, vector)
    return Facts._make(numbers.tolist()), vector


@compiled
def _features(state: Bytes, payment: Bytes, numbers: Floats, vector: Floats) -> None:
    facts, paid = numbers.view(FACTS)[0], payment.view(PAYMENT)[0]
    look(state, paid, facts)
    compute_features(facts, paid, vector)


@compiled
def _as_sent(vector: Floats, values: Any) -> None:
    """Copy the features to 32 bits, as messages carry them."""
    for place in range(len(vector)):
        values[place] = vector[place]
