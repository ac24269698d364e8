"""Frauds that hang on an honest merchant, which leaks its customers' cards."""

from random import Random

from simulator.world.merchants import BY_NAME, Merchant
from simulator.world.payment import Payment
from simulator.world.scene import Culprit, Scene
from simulator.world.streams import stream
from simulator.world.users import usual_eur

MINUTE_MS = 60_000
LEAK_DAYS = 2
LEAKING = tuple(BY_NAME[name] for name in ("games", "books"))
LEAK_RANKS = slice(3, None)


def compromised_merchant(scene: Scene, rng: Random) -> list[Payment]:
    """A shop leaks cards for some days: its customers' cards pay there, and elsewhere, amounts that are odd for it."""
    shop = _leaking(scene)
    customers = [life.user for life in scene.lives if shop in life.user.online.favourites[shop.category.name]]
    victim = rng.choice(customers) if customers else scene.victim(rng)
    culprit, time_ms = Culprit.of("compromised_merchant", rng), scene.any_time(rng)
    there = culprit.pay(victim, time_ms, shop, shop.amount(rng, victim.level) * rng.uniform(2.0, 4.0), rng)
    later_ms = time_ms + rng.randrange(3 * MINUTE_MS, 60 * MINUTE_MS)
    amount = usual_eur(victim) * rng.uniform(2.0, 5.0)
    return [there, culprit.pay(victim, later_ms, scene.weak_shop(rng, "gift_cards"), amount, rng)]


def _leaking(scene: Scene) -> Merchant:
    """The shop that leaks at present; after two days the hole is found, and another shop has one."""
    rng = stream(scene.seed, "leak", scene.day // LEAK_DAYS)
    return rng.choice(scene.market.shops(None, rng.choice(LEAKING))[LEAK_RANKS])
