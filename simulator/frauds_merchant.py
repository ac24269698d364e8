"""Frauds that hang on a merchant: one that leaks its customers' cards, and a ring of shops that only take."""

from random import Random

from simulator.merchants import BY_NAME, Merchant, open_shop
from simulator.payment import NEW_KIND, Payment
from simulator.purchase import purchase
from simulator.scene import Culprit, Scene
from simulator.streams import stream
from simulator.users import DAY_MS, User, usual_eur

MINUTE_MS = 60_000
LEAK_DAYS = 5
LEAKING = tuple(BY_NAME[name] for name in ("games", "books"))
LEAK_RANKS = slice(7, None)
RING = ("marketplace", "marketplace", "marketplace", "fashion", "fashion", "fashion", "games", "books", "grocery")
RING_SHOPS = 8
TIMES_TO_TRY = 24


def compromised_merchant(scene: Scene, rng: Random) -> list[Payment]:
    """A shop leaks cards for some days: its customers' cards pay there, or elsewhere, amounts that are odd for it."""
    shop = _leaking(scene)
    customers = [life.user for life in scene.lives if shop in life.user.online.favourites[shop.category.name]]
    victim = rng.choice(customers) if customers else scene.victim(rng)
    culprit, time_ms = Culprit.of("compromised_merchant", rng), scene.any_time(rng)
    there = culprit.pay(victim, time_ms, shop, shop.amount(rng, victim.level) * rng.uniform(2.0, 4.0), rng)
    elsewhere = scene.weak_shop(rng, "gift_cards")
    amount = usual_eur(victim) * rng.uniform(2.0, 5.0)
    return [there, culprit.pay(victim, time_ms + rng.randrange(3 * MINUTE_MS, 60 * MINUTE_MS), elsewhere, amount, rng)]


def _leaking(scene: Scene) -> Merchant:
    rng = stream(scene.seed, "leak", scene.day // LEAK_DAYS)
    return rng.choice(scene.market.shops(None, rng.choice(LEAKING))[LEAK_RANKS])


def ring_of(seed: int) -> list[Merchant]:
    """The mule shops: nothing tells them from honest shops that open online."""
    rng = stream(seed, "ring")
    return [
        open_shop(seed, rng, BY_NAME[RING[number % len(RING)]], None, "opened", number) for number in range(RING_SHOPS)
    ]


def mule_payment(scene: Scene, ring: list[Merchant], number: int, from_ms: int, rng: Random) -> Payment | None:
    """Malware on a customer's own phone pays at a mule shop, when and what the customer might pay.

    The `number`-th victim is the `number`-th user of a fixed shuffle. None if the user is asleep from `from_ms` on,
    or travelling.
    """
    life = scene.lives[_shuffled(scene.seed, len(scene.lives))[number % len(scene.lives)]]
    time_ms = _waking_from(life.user, scene.start_ms, from_ms, rng)
    if time_ms is None or life.trip is not None:
        return None
    shop = rng.choice(ring)
    eur = shop.amount(rng, life.user.level) * rng.uniform(0.9, 1.5)
    place, phone, ip = life.place(time_ms), life.phone(time_ms), life.ip(time_ms)
    return purchase(life.user, time_ms, shop, eur, rng, place=place, device=phone, ip=ip, kind=NEW_KIND)


def _waking_from(user: User, start_ms: int, from_ms: int, rng: Random) -> int | None:
    for _ in range(TIMES_TO_TRY):
        time_ms = start_ms + user.waking_ms(rng)
        if from_ms <= time_ms < start_ms + DAY_MS:
            return time_ms
    return None


def _shuffled(seed: int, count: int) -> list[int]:
    return stream(seed, "mule victims").sample(range(count), count)
