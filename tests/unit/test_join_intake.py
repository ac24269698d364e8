"""The label join over bytes."""

import pytest

from learner.fold import Fold
from learner.join_intake import JoinIntake
from tests.builders import DAY_MS, NOON_MS, a_label, a_scored_transaction
from weir.messages import CONTROL, DEAD_LETTER, EXAMPLE, LAST_MS, ModelRef, Position, decode_with, encode
from weir.records import Inbound, StateChange
from weir.settings import LearningSettings
from weir.times import SKEW_MS
from weir.topics import Topics

TOPICS, NOW_MS = Topics("live"), NOON_MS + 2 * DAY_MS


@pytest.fixture
def intake() -> JoinIntake:
    return JoinIntake(
        LearningSettings(clock="stream", maturity_horizon_s=3600, retention_s=7200, implicit_share=1.0), TOPICS
    )


def scored(**fields) -> Inbound:
    return Inbound(b"t1", encode(a_scored_transaction(**fields)), TOPICS.scored, 0, 1)


def label(**fields) -> Inbound:
    return Inbound(b"t1", encode(a_label(**fields)), TOPICS.labels, 0, 2)


def test_label_on_a_scored_transaction_goes_to_the_learning_log(intake):
    state = intake.process(scored(), "t1", None, NOW_MS).state
    (outbound,) = intake.process(label(), "t1", state, NOW_MS).outbound
    assert outbound.topic == TOPICS.learning_log
    assert EXAMPLE.decode(outbound.payload).verdict == "fraud"


def test_unreadable_record_is_dead_lettered_and_leaves_the_state_unchanged(intake):
    state = intake.process(scored(), "t1", None, NOW_MS).state
    processed = intake.process(Inbound(b"k", b'{"label_id":1}', TOPICS.labels, 1, 9), "", state, NOW_MS)
    letter = DEAD_LETTER.decode(processed.outbound[0].payload)
    assert processed.state is StateChange.UNCHANGED
    assert (letter.field, letter.source, letter.payload) == (
        "label_id",
        Position(TOPICS.labels, 1, 9),
        b'{"label_id":1}',
    )


def test_transaction_sets_a_timer_for_maturity(intake):
    assert intake.process(scored(), "t1", None, NOW_MS).timer_ms == NOON_MS + 3600_000


def test_state_is_cleared_at_the_end_of_retention(intake):
    state = intake.process(scored(), "t1", None, NOW_MS).state
    assert intake.wake(NOON_MS + 7200_000, state, NOW_MS).state is StateChange.CLEARED


def test_expired_label_is_dead_lettered_with_its_bytes_and_id(intake):
    record = label()
    state = intake.process(record, "t1", None, NOW_MS).state
    processed = intake.wake(a_label().labelled_at_ms + 7200_000, state, NOW_MS)
    letter = DEAD_LETTER.decode(processed.outbound[0].payload)
    assert (letter.label_id, letter.payload, letter.source) == ("l1", record.payload, record_position(record))


def record_position(record: Inbound) -> Position:
    return Position(record.topic, record.partition, record.offset)


def test_label_with_a_wrong_key_is_dead_lettered(intake):
    (outbound,) = intake.process(label(), "", None, NOW_MS).outbound
    assert outbound.topic == TOPICS.dead_letters


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_time_ms", 10**30),
        ("event_time_ms", 2**63 - 1),
        ("event_time_ms", LAST_MS + 1),
        ("event_time_ms", -1),
        ("scored_at_ms", 2**63 - 1),
        ("scored_at_ms", -1),
        ("model", ModelRef(10**30, 1, 1)),
        ("score", 1.5),
        ("score", -1e300),
        ("features", {"log_amount": 1e300}),
    ],
)
def test_score_that_would_stop_the_job_or_the_learner_is_dead_lettered(intake, field, value):
    processed = intake.process(scored(**{field: value}), "t1", None, NOW_MS)
    (outbound,) = processed.outbound
    assert (processed.state, processed.timer_ms, processed.dead) == (StateChange.UNCHANGED, None, True)
    assert DEAD_LETTER.decode(outbound.payload).field.startswith(field)


def test_score_at_the_limits_is_learned(intake):
    extreme = {
        "features": {"a": 1e12, "b": -1e12},
        "score": 1.0,
        "event_time_ms": LAST_MS,
        "model": ModelRef(*3 * [2**63 - 1]),
    }
    processed = intake.process(scored(**extreme), "t1", None, NOW_MS)
    (outbound,) = intake.wake(processed.timer_ms, processed.state, NOW_MS).outbound
    fold = Fold(LearningSettings())
    fold.learn(1, 1, EXAMPLE.decode(outbound.payload))
    assert decode_with(CONTROL, encode(fold.publication(1, 1, b"key"))).n == 1


@pytest.mark.parametrize(
    ("made_ms", "reason"),
    [
        (NOW_MS + SKEW_MS + 1, "too far in the future"),
        (NOW_MS // 1000, "looks like seconds"),
        (20_250_615, "looks like a date"),
        (0, "before March 1973"),
    ],
)
def test_a_verdict_made_at_an_absurd_time_is_dead_lettered(intake, made_ms, reason):
    (outbound,) = intake.process(label(labelled_at_ms=made_ms), "t1", None, NOW_MS).outbound
    letter = DEAD_LETTER.decode(outbound.payload)
    assert letter.field == "labelled_at_ms"
    assert reason in letter.reason
