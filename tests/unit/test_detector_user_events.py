from detector.names import name_of
from detector.state import MAX_NOTES, challenges_of, fresh_state
from detector.state_encoding import encode_state
from detector.user_events import TRIP_DEFAULT_MS, failed_challenges, note, trip_covers
from tests.builders import DAY_MS, HOUR_MS, NOON_MS, a_user_event


def a_state(*events):
    state = fresh_state()
    for event in events:
        note(state, event)
    return state


def a_challenge(kind, at_ms):
    return a_user_event(type=kind, event_time=NOON_MS + at_ms)


def test_a_repeated_user_event_changes_nothing():
    trip = a_user_event(type="trip_confirmed", country="GB")
    failed = a_challenge("challenge_failed", 0)
    assert encode_state(a_state(trip, failed, trip, failed)) == encode_state(a_state(trip, failed))


def test_user_events_may_come_in_any_order():
    failed, passed = a_challenge("challenge_failed", 0), a_challenge("challenge_passed", HOUR_MS)
    assert encode_state(a_state(passed, failed)) == encode_state(a_state(failed, passed))


def test_only_failures_in_the_window_without_a_later_pass_count():
    failed = [a_challenge("challenge_failed", at_ms) for at_ms in (-2 * DAY_MS, 0, HOUR_MS)]
    state = a_state(*failed)
    assert [failed_challenges(state, NOON_MS + at_ms, DAY_MS) for at_ms in (0, HOUR_MS, 30 * HOUR_MS)] == [
        1,
        2,
        0,
    ]


def test_a_trip_without_an_end_lasts_two_weeks():
    state = a_state(a_user_event(type="trip_confirmed", country="GB"))
    assert trip_covers(state, name_of("GB"), NOON_MS + TRIP_DEFAULT_MS)
    assert not trip_covers(state, name_of("GB"), NOON_MS + TRIP_DEFAULT_MS + 1)


def test_a_trip_covers_the_country_by_either_code():
    assert trip_covers(a_state(a_user_event(type="trip_confirmed", country="UK")), name_of("GB"), NOON_MS + 1)


def test_only_the_latest_user_events_are_kept():
    state = a_state(*[a_challenge("challenge_failed", at_ms) for at_ms in range(3 * MAX_NOTES)])
    kept = challenges_of(state)["time_ms"]
    assert list(kept - NOON_MS) == list(range(2 * MAX_NOTES, 3 * MAX_NOTES))
