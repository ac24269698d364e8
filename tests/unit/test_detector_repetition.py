from detector.recent_decisions import MAX_DECIDED
from detector.state_encoding import decode_state, encode_state
from tests.builders import MINUTE_MS, a_transaction
from tests.detecting import User, a_champion


def test_a_transaction_sent_again_gets_its_first_decision_again():
    user = User(a_champion(trust=1.0, intercept=-1.0))
    first = user.pay(transaction_id="t1")
    user.champion = a_champion(trust=1.0, intercept=9.0)
    again = user.pay(transaction_id="t1", at_ms=MINUTE_MS)
    assert (again.score, again.decision, again.model) == (first.score, first.decision, first.model)
    assert (again.flags, again.features) == (["duplicate"], {})


def test_a_repetition_changes_no_state():
    user = User()
    user.pay(transaction_id="t1")
    before = user.state
    user.pay(transaction_id="t1")
    assert user.state == before


def test_the_first_decision_survives_encoding():
    user = User()
    first = user.pay(transaction_id="tä\n1")
    user.state = encode_state(decode_state(user.state))
    assert user.pay(transaction_id="tä\n1").score == first.score


def test_an_id_inside_another_id_is_no_repetition():
    user = User()
    user.pay(transaction_id="order-1234")
    assert "duplicate" not in user.pay(transaction_id="1234").flags


def test_the_record_is_bounded_and_keeps_the_latest():
    user = User()
    for n in range(3 * MAX_DECIDED):
        user.send(a_transaction(transaction_id=f"t{n}"))
    sent_again = [
        user.send(a_transaction(transaction_id=f"t{n}")).flags for n in (2 * MAX_DECIDED, 3 * MAX_DECIDED - 1)
    ]
    assert sent_again == [["duplicate"]] * 2
    assert "duplicate" not in user.send(a_transaction(transaction_id="t0")).flags


def test_each_of_several_transactions_gets_its_own_first_decision():
    user = User(a_champion(trust=1.0, log_amount=1.0))
    firsts = [user.pay(amount, transaction_id=f"t{amount}").score for amount in (1.0, 10.0, 100.0)]
    assert [user.pay(transaction_id=f"t{amount}").score for amount in (1.0, 10.0, 100.0)] == firsts


def test_a_score_and_its_repetition_name_merchant_device_address_and_card():
    named = {"merchant_id": "m1", "device_id": "d1", "ip": "10.0.0.1", "card_id": "c1"}
    user = User()
    for _ in range(2):
        scored = user.pay(transaction_id="t1", **named)
        assert {name: getattr(scored, name) for name in named} == named
