"""The figures: money, the twin's race, the stream's rate and its clock."""

import pytest

from feedback_api.console.scoreboard import Scoreboard
from feedback_api.console.stream_clock import StreamClock
from feedback_api.console.throughput import Throughput
from feedback_api.console.twin_race import Step, TwinRace
from feedback_api.replies import PaymentKey
from tests.builders import DAY_MS, MINUTE_MS, NOON_MS, an_example, some_counts
from weir.messages import TwinFrozen

NOW = 2_000_000


def a_board(*examples):
    board = Scoreboard()
    for example in examples:
        board.apply(example)
    return board


def counts_at(ms, scored, sent=None):
    return some_counts(counted_at_ms=ms, scored=scored, transactions_sent=sent or scored)


def a_fraud(number, kind="mule", minutes=1, decision="approve", **fields):
    event_ms = NOON_MS + minutes * MINUTE_MS
    ids = {"transaction_id": f"t{number}", "fraud_type": kind, "event_time_ms": event_ms, "decision": decision}
    return an_example(**ids, **fields)


def a_race(*examples, twin=(), frozen=True):
    race = TwinRace()
    for example in examples:
        race.apply(example)
    for transaction_id in twin:
        race.twin_alerted(PaymentKey("", transaction_id))
    if frozen:
        race.freeze(TwinFrozen(event_time_ms=NOON_MS, frozen_at_ms=NOW))
    return race


def test_money_is_caught_by_alerts_that_were_fraud_and_missed_by_those_approved():
    board = a_board(
        an_example(transaction_id="a", decision="block", amount=100.0),
        an_example(transaction_id="b", decision="approve", amount=40.0),
    )
    assert (board.caught, board.caught_count, board.missed, board.missed_count) == (100.0, 1, 40.0, 1)


def test_stopped_good_customers_are_counted_by_label_and_by_maturity():
    board = a_board(
        an_example(transaction_id="a", decision="review", verdict="legitimate"),
        an_example(transaction_id="b", decision="review", verdict="legitimate", label_id=None),
        an_example(transaction_id="c", decision="approve", verdict="legitimate", label_id=None),
    )
    assert (board.stopped_good, board.stopped_good_labelled, board.stopped_good_matured) == (2, 1, 1)


def test_a_revision_takes_the_earlier_verdict_back():
    first = an_example(decision="review", amount=50.0)
    second = an_example(decision="review", amount=50.0, verdict="legitimate", outcome="revision", revision=1)
    board = a_board(first, second)
    assert (board.caught, board.caught_count, board.stopped_good) == (0.0, 0, 1)


def test_a_confirmation_counts_nothing_twice():
    again = an_example(decision="review", amount=50.0, outcome="confirmation", revision=1)
    assert a_board(an_example(decision="review", amount=50.0), again).caught == 50.0


def test_only_kinds_that_no_label_named_before_the_freeze_are_new():
    race = a_race(a_fraud(1, "old", minutes=-60), a_fraud(2, "old"), a_fraud(3, "mule"))
    assert race.new_kinds() == ["mule"]
    assert race.steps() == [Step(NOON_MS + MINUTE_MS, 0, 0)]


def test_a_kind_stops_being_new_when_a_label_names_it_for_an_earlier_event():
    race = a_race(a_fraud(1, "mule"))
    race.apply(a_fraud(2, "mule", minutes=-5))
    assert race.steps() == []


def test_the_standings_count_what_each_side_caught_in_the_order_of_event_time():
    race = a_race(
        a_fraud(2, minutes=2, decision="review"),
        a_fraud(1, minutes=1),
        a_fraud(3, minutes=3, decision="block"),
        twin=["t3"],
    )
    assert [(step.live, step.twin) for step in race.steps()] == [(0, 0), (1, 0), (2, 1)]


def test_the_payments_of_two_customers_with_one_id_are_two():
    race = a_race(a_fraud(1, user_id="ana"), a_fraud(1, user_id="ben", minutes=2))
    race.twin_alerted(PaymentKey("ben", "t1"))
    assert [(step.live, step.twin) for step in race.steps()] == [(0, 0), (0, 1)]


def test_a_revised_fraud_is_no_longer_known():
    race = a_race(a_fraud(1), a_fraud(2))
    race.apply(an_example(transaction_id="t1", verdict="legitimate", outcome="revision", revision=1))
    assert len(race.steps()) == 1


def test_before_the_freeze_nothing_is_new():
    assert a_race(a_fraud(1), frozen=False).steps() == []


def test_the_race_drops_the_oldest_and_counts_it():
    race = TwinRace(limit=3)
    for number in range(5):
        race.twin_alerted(PaymentKey("", f"t{number}"))
        race.apply(a_fraud(number))
    race.freeze(TwinFrozen(event_time_ms=0, frozen_at_ms=0))
    assert (len(race.steps()), race.dropped) == (3, 4)


def test_the_rate_covers_the_last_seconds():
    throughput = Throughput()
    for second in range(60):
        throughput.apply(counts_at(NOW + 1000 * second, scored=100 * second + max(0, second - 50) * 300))
    now = NOW + 59_000
    assert throughput.per_second(now) == pytest.approx(400)
    assert throughput.series(now)[-2:] == pytest.approx([400, 400])
    assert throughput.series(now)[:2] == [0, 0]
    assert throughput.silence(now) is None


def test_a_steady_stream_is_a_steady_line_at_any_interval_of_counts():
    throughput = Throughput()
    for number in range(300):
        ms = NOW + 513 * number
        throughput.apply(counts_at(ms, scored=ms // 10))
    assert throughput.series(ms + 100)[2:] == pytest.approx([100.0] * 58, rel=0.01)


def test_a_stream_without_transactions_is_silent_since_the_last_one():
    throughput = Throughput()
    throughput.apply(counts_at(NOW, scored=5))
    throughput.apply(counts_at(NOW + 9000, scored=5))
    silence = throughput.silence(NOW + 9000)
    assert (silence.since_ms, silence.sentence) == (NOW, "No transactions")


def test_a_detector_that_scores_nothing_is_named():
    throughput = Throughput()
    throughput.apply(counts_at(NOW, scored=5))
    throughput.apply(counts_at(NOW + 9000, scored=5, sent=80))
    assert "the detector has scored none" in throughput.silence(NOW + 9000).sentence


def test_before_the_first_counts_nothing_is_known():
    assert Throughput().silence(NOW).since_ms is None
    assert Throughput().per_second(NOW) == 0


def test_the_clock_measures_its_speed_on_the_stream():
    clock = StreamClock()
    for second in range(20):
        clock.saw(NOON_MS + second * DAY_MS // 60, NOW + second * 1000)
    assert clock.speed(NOW + 19_000) == pytest.approx(1440)
    assert clock.event_time_ms == NOON_MS + 19 * DAY_MS // 60


def test_the_clock_never_goes_back_for_a_late_event():
    clock = StreamClock()
    clock.saw(NOON_MS, NOW)
    clock.saw(NOON_MS - DAY_MS, NOW + 1000)
    assert clock.event_time_ms == NOON_MS


def test_a_stopped_clock_has_no_speed():
    clock = StreamClock()
    for second in range(5):
        clock.saw(NOON_MS + second * DAY_MS, NOW + second * 1000)
    assert clock.speed(NOW + 4000) is not None
    assert clock.speed(NOW + 60_000) is None
