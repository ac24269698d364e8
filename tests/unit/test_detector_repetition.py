import pytest

from detector.repeats import FIRST_BYTES
from detector.state import SEEN_BYTES, header_of
from detector.state_encoding import decode_state
from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS
from tests.detecting import User, a_champion


def test_a_payment_sent_again_is_scored_anew_as_it_was_and_flagged():
    user = User(a_champion(trust=1.0, log_amount=1.0))
    user.pay_daily(9)
    first = user.pay(30.0, transaction_id="t1")
    user.pay(50.0, at_ms=MINUTE_MS)
    user.champion = a_champion(trust=1.0, intercept=9.0)
    again = user.pay(30.0, transaction_id="t1")
    assert (again.features, again.rules) == (first.features, first.rules)
    assert again.score > first.score
    assert (first.flags, again.flags) == ([], ["duplicate"])


def test_a_repetition_changes_no_state():
    user = User()
    user.pay(transaction_id="t1")
    before = user.state
    user.pay(transaction_id="t1")
    assert user.state == before


@pytest.mark.parametrize(
    "changed", [{"amount": 4999.0}, {"at_ms": MINUTE_MS}, {"merchant_id": "m2"}], ids=["amount", "time", "merchant"]
)
def test_an_approval_does_not_answer_for_another_payment_with_its_id(changed):
    user = User(a_champion(trust=1.0, intercept=-9.0, log_amount=1.0))
    small = user.pay(5.0, transaction_id="t1", merchant_id="m1")
    other = user.pay(**{"amount": 5.0, "transaction_id": "t1", "merchant_id": "m1"} | changed)
    assert "id_conflict" in other.flags
    assert other.features["count_24h"] > small.features["count_24h"]
    assert user.pay(at_ms=2 * MINUTE_MS).features["count_24h"] == pytest.approx(1.0986123)


def test_an_id_inside_another_id_is_no_repetition():
    user = User()
    user.pay(transaction_id="order-1234")
    assert "duplicate" not in user.pay(transaction_id="1234").flags


def test_a_late_payment_that_comes_again_is_recognised():
    user = User(allowed_lateness_ms=HOUR_MS)
    user.pay_daily(6)
    late = {"at_ms": -2 * DAY_MS, "transaction_id": "late"}
    assert [user.pay(**late).flags for _ in range(2)] == [["no_model", "late"], ["no_model", "duplicate", "late"]]


@pytest.mark.parametrize("a_day", [1, 30, 300])
def test_a_repetition_is_recognised_for_30_days_however_busy_the_customer(a_day):
    user = User()
    taken = [
        "duplicate" in user.pay(at_ms=n * DAY_MS // a_day, transaction_id=f"t{n}").flags for n in range(45 * a_day)
    ]
    assert sum(taken[:3000]) < 15
    last = 45 * a_day - 1
    for n in range(last - 30 * a_day, last, max(1, a_day // 7)):
        assert "duplicate" in user.pay(at_ms=n * DAY_MS // a_day, transaction_id=f"t{n}").flags


def test_what_is_remembered_is_forgotten_after_two_months_and_bounded():
    user = User()
    user.pay(transaction_id="first")
    for n in range(5000):
        user.pay(at_ms=n * 1000)
    assert header_of(decode_state(user.state)).seen == SEEN_BYTES
    user.pay(at_ms=61 * DAY_MS)
    header = header_of(decode_state(user.state))
    assert (header.seen, header.seen_before) == (FIRST_BYTES, 0)
    assert "duplicate" not in user.pay(at_ms=62 * DAY_MS, transaction_id="first").flags


def test_a_score_and_its_repetition_name_merchant_device_address_and_card():
    named = {"merchant_id": "m1", "device_id": "d1", "ip": "10.0.0.1", "card_id": "c1"}
    user = User()
    for _ in range(2):
        scored = user.pay(transaction_id="t1", **named)
        assert {name: getattr(scored, name) for name in named} == named
