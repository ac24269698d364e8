import pytest

from feedback_api.policy import DeadlinePolicy
from tests.builders import a_transaction

POLICY = DeadlinePolicy(base_currency="EUR", fail_open_below=50, fail_closed_decision="review")


@pytest.mark.parametrize(
    ("payment", "decision"),
    [
        ({"amount": 49.99}, "approve"),
        ({"amount": 49.99, "currency": "EUR"}, "approve"),
        ({"amount": 50}, "review"),
        ({"amount": 0.01, "currency": "USD"}, "review"),
    ],
)
def test_small_amounts_in_the_base_currency_fail_open_and_others_closed(payment, decision):
    assert POLICY.decision(a_transaction(**payment)) == decision
