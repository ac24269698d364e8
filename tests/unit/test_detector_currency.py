import math

import pytest

from detector.currency import PER_EURO, Rates
from tests.builders import DAY_MS, NOON_MS
from tests.detecting import User
from weir.errors import DeploymentError
from weir.settings import DetectorSettings

AMOUNT_FEATURES = {"log_amount", "amount_ratio", "category_amount_ratio", "amount_z"}


def rates(**settings):
    return Rates(DetectorSettings(**settings))


def test_amounts_become_the_base_currency():
    assert User().pay(117.0, currency="USD").amount == pytest.approx(100)


def test_an_amount_without_a_currency_is_in_the_base_currency():
    assert User(base_currency="USD").pay(117.0).amount == 117


def test_any_known_currency_can_be_the_base():
    assert rates(base_currency="USD").converted(100.0, "EUR", NOON_MS) == pytest.approx(117)
    assert all(rates(base_currency=base).converted(1.0, base, NOON_MS) == 1 for base in PER_EURO)


def test_without_a_rate_a_payment_is_scored_without_its_amount_and_flagged():
    user = User()
    for _ in range(6):
        user.pay(20.0, merchant_category="groceries")
    scored = user.pay(690_000.0, currency="VND", merchant_category="groceries")
    assert scored.amount is None
    assert "amount_not_converted" in scored.flags
    assert not AMOUNT_FEATURES & set(scored.features)
    assert scored.features["count_24h"] > 0
    assert 0 < scored.score < 0.1


def test_an_unknown_amount_leaves_sums_and_habits_as_they_were():
    user, other = User(), User()
    for paying in (user, other):
        for _ in range(6):
            paying.pay(20.0, merchant_category="groceries")
    user.pay(690_000.0, currency="VND", merchant_category="groceries")
    after, expected = (paying.pay(25.0, merchant_category="groceries") for paying in (user, other))
    for name in ("amount_24h", "amount_ratio", "category_amount_ratio", "max_amount_ratio_24h"):
        assert after.features[name] == expected.features[name], name
    assert after.features["count_24h"] > expected.features["count_24h"]


def test_a_customer_whose_first_amounts_are_unknown_has_habits_from_the_first_known_one():
    user = User()
    for _ in range(3):
        user.pay(690_000.0, currency="VND")
    assert "amount_ratio" not in user.pay(20.0).features
    assert user.pay(41.0).features["amount_ratio"] == pytest.approx(math.log(2))


def test_the_same_payment_without_a_rate_again_is_a_duplicate():
    user = User()
    user.pay(900.0, currency="TWD", transaction_id="t1")
    assert "duplicate" in user.pay(900.0, currency="TWD", transaction_id="t1").flags


@pytest.fixture
def history(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text("\ufeffDate,USD,NGN,XAU,\n2025-06-20,1.50,N/A,,\n2025-06-18,1.25,1700,,\n")
    return path


def test_a_payment_has_the_rate_of_its_day(history):
    found, noon = rates(rates_file=history), 1750248000000  # 18 June 2025
    assert [found.converted(150.0, "USD", noon + days * DAY_MS) for days in (-400, 0, 1, 2, 400)] == [
        *(120, 120, 120),
        *(100, 100),
    ]
    assert found.converted(1700.0, "NGN", noon + 9 * DAY_MS) == 1
    assert found.converted(46.6, "TRY", noon) == pytest.approx(1)  # not in the file
    assert math.isnan(found.converted(1.0, "XAU", noon))


@pytest.mark.parametrize(
    "text",
    ["", "day,USD\n2025-06-20,1", "Date,USD\n20.06.2025,1", "Date,USD\n2025-06-20,1;2", "Date,USD\n2025-06-20,0"],
)
def test_rates_that_cannot_be_read_are_a_wrong_deployment(tmp_path, text):
    path = tmp_path / "rates.csv"
    path.write_text(text)
    if not text:
        path.unlink()
    with pytest.raises(DeploymentError, match="exchange rates"):
        rates(rates_file=path)


def test_a_base_currency_without_a_rate_is_a_wrong_deployment():
    with pytest.raises(DeploymentError, match="BASE_CURRENCY"):
        User(base_currency="XXX")
