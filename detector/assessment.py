"""A payment in one compiled call: from its user's state to facts, features, rules and score, and to the state after it.

    unpack -> sent before? -> late? compact -> facts -> features -> rules, profile -> score -> insert -> pack

A step alone costs less than calling it from Python (docs/measurements/payment-cost.md).
"""

from struct import Struct
from typing import Any, NamedTuple

import numpy as np

from detector.decision import profile_of
from detector.facts import FACTS, Facts, look
from detector.feature_catalogue import compute_features
from detector.history import advance, earlier_than, insert, is_late
from detector.payment import PAYMENT
from detector.records import INTEGER, NUMBER, Bytes, record
from detector.repeats import COPY, NEW, repeat_of, see
from detector.rules import fired_by, rules_log_odds
from detector.state import EVENT, RECENT_AT
from detector.state_encoding import BROKEN, DONE, NO_ROOM, PREFIX, broken_state, pack, unpack
from weir.artefact import probability
from weir.compiled import Floats, compiled
from weir.feature_schema import LOG_AMOUNT, NAMES, SCHEMA
from weir.feature_vector import FeatureVector
from weir.settings import DetectorSettings
from weir.voices import Voices, risk_by

_FOUND = record(
    ("written", INTEGER),
    ("repetition", INTEGER),
    ("late", INTEGER),
    ("cold", INTEGER),
    ("truncated", INTEGER),
    ("fired", INTEGER),
    ("profile", INTEGER),
    ("spending", INTEGER),
    ("rules_log_odds", NUMBER),
    ("score", NUMBER),
)
_UNPACKED = Struct("<8q2d")

_DESK = record(
    ("found", _FOUND),
    ("allowed_lateness_ms", INTEGER),
    ("max_recent_events", INTEGER),
    ("facts", FACTS),
    ("vector", NUMBER, (len(NAMES),)),
)
_VALUES_AT = _DESK.itemsize
_STATE_AT = _VALUES_AT + 4 * len(NAMES) + -4 * len(NAMES) % 8
"""The desk, the features as messages carry them, the state before and the state after the payment: where each begins."""


class Found(NamedTuple):
    """What a payment's assessment found.

    `written` are the bytes of the state after it. `repetition` is one of `detector.repeats`. `fired` has a bit for each rule
    (`detector.rules`), and `profile` is a place in `PROFILES`. `spending` is 0 for money back.
    """

    written: int
    repetition: int
    late: int
    cold: int
    truncated: int
    fired: int
    profile: int
    spending: int
    rules_log_odds: float
    score: float


class Assessor:
    """Assesses one payment after another. What a call found stays readable until the next one.

    Everything that it works on is in one array (`weir.packed_arrays` says why).
    """

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._make_room(settings.max_recent_events + 1)

    def assess(self, user: bytes, payment: bytes, model: Voices) -> Found:
        """Score a payment and add it to its user's encoded state.

        Raises:
            DeploymentError: the bytes are not a state.
        """
        outcome = _assess(user, payment, model.packed, self._room)
        if outcome == NO_ROOM:
            self._make_room(len(user) // EVENT.itemsize + 1)
            return self.assess(user, payment, model)
        if outcome == BROKEN:
            raise broken_state()
        return Found._make(_UNPACKED.unpack_from(self._bytes))

    def __reduce__(self) -> tuple[type["Assessor"], tuple[DetectorSettings]]:
        """Copy the settings; a copy of the working memory would not share it among its views."""
        return Assessor, (self._settings,)

    def state(self, found: Found) -> bytes:
        """Return the encoded state after the payment."""
        return self._bytes[self._written_at : self._written_at + found.written].tobytes()

    def features(self) -> FeatureVector:
        return FeatureVector(SCHEMA, self._bytes[_VALUES_AT : _VALUES_AT + 4 * len(NAMES)].tobytes())

    def facts(self) -> Facts:
        return Facts._make(self._desk.facts.item())

    @property
    def vector(self) -> Floats:
        """The features, in the schema's order."""
        vector: Floats = self._desk.vector
        return vector

    def _make_room(self, recent: int) -> None:
        """Make room for so many payments that are kept one by one."""
        state_bytes = RECENT_AT + recent * EVENT.itemsize
        self._written_at = _STATE_AT + state_bytes
        self._room = np.zeros(self._written_at + len(PREFIX) + state_bytes, np.uint8)
        self._bytes, self._desk = self._room.data, self._room[:_VALUES_AT].view(_DESK)[0]
        self._desk.allowed_lateness_ms = self._settings.allowed_lateness_ms
        self._desk.max_recent_events = self._settings.max_recent_events


@compiled
def _assess(user: bytes, payment: bytes, model: Bytes, room: Bytes) -> int:
    """Return `DONE`, or `BROKEN` or `NO_ROOM`, and then nothing has happened."""
    desk, paid = room[:_VALUES_AT].view(_DESK)[0], np.frombuffer(payment, np.uint8).view(PAYMENT)[0]
    written_at = (_STATE_AT + len(room) - len(PREFIX)) // 2
    state, written, values = room[_STATE_AT:written_at], room[written_at:], room[_VALUES_AT:_STATE_AT].view(np.float32)
    found, facts, vector = desk.found, desk.facts, desk.vector
    outcome = unpack(np.frombuffer(user, np.uint8), state)
    if outcome != DONE:
        return outcome
    earlier = _place(state, paid.event, found, desk.allowed_lateness_ms)
    look(state, earlier, paid, facts)
    compute_features(state, earlier, facts, paid, vector)
    found.cold, found.truncated = facts.cold != 0, facts.window_truncated != 0
    found.fired, found.profile, found.spending = fired_by(facts), profile_of(facts), paid.spending
    found.rules_log_odds = rules_log_odds(found.fired, vector[LOG_AMOUNT])
    found.score = probability(risk_by(model, found.rules_log_odds, vector))
    if not _keep(state, paid.event, found, desk.max_recent_events):
        return NO_ROOM
    found.written = pack(state, written)
    values[: len(vector)] = vector  # 32 bits, as messages carry them
    return DONE


@compiled
def _place(state: Bytes, event: Any, found: Any, allowed_lateness_ms: int) -> int:
    """Return how many of the recent payments come before one; compact old ones unless it is late.

    A payment that comes again is looked at as it was when it came first.
    """
    found.repetition, copy = repeat_of(state, event)
    if found.repetition == COPY:
        found.late = 0
        return copy
    found.late = is_late(state, event.time_ms, allowed_lateness_ms)
    if not found.late:
        advance(state, event.time_ms, allowed_lateness_ms)
    return earlier_than(state, event.time_ms)


@compiled
def _keep(state: Bytes, event: Any, found: Any, max_recent_events: int) -> bool:
    """Add a payment to its user's state unless it is late, a copy or money back; False if there is no room."""
    if found.repetition == COPY:
        return True
    if found.spending and not found.late and not insert(state, event, max_recent_events):
        return False
    if found.repetition == NEW:
        see(state, event.identity, event.time_ms)
    return True


def features_of(state: Bytes, payment: bytes) -> tuple[Facts, Floats]:
    """Return a payment's facts and features alone; the state does not change."""
    numbers, vector = np.empty(len(Facts._fields)), np.empty(len(NAMES))
    _features(state, payment, numbers, vector)
    return Facts._make(numbers.tolist()), vector


@compiled
def _features(state: Bytes, payment: bytes, numbers: Floats, vector: Floats) -> None:
    facts, paid = numbers.view(FACTS)[0], np.frombuffer(payment, np.uint8).view(PAYMENT)[0]
    earlier = earlier_than(state, paid.event.time_ms)
    look(state, earlier, paid, facts)
    compute_features(state, earlier, facts, paid, vector)
