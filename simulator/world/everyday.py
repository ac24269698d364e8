"""The legitimate payments of a user's day, including those that look like fraud.

Such look-alikes are trips, gifts, new phones, shared household devices and newly opened shops.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from simulator.world.life import Life
from simulator.world.merchants import BY_NAME, Category, Market, Merchant
from simulator.world.payment import Payment
from simulator.world.places import City
from simulator.world.purchase import purchase
from simulator.world.streams import poisson
from simulator.world.users import Device, Spending, User, usual_eur

# The shares here were chosen for the demo's story, not taken from data. They make look-alikes regular but not common:
# in the first week of seed 7, of 2,930 legitimate payments a day, 5 are gifts, 15 come from a new phone, 82 from a
# trip, 106 from a shared device and 120 go to a new shop.

# Longer than the detector's 10-minute window, so no honest user has two payments in it. Chosen for the demo's story:
# real customers do pay twice within minutes.
PAUSE_MS = 15 * 60_000

# Gifts are the rarest: the rules challenged nearly all of them (ADR 16).
GIFT_SHARE, NEW_SHOP_SHARE = 0.0015, 0.04

# The higher these two, the fewer legitimate payments name a shop or a device that is new to the user.
FAVOURITE_SHARE, SECOND_DEVICE_SHARE = 0.75, 0.45

# At 4 to 9 times the usual amount most gifts exceed the 5 times of the rule `amount_spike`.
GIFT_TIMES_USUAL = (4.0, 9.0)
GIFTS = tuple(BY_NAME[name] for name in ("jewellery", "electronics", "fashion"))


def payments_of(life: Life, market: Market, day: int, start_ms: int, rng: Random) -> Iterator[Payment]:
    """Yield one UTC day's payments in order of time, at least 15 minutes apart; none while the user is in the air."""
    for time_ms in _times(life.user, start_ms, rng):
        if life.trip is None or not life.trip.on_the_way(time_ms):
            yield _pay(life, _basket(life, market, day, time_ms, rng), time_ms, rng)


def _times(user: User, start_ms: int, rng: Random) -> Iterator[int]:
    """Draw the times of payment; one that would come too soon after the last is moved later."""
    last_ms = start_ms - PAUSE_MS
    for wanted_ms in sorted(start_ms + user.waking_ms(rng) for _ in range(poisson(rng, user.payments_a_day))):
        soon = wanted_ms - last_ms < PAUSE_MS
        last_ms = last_ms + PAUSE_MS + rng.randrange(PAUSE_MS) if soon else wanted_ms
        yield last_ms


class _Basket(NamedTuple):
    """A purchase; `look_alike` is set if the purchase alone, without place or device, looks odd."""

    merchant: Merchant
    eur: float
    online: bool
    look_alike: str | None = None


def _basket(life: Life, market: Market, day: int, time_ms: int, rng: Random) -> _Basket:
    user, place = life.user, life.place(time_ms)
    if rng.random() < GIFT_SHARE:
        merchant = market.pick(rng, None, rng.choice(GIFTS))
        return _Basket(merchant, usual_eur(user) * rng.uniform(*GIFT_TIMES_USUAL), True, "gift")
    if rng.random() < NEW_SHOP_SHARE:
        merchant = rng.choice(market.newly_opened(day, place.city))
        return _Basket(merchant, merchant.amount(rng, user.level), merchant.place is None, "new_shop")
    if rng.random() < user.online_share:
        merchant = _choose(user.online, market, None, True, rng)
        return _Basket(merchant, merchant.amount(rng, user.level), True)
    merchant = _choose(user.in_city, market, place.city, place is user.home, rng)
    return _Basket(merchant, merchant.amount(rng, user.level), False)


def _choose(spending: Spending, market: Market, city: City | None, at_home: bool, rng: Random) -> Merchant:
    category: Category = rng.choices(spending.categories, cum_weights=spending.weights)[0]
    if at_home and rng.random() < FAVOURITE_SHARE:
        return rng.choice(spending.favourites[category.name])
    return market.pick(rng, city, category)


def _pay(life: Life, basket: _Basket, time_ms: int, rng: Random) -> Payment:
    """Pay online with the phone or the second device, in a shop with the phone or the card."""
    user, merchant, online = life.user, basket.merchant, basket.online
    second = user.second if online and rng.random() < SECOND_DEVICE_SHARE else None
    phone = life.phone(time_ms) if online or user.wallet else None
    place = life.place(time_ms) if online else merchant.place
    return purchase(
        user,
        time_ms,
        merchant,
        basket.eur,
        rng,
        place=place or user.home,
        device=second or phone,
        ip=life.ip(time_ms) if online else None,
        look_alike=basket.look_alike or _look_alike(life, second or phone, time_ms),
    )


def _look_alike(life: Life, device: Device | None, time_ms: int) -> str | None:
    if life.trip is not None and life.trip.away(time_ms):
        return "travel"
    if device is life.phone(time_ms) and life.phone_is_new(time_ms):
        return "new_phone"
    return "household" if life.user.shared and device is life.user.second else None
