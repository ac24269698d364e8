import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import islice, takewhile

import pytest

from simulator.world.merchants import Market
from simulator.world.mule_shops import SELLS
from simulator.world.payment import KINDS, LOOK_ALIKES, NEW_KIND, Payment
from simulator.world.places import CITIES, EARTH_RADIUS_KM, Place, distance_km
from simulator.world.traffic import START_MS, TrafficSettings, traffic
from simulator.world.users import DAY_MS, HOUR_MS
from weir.messages import TRANSACTION, decode_with, encode

DIGEST = """
import hashlib
from itertools import islice
from simulator.world.traffic import START_MS, TrafficSettings, traffic
from weir.messages import encode
settings = TrafficSettings(seed=3, rate_per_s=5, new_kind_from_ms=START_MS)
digest = hashlib.sha256()
for payment in islice(traffic(settings), 2000):
    digest.update(encode(payment.transaction))
print(digest.hexdigest())
"""
ATTACK_MS = START_MS + 3 * DAY_MS


def payments(days: int, **settings: object) -> list[Payment]:
    end_ms = START_MS + days * DAY_MS
    return list(takewhile(lambda payment: payment.event_time_ms < end_ms, traffic(TrafficSettings(**settings))))


@pytest.fixture(scope="module")
def week() -> list[Payment]:
    """Seven days at 20 payments a second, with the new kind from the fourth day on."""
    return payments(7, rate_per_s=20, new_kind_from_ms=ATTACK_MS)


def digest_with(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed():
    assert digest_with("1") == digest_with("2") != ""


def test_another_seed_gives_other_payments():
    one, other = (
        {
            payment.transaction.transaction_id
            for payment in islice(traffic(TrafficSettings(seed=seed, rate_per_s=5)), 500)
        }
        for seed in (1, 2)
    )
    assert not one & other


def test_payments_come_in_the_order_of_event_time_then_id(week):
    order = [(payment.event_time_ms, payment.transaction.transaction_id) for payment in week]
    assert order == sorted(order)


def test_transaction_ids_are_unique(week):
    assert len({payment.transaction.transaction_id for payment in week}) == len(week)


def test_the_new_kind_changes_no_other_payment(week):
    without = payments(7, rate_per_s=20)
    assert [payment for payment in week if payment.kind != NEW_KIND] == without


def test_the_new_kind_starts_on_time_and_at_its_rate(week):
    times = [payment.event_time_ms for payment in week if payment.kind == NEW_KIND]
    assert min(times) >= ATTACK_MS
    a_day = TrafficSettings(rate_per_s=20).new_kind_a_day
    assert 0.8 * a_day < len(times) / 4 < 1.1 * a_day


def test_every_kind_of_fraud_and_look_alike_occurs(week):
    assert {payment.kind for payment in week} == {None, *KINDS}
    assert {payment.look_alike for payment in week} == {None, *LOOK_ALIKES}


def test_a_fraud_is_never_a_look_alike(week):
    assert not [payment for payment in week if payment.fraud and payment.look_alike]


def test_rate_and_fraud_share_match_the_settings(week):
    old = [payment for payment in week if payment.kind != NEW_KIND]
    assert len(old) / 7 == pytest.approx(TrafficSettings(rate_per_s=20).payments_a_day, rel=0.1)
    assert sum(payment.fraud for payment in old) / len(old) == pytest.approx(0.015, rel=0.25)


def test_each_day_has_its_number_of_payments(week):
    days = Counter((payment.event_time_ms - START_MS) // DAY_MS for payment in week)
    expected = TrafficSettings(rate_per_s=20).payments_a_day
    assert all(count == pytest.approx(expected, rel=0.15) for count in days.values())


def test_all_transactions_decode(week):
    for payment in week:
        assert decode_with(TRANSACTION, encode(payment.transaction)) == payment.transaction


def test_legitimate_payments_never_need_more_than_900_kmh(week):
    assert max(speeds(payment for payment in week if not payment.fraud)) < 900


def test_some_users_pay_in_several_countries(week):
    countries = defaultdict(set)
    for payment in week:
        if not payment.fraud:
            countries[payment.transaction.user_id].add(payment.transaction.country)
    assert any(len(visited) > 1 for visited in countries.values())


def speeds(legitimate):
    last = {}
    for payment in legitimate:
        paid = payment.transaction
        here = Place(CITIES[0], paid.latitude, paid.longitude)
        if paid.user_id in last:
            earlier_ms, there = last[paid.user_id]
            yield distance_km(here, there) / ((payment.event_time_ms - earlier_ms) / HOUR_MS)
        last[paid.user_id] = payment.event_time_ms, here


def test_a_fraudulent_payment_has_the_form_of_a_legitimate_one(week):
    def shapes(fraud):
        return {
            (payment.transaction.channel, *sorted(fields_set(payment))) for payment in week if payment.fraud == fraud
        }

    assert shapes(True) <= shapes(False)


def fields_set(payment):
    fields = payment.transaction
    return [name for name in fields.__struct_fields__ if getattr(fields, name) not in (None, {})]


@pytest.mark.parametrize(
    ("field", "pattern"),
    [
        ("transaction_id", "p-[0-9a-f]{14}"),
        ("user_id", "u-[0-9a-f]{8}"),
        ("card_id", "c-[0-9a-f]{12}"),
        ("merchant_id", "m-[0-9a-f]{8}"),
        ("device_id", "d-[0-9a-f]{12}"),
        ("ip", r"10\.\d+\.\d+\.\d+"),
        ("type", "purchase"),
    ],
)
def test_all_ids_have_one_form(week, field, pattern):
    values = [getattr(payment.transaction, field) for payment in week]
    assert all(re.fullmatch(pattern, value) for value in values if value is not None)


def test_an_id_does_not_reveal_a_fraud(week):
    """Leading digits are spread evenly for frauds and for legitimate payments: half of them are below 8."""
    for fraud in (True, False):
        low = [payment.transaction.transaction_id[2] < "8" for payment in week if payment.fraud == fraud]
        assert sum(low) / len(low) == pytest.approx(0.5, abs=0.1)


def test_mule_shops_rob_many_users_on_their_own_devices(week):
    mules = [payment.transaction for payment in week if payment.kind == NEW_KIND]
    own = defaultdict(set)
    for payment in week:
        if payment.kind is None:
            own[payment.transaction.user_id].add(payment.transaction.device_id)
    assert max(Counter(mule.user_id for mule in mules).values()) <= 2
    assert sum(mule.device_id in own[mule.user_id] for mule in mules) / len(mules) > 0.9
    assert len({mule.merchant_id for mule in mules}) == len(SELLS)


def test_honest_shops_open_over_time():
    market = Market(1)
    opened = [{shop.merchant_id for shop in market.newly_opened(day, None)} for day in (0, 10)]
    assert all(opened)
    assert not opened[0] & opened[1]


def test_distances_follow_great_circles():
    north, equator = Place(CITIES[0], 90.0, 0.0), Place(CITIES[0], 0.0, 45.0)
    assert distance_km(north, equator) == pytest.approx(EARTH_RADIUS_KM * 3.14159265 / 2)
