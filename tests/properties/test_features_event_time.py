"""Features depend only on events at or before their event time."""

from hypothesis import given, settings
from hypothesis import strategies as st

from detector.state import fresh_state
from detector.state_encoding import decode_state, encode_state
from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS
from tests.detecting import User, a_model_of_everything
from weir.messages import encode

LATENESS_MS = 2 * HOUR_MS

minutes = st.integers(0, 40 * DAY_MS // MINUTE_MS)
names = st.sampled_from([None, "a", "b", "c"])
payments = st.fixed_dictionaries(
    {
        "amount": st.floats(0, 5000, width=32),
        "merchant_id": names,
        "merchant_category": names,
        "device_id": names,
        "ip": names,
        "card_id": names,
        "channel": names,
        "country": st.sampled_from([None, "FR", "GB"]),
        "latitude": st.sampled_from([None, 0.0, 48.8, -17.0]),
        "longitude": st.sampled_from([None, 2.3, 179.9, -179.9]),
    }
)
histories = st.lists(st.tuples(minutes, payments), max_size=40)
followers = st.lists(st.tuples(st.integers(1, LATENESS_MS // 1000), payments), max_size=15)


def a_user_after(history):
    """Clustered towards the end, so that windows, sessions and panes are all populated."""
    user = User(a_model_of_everything(), allowed_lateness_ms=LATENESS_MS)
    for minute, payment in sorted(history, key=lambda item: item[0]):
        user.pay(at_ms=-int(minute**2 / (40 * DAY_MS // MINUTE_MS)) * MINUTE_MS, **payment)
    return user


@settings(deadline=None, max_examples=40)
@given(histories, followers, payments)
def test_events_that_come_earlier_but_happen_later_change_no_feature(history, later, payment):
    alone, surrounded = a_user_after(history), a_user_after(history)
    alone.state = encode_state(decode_state(surrounded.state))
    for second, follower in later:
        surrounded.pay(at_ms=second * 1000, **follower)
    expected, found = alone.pay(**payment, transaction_id="x"), surrounded.pay(**payment, transaction_id="x")
    assert (found.features, found.score, found.rules) == (expected.features, expected.score, expected.rules)


@settings(deadline=None, max_examples=40)
@given(histories, followers, payments)
def test_confirmations_that_happen_later_change_no_feature(history, later, payment):
    alone, told = a_user_after(history), a_user_after(history)
    for second, follower in later:
        told.tell("device_confirmed", at_ms=second * 1000, device_id=follower["device_id"])
        told.tell("trip_confirmed", at_ms=second * 1000)
        told.tell("challenge_failed" if second % 2 else "challenge_passed", at_ms=second * 1000)
    assert encode(told.pay(**payment, transaction_id="x")) == encode(alone.pay(**payment, transaction_id="x"))


@settings(deadline=None, max_examples=40)
@given(followers, st.randoms(use_true_random=False))
def test_events_within_the_lateness_leave_the_same_features_in_any_order(events, random):
    ordered, shuffled = User(allowed_lateness_ms=LATENESS_MS), User(allowed_lateness_ms=LATENESS_MS)
    distinct = list(dict(events).items())
    mixed = random.sample(distinct, len(distinct))
    for user, sequence in ((ordered, sorted(distinct, key=lambda item: item[0])), (shuffled, mixed)):
        for second, payment in sequence:
            user.pay(at_ms=second * 1000, **payment)
    after = {"at_ms": LATENESS_MS + 1, "transaction_id": "x"}
    assert shuffled.pay(**after).features == ordered.pay(**after).features


@settings(deadline=None, max_examples=40)
@given(histories)
def test_an_empty_history_is_a_fresh_state(history):
    user = a_user_after(history)
    assert (encode_state(decode_state(user.state)) == encode_state(fresh_state())) == (not history)
