"""Refunds, reversals and negative amounts: scored, approved, and never spending (docs/adr/0029)."""

import pytest

from detector.state_encoding import decode_state
from learner.label_join import JoinState, LabelJoin
from tests.builders import DAY_MS, a_label
from tests.detecting import User, a_champion, habits
from weir.messages import Position
from weir.settings import LearningSettings

MONEY_BACK = [
    {"amount": -80.0},
    {"amount": -80.0, "type": "purchase"},
    {"amount": 80.0, "type": "refund"},
    {"amount": 80.0, "type": " Reversal"},
    {"amount": -0.01, "currency": "USD"},
]


@pytest.mark.parametrize("fields", MONEY_BACK)
def test_money_back_is_scored_approved_and_flagged(fields):
    user = User(a_champion(trust=0.9, intercept=4.0))
    scored = user.pay(**fields)
    assert (scored.decision, scored.rules, scored.reasons) == ("approve", [], [])
    assert "money_back" in scored.flags
    assert scored.score > 0.5
    assert "log_amount" not in scored.features


@pytest.mark.parametrize("fields", MONEY_BACK)
def test_money_back_counts_nowhere_as_spending(fields):
    user, other = User(), User()
    for paying in (user, other):
        paying.pay_daily(6, amount=20.0)
    user.pay(**fields)
    assert habits(user.state)["count"] == habits(other.state)["count"]
    assert user.pay(25.0, at_ms=1000, transaction_id="next").features == (
        other.pay(25.0, at_ms=1000, transaction_id="next").features
    )


def test_money_back_that_comes_again_is_a_duplicate():
    user = User()
    user.pay(-80.0, transaction_id="r1")
    assert "duplicate" in user.pay(-80.0, transaction_id="r1").flags


def test_no_refund_is_stopped_for_the_shops_place():
    user = User()
    user.pay(20.0, latitude=52.5, longitude=13.4)
    scored = user.pay(-20.0, at_ms=60_000, latitude=-33.9, longitude=151.2)
    assert (scored.decision, scored.rules) == ("approve", [])


def test_a_payment_of_nothing_is_a_tiny_payment():
    user = User()
    for second in range(3):
        user.pay(0.0, at_ms=second * 1000)
    scored = user.pay(0.0, at_ms=4000)
    assert [hit.rule for hit in scored.rules] == ["card_testing"]
    assert "money_back" not in scored.flags


def test_other_types_are_spending_and_the_types_are_a_setting():
    assert "money_back" not in User().pay(20.0, type="purchase").flags
    user = User(money_back_types=("Credit_Note ",))
    assert "money_back" in user.pay(20.0, type="credit_note").flags
    assert "money_back" not in user.pay(20.0, type="refund").flags


def test_money_back_never_counts_as_legitimate_by_maturity_but_a_label_is_learned():
    join = LabelJoin(LearningSettings(clock="stream", implicit_share=1.0))
    state, scored = JoinState(), User().pay(-80.0)
    join.on_scored(state, scored)
    matured = join.on_timer(state, scored.event_time_ms + 31 * DAY_MS)
    assert matured.examples == []
    label = a_label(transaction_id=scored.transaction_id, verdict="fraud")
    joined = join.on_label(state, label, source=Position("live.labels", 0, 0), payload=b"")
    assert [(example.verdict, example.amount) for example in joined.examples] == [("fraud", -80.0)]


def test_the_state_of_a_customer_with_nothing_but_refunds_is_whole():
    user = User()
    user.pay(-5.0)
    assert decode_state(user.state) is not None
    assert user.pay(20.0, at_ms=1000).features.get("amount_ratio") is None
