"""Frauds on one customer at a time: a few large payments.

The ranges of amounts, pauses and numbers of payments were chosen for the demo's story, not taken from data.
"""

from random import Random

from simulator.world.merchants import BY_NAME
from simulator.world.payment import Payment
from simulator.world.places import CITIES, City, distance_km
from simulator.world.scene import Culprit, Scene, pay_in_city
from simulator.world.users import usual_eur

MINUTE_MS = 60_000
EXPENSIVE = tuple(BY_NAME[name] for name in ("electronics", "jewellery"))

# 900 km within 30 minutes is 1,800 km/h, well above the 1,000 km/h of the rule `impossible_travel`.
CLONED_FROM_KM, NEAREST = 900, 6


def impossible_travel(scene: Scene, rng: Random) -> list[Payment]:
    """A copy of the card pays in a far city within an hour of the customer's last payment of the day."""
    paid = [payments for payments in scene.paid if payments and payments[-1].look_alike != "travel"]
    if not paid:
        return []
    last = rng.choice(paid)[-1].transaction
    victim = next(life.user for life in scene.lives if life.user.user_id == last.user_id)
    city, time_ms, payments = _far_from(victim.home.city, rng), last.event_time_ms, []
    for _ in range(rng.randint(1, 2)):
        time_ms += rng.randrange(12 * MINUTE_MS, 30 * MINUTE_MS)
        shop = scene.market.pick(rng, city, rng.choice(EXPENSIVE))
        eur = usual_eur(victim) * rng.uniform(1.5, 5.0)
        payments.append(pay_in_city(victim, time_ms, shop, eur, rng, kind="impossible_travel"))
    return payments


def _far_from(home: City, rng: Random) -> City:
    """Pick one of the nearest cities that cannot be reached within the hour."""
    far = [city for city in CITIES if distance_km(home, city) > CLONED_FROM_KM]
    return rng.choice(sorted(far, key=lambda city: distance_km(home, city))[:NEAREST])


def account_takeover(scene: Scene, rng: Random) -> list[Payment]:
    """A stranger's device makes large payments online while the customer sleeps."""
    victim, culprit = scene.victim(rng), Culprit.of("account_takeover", rng)
    time_ms, shop, payments = (
        scene.start_ms + victim.utc_ms(rng.uniform(1.0, 5.0)),
        scene.weak_shop(rng, "gift_cards"),
        [],
    )
    for _ in range(rng.randint(2, 4)):
        eur = usual_eur(victim) * rng.uniform(3.0, 9.0)
        payments.append(culprit.pay(victim, time_ms, shop, eur, rng))
        time_ms += rng.randrange(5 * MINUTE_MS, 40 * MINUTE_MS)
    return payments


def stolen_card(scene: Scene, rng: Random) -> list[Payment]:
    """A stolen card buys expensive things in quick succession in shops of its owner's city."""
    victim = scene.victim(rng)
    city, time_ms, payments = victim.home.city, scene.start_ms + victim.utc_ms(rng.uniform(10.0, 20.0)), []
    for _ in range(rng.randint(3, 6)):
        eur = usual_eur(victim) * rng.uniform(2.5, 8.0)
        shop = scene.market.pick(rng, city, rng.choice(EXPENSIVE))
        payments.append(pay_in_city(victim, time_ms, shop, eur, rng, kind="stolen_card"))
        time_ms += rng.randrange(4 * MINUTE_MS, 15 * MINUTE_MS)
    return payments
