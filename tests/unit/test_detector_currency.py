import pytest

from detector.currency import PER_EURO, factors_into, normalised
from tests.builders import a_transaction
from tests.detecting import User
from weir.errors import DeploymentError, InvalidRecord


def test_amounts_become_the_base_currency():
    assert User().pay(117.0, currency="USD").amount == pytest.approx(100)


def test_an_amount_without_a_currency_is_in_the_base_currency():
    assert User(base_currency="USD").pay(117.0).amount == 117


def test_any_known_currency_can_be_the_base():
    assert normalised(100.0, "EUR", factors_into("USD")) == pytest.approx(117)
    assert all(factors_into(base)[base] == 1 for base in PER_EURO)


def test_a_currency_without_a_rate_is_refused_and_touches_nothing():
    user = User()
    with pytest.raises(InvalidRecord, match="currency: has no exchange rate: XXX"):
        user.send(a_transaction(currency="XXX"))
    assert user.state is None


def test_a_base_currency_without_a_rate_is_a_wrong_deployment():
    with pytest.raises(DeploymentError, match="BASE_CURRENCY"):
        User(base_currency="XXX")
