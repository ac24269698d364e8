"""How ordinary an amount is among those that were learned."""

from math import log10

import pytest

from learner.ordinary import Amounts
from tests.builders import an_example

RARE_RATIO, RARE_AMOUNT = 3.0, 8.0


def a_payment(ratio=0.0, amount=3.0, **fields):
    return an_example(features={"amount_ratio": ratio, "log_amount": amount}, verdict="legitimate", **fields)


@pytest.fixture
def amounts():
    """1,000 payments: of every hundred, five have a rare ratio and a rare amount; one in a thousand has more of both."""
    amounts = Amounts()
    amounts.learn(a_payment(weight=950.0))
    amounts.learn(a_payment(RARE_RATIO, RARE_AMOUNT, weight=49.0))
    amounts.learn(a_payment(RARE_RATIO + 0.5, RARE_AMOUNT + 1, weight=1.0))
    return amounts


def test_nothing_is_odd_before_anything_is_learned():
    assert Amounts().ordinary(a_payment()) == 1


@pytest.mark.parametrize(
    ("ratio", "amount", "ordinary"),
    [
        (0.0, 3.0, 1),
        (RARE_RATIO, RARE_AMOUNT, 1),
        (RARE_RATIO + 0.5, 3.0, 0),
        (0.0, RARE_AMOUNT + 1, 0),
        (9.0, 99.0, 0),
        (-9.0, -1.0, 1),
    ],
)
def test_an_amount_is_as_odd_as_the_rarer_of_its_ratio_and_its_size(amounts, ratio, amount, ordinary):
    assert amounts.ordinary(a_payment(ratio, amount)) == pytest.approx(ordinary, abs=1e-3)


def test_between_half_a_percent_and_five_it_is_logarithmic(amounts):
    amounts.learn(a_payment(4.0, 12.0, weight=15.0))  # of 1,015 payments, 16 now have such a ratio or more
    assert amounts.ordinary(a_payment(RARE_RATIO + 0.5, 3.0)) == pytest.approx(log10(16 / 1015 / 0.005), abs=1e-3)


def test_a_first_payment_counts_as_the_usual_amount(amounts):
    assert amounts.ordinary(an_example(features={"log_amount": 3.0})) == 1


def test_a_payment_is_counted_once(amounts):
    before = amounts.learned_state()["payments"]
    amounts.learn(a_payment(outcome="revision", supersedes=0))
    amounts.learn(a_payment(outcome="confirmation", weight=0.0))
    assert amounts.learned_state()["payments"] == before
