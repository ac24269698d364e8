"""The demo's own counting: the race of live model and frozen twin, label times, planned labels, problems of a run."""

import msgspec
import pytest
import typer

from operations.harness.pacing import Sent
from simulator.analysts.planned_labels import MAX_AT_ONCE, PlannedLabels
from simulator.demo.command import seconds
from simulator.demo.label_times import LabelTimes
from simulator.demo.live_table import attack, line, rows
from simulator.demo.report import Report, lost, problems
from simulator.demo.scorecard import Scorecard
from simulator.demo.timeline import Timeline
from simulator.world.payment import NEW_KIND, Payment
from simulator.world.truth import Truth
from tests.builders import DAY_MS, NOON_MS, a_transaction, some_counts

GOOD_RUN = Report(
    seed=7,
    live_s=120.0,
    first_score_s=45.0,
    transactions_scored=1000,
    transactions_dead_lettered=3,
    alerts=20,
    labels_accepted=25,
    examples_learned=200,
    model_sequence_learner=200,
    model_sequence_detector=200,
    mlflow_versions=4,
    latency_p50_ms=9.0,
    latency_p99_ms=90.0,
    label_to_model_p95_s=0.6,
    new_attack_caught_live=31,
    new_attack_caught_frozen=3,
    new_attack_total=40,
    known_attacks_caught_live=5,
    known_attacks_caught_frozen=5,
    known_attacks_total=6,
    false_alert_rate=0.01,
    false_alert_rate_frozen=0.01,
    lost=0,
    doubled=0,
)


def a_truth(**kinds: str | None) -> Truth:
    truth = Truth()
    for name, kind in kinds.items():
        truth.remember(Payment(a_transaction(transaction_id=name), kind))
    return truth


def test_the_attack_begins_after_the_history_in_compressed_time():
    timeline = Timeline(speed=1440, attack_after_s=30, history_days=2)
    assert timeline.attack_ms == timeline.history_end_ms + DAY_MS // 2
    assert timeline.traffic.new_kind_from_ms == timeline.attack_ms


def test_live_and_frozen_are_judged_on_the_same_payments_since_the_attack():
    truth = a_truth(old=None, good=None, stopped=None, new1=NEW_KIND, new2=NEW_KIND, known="card_testing")
    card = Scorecard(truth, NOON_MS)
    card.scored("old", NOON_MS - 1, "block")
    for name, decision in {"good": "approve", "stopped": "review", "new1": "block", "new2": "approve"}.items():
        card.scored(name, NOON_MS, decision)
    card.scored("known", NOON_MS, "challenge")
    for name in ("old", "good", "new2", "new2", "known"):
        card.twin_alerted(name, NOON_MS - (name == "old"))
    assert (card.legitimate, card.false_alerts, card.false_alerts_frozen) == (2, 1, 1)
    assert (card.new_attack, card.new_caught, card.new_caught_frozen) == (2, 1, 1)
    assert (card.known_kinds, card.known_caught, card.known_caught_frozen) == (1, 1, 1)
    assert card.false_alert_rate == card.false_alert_rate_frozen == 0.5


@pytest.mark.parametrize("joined_first", [True, False])
def test_a_label_is_in_force_with_the_first_score_that_learned_it(joined_first):
    times = LabelTimes()
    steps = [lambda: times.accepted("l", 1000), lambda: times.joined("l", 7)]
    for step in reversed(steps) if joined_first else steps:
        step()
    times.scored(6, 1200)
    assert times.quantile_s(0.95) is None
    times.scored(8, 1500)
    times.scored(9, 9999)
    assert times.quantile_s(0.95) == 0.5


def test_a_label_that_was_not_timed_is_ignored():
    times = LabelTimes()
    times.joined("of-the-visitor", 1)
    times.scored(5, 100)
    assert times.took_ms == []


def test_a_label_is_due_at_its_event_time_and_not_before():
    planned = PlannedLabels(a_truth(t1="card_testing"), seed=1)
    planned.plan_verdict("t1", NOON_MS)
    assert list(planned.pop_due(NOON_MS)) == []
    [body] = planned.pop_due(NOON_MS + DAY_MS)
    assert body["transaction_id"] == "t1"
    assert NOON_MS < body["as_of"] < NOON_MS + DAY_MS
    assert list(planned.pop_due(NOON_MS + DAY_MS)) == []


def test_a_fraud_label_names_the_kind():
    planned = PlannedLabels(a_truth(t1="card_testing"), seed=1)
    planned.plan_chargeback("t1", NOON_MS, "approve")
    [body] = planned.pop_due(NOON_MS + 30 * DAY_MS)
    assert (body["source"], body["verdict"], body["fraud_type"]) == ("chargeback", "fraud", "card_testing")


def test_an_approved_legitimate_payment_is_never_charged_back():
    planned = PlannedLabels(a_truth(t1=None), seed=1)
    planned.plan_chargeback("t1", NOON_MS, "approve")
    assert list(planned.pop_due(NOON_MS + 30 * DAY_MS)) == []


def test_the_analysts_err_in_about_three_of_a_hundred_verdicts():
    names = {f"t{number}": "card_testing" if number % 2 else None for number in range(2000)}
    planned = PlannedLabels(a_truth(**names), seed=1)
    for name in names:
        planned.plan_verdict(name, NOON_MS)
    bodies = [body for _ in range(2000 // MAX_AT_ONCE) for body in planned.pop_due(NOON_MS + 300 * DAY_MS)]
    wrong = [body for body in bodies if (body["verdict"] == "fraud") != (names[body["transaction_id"]] is not None)]
    assert len(bodies) == 2000
    assert 0.015 < len(wrong) / 2000 < 0.045


def test_nothing_is_lost_when_every_record_has_an_outcome():
    found = some_counts(
        transactions_sent=10, scored=9, transactions_dead_lettered=1, labels_accepted=4, label_examples=4
    )
    assert lost(Sent(10, 4), found) == 0
    assert lost(Sent(10, 3), found) == 0, "the visitor sent one label more"


@pytest.mark.parametrize(
    "known",
    [
        {"transactions_sent": 9},
        {"transactions_sent": 10, "in_flight": 1},
        {"transactions_sent": 10, "labels_accepted": 4, "label_examples": 3},
        {"transactions_sent": 10, "labels_accepted": 3, "label_examples": 3},
    ],
)
def test_a_record_without_an_outcome_is_lost(known):
    assert lost(Sent(10, 4), some_counts(**{"labels_accepted": 4, "label_examples": 4, **known})) == 1


def test_a_good_run_has_no_problems():
    assert list(problems(GOOD_RUN, twin_frozen=True)) == []


@pytest.mark.parametrize(
    "figure",
    [
        "transactions_scored",
        "transactions_dead_lettered",
        "alerts",
        "labels_accepted",
        "examples_learned",
        "model_sequence_detector",
        "mlflow_versions",
        "new_attack_total",
    ],
)
def test_a_part_that_carried_nothing_is_a_problem(figure):
    figures = msgspec.structs.replace(GOOD_RUN, **{figure: 0})
    assert len(list(problems(figures, twin_frozen=True))) == 1


def test_losses_doubles_and_a_twin_that_never_froze_are_problems():
    figures = msgspec.structs.replace(GOOD_RUN, lost=2, doubled=1)
    assert list(problems(figures, twin_frozen=False)) == [
        "the twin did not freeze",
        "records lost: 2",
        "payments scored twice: 1",
    ]


def test_the_race_reads_as_a_sentence():
    assert attack(GOOD_RUN) == "new attack caught: frozen twin 3 of 40, Weir 31 of 40"
    assert attack(msgspec.structs.replace(GOOD_RUN, new_attack_total=0)) == "the new attack has not begun"
    assert attack(GOOD_RUN) in line(GOOD_RUN)
    assert ("latency, p50 / p99", "9 ms / 90 ms") in list(rows(GOOD_RUN))


@pytest.mark.parametrize(("text", "expected"), [("90", 90), ("120s", 120), ("5m", 300), ("0.5h", 1800)])
def test_a_duration_may_have_a_unit(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "s", "soon", "-5s", "0", "5d", "5ss", "nan", "inf"])
def test_text_that_is_not_a_duration_is_refused(text):
    with pytest.raises(typer.BadParameter):
        seconds(text)
