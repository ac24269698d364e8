from datetime import UTC, datetime

import pytest

from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, a_user_event
from tests.detecting import User, panes, recent
from weir.errors import InvalidRecord
from weir.times import EARLIEST_MS


def test_an_event_from_the_future_is_refused_and_touches_nothing():
    user = User(future_skew_ms=60_000)
    user.pay()
    user.now_ms, before = NOON_MS, user.state
    with pytest.raises(InvalidRecord, match="event_time: is 1 ms too far in the future"):
        user.pay(at_ms=60_001)
    assert user.state == before


@pytest.mark.parametrize(("ahead_ms", "flagged"), [(0, False), (1000, False), (1001, True), (60_000, True)])
def test_a_small_skew_is_flagged_and_the_time_that_leaves_is_not_in_the_future(ahead_ms, flagged):
    user = User(future_skew_ms=60_000)
    user.now_ms = NOON_MS
    scored = user.pay(at_ms=ahead_ms)
    assert (scored.event_time_ms, "clock_ahead" in scored.flags) == (NOON_MS, flagged)


def test_a_resend_of_a_payment_from_a_fast_clock_is_a_duplicate():
    user = User(future_skew_ms=60_000)
    user.now_ms = NOON_MS
    user.pay(at_ms=30_000, transaction_id="t")
    user.now_ms += 40_000
    assert "duplicate" in user.pay(at_ms=30_000, transaction_id="t").flags


def test_a_user_event_from_the_future_is_refused():
    user = User()
    with pytest.raises(InvalidRecord, match="event_time"):
        user.detector.observe(user.state, a_user_event(), now_ms=NOON_MS - HOUR_MS)


def test_a_time_before_1970_is_refused():
    with pytest.raises(InvalidRecord, match="event_time: is before March 1973"):
        User().pay(event_time=datetime(1960, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("sent", "hint"), [(1_750_000_000, "looks like seconds"), (20_240_110, "looks like a date"), (45_000, "March 1973")]
)
def test_a_time_that_is_not_in_milliseconds_is_refused_with_a_hint(sent, hint):
    with pytest.raises(InvalidRecord, match=hint):
        User().pay(event_time=sent)
    with pytest.raises(InvalidRecord, match=hint):
        User().detector.observe(None, a_user_event(event_time=sent), now_ms=NOON_MS)


def test_an_event_within_the_lateness_is_inserted_where_it_belongs():
    user = User(allowed_lateness_ms=HOUR_MS)
    user.pay(10.0, at_ms=-30 * MINUTE_MS)
    user.pay(30.0, at_ms=0)
    assert user.pay(20.0, at_ms=-20 * MINUTE_MS).flags == ["no_model", "history_cold"]
    assert list(recent(user.state)["cents"]) == [1000, 2000, 3000]


def test_out_of_order_events_leave_the_same_state_as_ordered_ones():
    ordered, shuffled = User(), User()
    payments = [(10.0, 0), (50.0, 10), (20.0, 20), (5.0, 30)]
    for amount, minute in payments:
        ordered.pay(amount, at_ms=minute * MINUTE_MS, transaction_id=f"t{minute}")
    for amount, minute in (payments[0], payments[3], payments[1], payments[2]):
        shuffled.pay(amount, at_ms=minute * MINUTE_MS, transaction_id=f"t{minute}")
    assert shuffled.state == ordered.state


def test_a_late_event_is_scored_and_flagged_but_not_inserted():
    user = User(allowed_lateness_ms=HOUR_MS)
    user.pay()
    late = user.pay(at_ms=-HOUR_MS - 1)
    assert "late" in late.flags
    assert len(recent(user.state)) == 1


def test_an_event_before_what_was_compacted_early_is_late():
    user = User(max_recent_events=16)
    for second in range(20):
        user.pay(at_ms=second * 1000)
    assert "late" in user.pay(at_ms=1000).flags


def test_old_events_are_compacted_into_panes():
    user = User(allowed_lateness_ms=HOUR_MS)
    user.pay(10.0)
    user.pay(20.0, at_ms=26 * HOUR_MS)
    assert list(recent(user.state)["cents"]) == [2000]
    assert panes(user.state)[["count", "cents"]].tolist() == [(1, 1000)]


def test_first_event_long_ago_is_no_problem():
    user = User()
    user.pay(event_time=EARLIEST_MS)
    assert user.pay().features["count_24h"] == 0


def test_a_confirmation_counts_from_its_own_time_on():
    user = User()
    user.pay(at_ms=-DAY_MS, device_id="d1")
    user.tell("device_confirmed", at_ms=HOUR_MS, device_id="d2")
    assert user.pay(device_id="d2").features["device_new"] == 1
