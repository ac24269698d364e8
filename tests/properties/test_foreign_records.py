"""No record ends a reader: it is used, dead-lettered or left out, whatever its bytes are.

Most records here are Weir's own messages with a few values replaced, because other bytes end at the first field.
"""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.intake import Intake
from detector.knowledge import Knowledge
from detector.scoring import Detector
from detector.twin import Twin
from feedback_api.console import view
from feedback_api.console.console import Console
from feedback_api.console.facts import Fact, fact_of
from feedback_api.replies import reply_of
from learner.fold import Fold
from learner.join_intake import JoinIntake
from ledger.counting import Ledger, LedgerSnapshot
from operations.harness.observed import Observed
from tests.builders import NOON_MS, a_label, a_scored_transaction, a_transaction, a_user_event, an_example
from tests.scorers import a_scorer
from weir.artefact import pack, sign, sign_reputation
from weir.errors import InvalidRecord
from weir.messages import (
    CONTROL,
    EXAMPLE,
    Counts,
    DeadLetter,
    ModelRef,
    Position,
    Publication,
    Reason,
    Reputation,
    RuleHit,
    TwinFrozen,
    decode_with,
    encode,
)
from weir.records import Inbound
from weir.settings import DetectorSettings, LearningSettings
from weir.topics import COUNTS_KEY, FROZEN_KEY, Topics

KEY, TOPICS, NOW_MS = b"a signing key", Topics("live"), NOON_MS + 1000
ARTEFACT = pack(a_scorer(trust=0.5, log_amount=1.0))
LOGARITHMS = ["amount_ratio", "distance_km", "seconds_since_last", "merchant_known_frauds", "count_24h", "pace_ratio"]

PAYMENT = a_transaction(merchant_id="m1", device_id="d1", country="FR", latitude=1.0, longitude=1.0, currency="EUR")
ALERT = a_scored_transaction(
    decision="review",
    model=ModelRef(1, 1, 9),
    features=dict.fromkeys(LOGARITHMS, 0.5),
    reasons=[Reason(code="c", text="t", contribution=1.0)],
    rules=[RuleHit(rule="impossible_travel", version=1, decision="review", text="t")],
    rules_log_odds=-1.0,
    transaction=msgspec.Raw(encode(PAYMENT)),
)
VERDICT = an_example(decision="review", labeler="ana", fraud_type="mules", as_of_ms=NOON_MS, labelled_at_ms=NOON_MS)
PUBLICATION = Publication(
    publication=1,
    epoch=1,
    n=9,
    contender="champion",
    artefact=ARTEFACT,
    signature=sign(ARTEFACT, KEY),
    digest="d",
    published_at_ms=NOON_MS,
    metrics={"log_loss": 0.5},
)
REPUTATION = sign_reputation(
    Reputation(entity_id="m1", epoch=1, n=9, known_frauds=3, known_legitimate=9, fraud_rate=0.3), KEY
)
COUNTS = Counts(**dict.fromkeys(Counts.__struct_fields__, 1))
FROZEN = TwinFrozen(event_time_ms=NOON_MS, frozen_at_ms=NOON_MS, model=ModelRef(1, 1, 9), control=[b"{"])


def a_letter(topic: str) -> DeadLetter:
    source = Position(topic, 0, 1)
    return DeadLetter(stage="label-join", field="$", reason="r", source=source, payload=b"{}", dead_lettered_at_ms=0)


INTEGERS = st.sampled_from([10**30, -(10**30), 2**63 - 1, -1])
NUMBERS = INTEGERS | st.sampled_from([1e308, -1e308, 5e-324, 0.5]) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.sampled_from(["", "ü", "\ud800", "9" * 5000]) | st.text(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
JUNK = st.sampled_from([None, b"", b"{", b"\xff", b"[" * 100_000, b'{"source":' * 100_000])


@st.composite
def altered(draw: st.DrawFn, message: msgspec.Struct) -> bytes:
    """Draw a message with up to three of its values replaced, mostly by others of their type."""
    found = json.loads(encode(message))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(places(found))))
        parent = found
        for step in place[:-1]:
            parent = parent[step]
        parent[place[-1]] = draw(like(parent[place[-1]]) | VALUES)
    return json.dumps(found).encode()


def like(value: Any) -> st.SearchStrategy[Any]:
    match value:
        case int():
            return INTEGERS
        case float():
            return NUMBERS
        case str():
            return TEXTS
    return VALUES


def places(node: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value below a node."""
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path for key, value in below for path in [(*above, key), *places(value, (*above, key))]]


def records(*messages: msgspec.Struct) -> st.SearchStrategy[list[bytes | None]]:
    """Draw the values of a topic."""
    return st.lists(st.one_of(*map(altered, messages), JUNK), min_size=2, max_size=5)


quick = settings(max_examples=60, deadline=None)


@quick
@given(records(PUBLICATION, REPUTATION), records(PAYMENT), records(a_user_event()))
def test_the_detector_scores_whatever_precedes_a_payment(control, payments, events):
    intake, knowledge, state = Intake(Detector(DetectorSettings()), TOPICS), Knowledge(KEY), None
    for value in control:
        try:
            knowledge.apply(value)
        except InvalidRecord as error:
            assert error.field  # noqa: PT017 -- either way is allowed
    for topic, values in [(TOPICS.transactions, payments), (TOPICS.user_events, events)]:
        for value in [*values, encode(PAYMENT)]:
            record = Inbound(b"\xff", value, topic, 0, 1, b"me")
            processed = intake.process(record, "u1", state, knowledge, NOW_MS)
            state = processed.state if isinstance(processed.state, bytes) else state
    payment = Inbound(b"u1", encode(PAYMENT), TOPICS.transactions, 0, 1)
    assert not intake.process(payment, "u1", state, knowledge, NOW_MS).dead


@quick
@given(records(PUBLICATION, REPUTATION), records(PAYMENT, a_user_event()))
def test_the_twin_freezes_whatever_precedes_a_payment(control, values):
    twin = Twin(DetectorSettings(), TOPICS, KEY, NOON_MS)
    for value in control:
        twin.learn(value)
    for topic in (TOPICS.user_events, TOPICS.transactions):
        for value in [*values, encode(PAYMENT)]:
            twin.process(Inbound(b"\xff", value, topic, 0, 1), NOW_MS)
    assert twin.frozen is not None


@quick
@given(records(ALERT), records(a_label()))
def test_the_label_join_keeps_encodable_states_and_timers_and_the_learner_learns(scores, labels):
    join, fold = JoinIntake(LearningSettings(implicit_share=1.0), TOPICS), Fold(LearningSettings())
    state, leaving = None, []
    for topic, values in [(TOPICS.scored, scores), (TOPICS.labels, labels), (TOPICS.scored, [encode(ALERT)])]:
        for value in values:
            processed = join.process(Inbound(b"\xff", value, topic, 0, 1), "t1", state, NOW_MS)
            state = processed.state if isinstance(processed.state, bytes) else state
            assert processed.timer_ms is None or 0 <= processed.timer_ms < 2**63
            leaving += processed.outbound
    leaving += join.wake(2**62, state, NOW_MS).outbound
    examples = [record.payload for record in leaving if record.topic == TOPICS.learning_log]
    for n, example in enumerate(examples, 1):
        fold.learn(1, n, decode_with(EXAMPLE, example))
    assert decode_with(CONTROL, encode(fold.publication(1, NOW_MS, KEY))).n == len(examples)


@quick
@given(
    records(ALERT),
    records(a_label()),
    records(a_letter(TOPICS.transactions), a_letter(TOPICS.labels)),
    records(VERDICT),
    st.none() | st.binary(max_size=9) | st.sampled_from([b"1:1", b"999999999999999999:999999999999999999"]),
)
def test_the_ledger_commits_whatever_it_read(scores, labels, letters, examples, key):
    ledger = Ledger(TOPICS)
    for value in scores:
        ledger.scored(value)
    for offset, value in enumerate(labels):
        ledger.labelled(0, offset, value)
    for value in letters:
        ledger.dead_lettered(value)
    for value in examples:
        ledger.learned(key, value)
    stored = msgspec.msgpack.encode(ledger.snapshot({}))
    again = Ledger(TOPICS, msgspec.msgpack.decode(stored, type=LedgerSnapshot), ledger.labels)
    assert encode(again.counts(0)) == encode(ledger.counts(0))


def facts(topic: str, key: bytes | None, values: list[bytes | None]) -> list[Fact]:
    found = []
    for value in values:
        try:
            found.append(fact_of(TOPICS, topic, key, value, NOON_MS))
        except InvalidRecord:
            continue
    return [fact for fact in found if fact is not None]


@quick
@given(records(ALERT), records(VERDICT), records(PUBLICATION, REPUTATION), records(COUNTS), records(FROZEN))
def test_the_console_shows_its_page_whatever_it_read(alerts, examples, control, counts, frozen):
    console = Console(KEY, iter("abcdefghijklmnopqrstuvwxyz").__next__)
    for topic, under, values in [
        (TOPICS.control, b"model:champion", [encode(PUBLICATION), *control]),
        (TOPICS.alerts, None, [*alerts, encode(ALERT)]),
        (TOPICS.learning_log, b"1:1", examples),
        (TOPICS.learning_log, b"\xff", examples),
        (TOPICS.ledger, COUNTS_KEY, counts),
        (TOPICS.twin_alerts, FROZEN_KEY, frozen),
        (TOPICS.twin_alerts, b"\xff", alerts),
    ]:
        for fact in facts(topic, under, values):
            console.apply(fact, NOW_MS)
    desk = console.desk("ana")
    desk.keep(console.queue, NOW_MS)
    assert view.top_of(console, NOW_MS, "EUR").queue == str(len(console.queue))
    assert view.race_of(console).headline
    assert len(view.rows_of(console, desk, NOW_MS, "EUR")) == len(desk.rows)
    assert len(view.verdicts_of(console, NOW_MS)) == len(console.latest_verdicts)
    assert desk.case is None or view.case_of(desk.case, "EUR").story.headline is not None


@quick
@given(records(ALERT), records(a_letter(TOPICS.transactions)), records(COUNTS), records(PUBLICATION, REPUTATION))
def test_replay_and_demo_observe_whatever_they_read(scores, letters, counts, control):
    observed = Observed(TOPICS, keep=lambda _: True)
    observed.leaves(0, "t1", NOON_MS)
    handlers = observed.handlers()
    topics = [
        (TOPICS.scored, scores),
        (TOPICS.dead_letters, letters),
        (TOPICS.ledger, counts),
        (TOPICS.control, control),
    ]
    for topic, values in topics:
        for value in values:
            handlers[topic](COUNTS_KEY, value)
    assert (observed.latency_ms(0.5) is None) == (observed.latencies_ms == [])


@quick
@given(records(ALERT, a_letter(TOPICS.transactions)))
def test_a_reply_is_a_payments_or_refused(values):
    for value in values:
        try:
            key, _ = reply_of(value)
        except InvalidRecord:
            continue
        assert all(isinstance(part, str) for part in key)


def test_the_messages_here_are_valid():
    for decoder, message in [(CONTROL, PUBLICATION), (CONTROL, REPUTATION), (EXAMPLE, VERDICT)]:
        assert decode_with(decoder, encode(message)) == message
    with pytest.raises(InvalidRecord):
        decode_with(CONTROL, encode(ALERT))
