"""Frauds through an honest merchant that leaks its customers' cards."""

from random import Random

from simulator.world.merchants import BY_NAME, Merchant
from simulator.world.payment import Payment
from simulator.world.scene import Culprit, Scene
from simulator.world.streams import stream
from simulator.world.users import usual_eur

MINUTE_MS = 60_000
LEAKING = tuple(BY_NAME[name] for name in ("games", "books"))

# Both were tuned on development seeds 1 to 6 for the demo's story, not taken from data: a leak ends after two days, and
# the three most popular shops of a category never leak.
LEAK_DAYS = 2
LEAK_RANKS = slice(3, None)


def compromised_merchant(scene: Scene, rng: Random) -> list[Payment]:
    """A leaked card pays an unusual amount at the shop that leaked it, and then another at a weak shop."""
    shop = _leaking(scene)
    customers = [life.user for life in scene.lives if shop in life.user.online.favourites[shop.category.name]]
    victim = rng.choice(customers) if customers else scene.victim(rng)
    culprit, time_ms = Culprit.of("compromised_merchant", rng), scene.any_time(rng)
    there = culprit.pay(victim, time_ms, shop, shop.amount(rng, victim.level) * rng.uniform(2.0, 4.0), rng)
    later_ms = time_ms + rng.randrange(3 * MINUTE_MS, 60 * MINUTE_MS)
    amount = usual_eur(victim) * rng.uniform(2.0, 5.0)
    return [there, culprit.pay(victim, later_ms, scene.weak_shop(rng, "gift_cards"), amount, rng)]


def _leaking(scene: Scene) -> Merchant:
    """Return the shop that leaks on the scene's day; every `LEAK_DAYS` another one does."""
    rng = stream(scene.seed, "leak", scene.day // LEAK_DAYS)
    return rng.choice(scene.market.shops(None, rng.choice(LEAKING))[LEAK_RANKS])
