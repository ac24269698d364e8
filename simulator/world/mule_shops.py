"""The new kind of fraud: a ring of mule shops that deliver nothing.

Malware on customers' own phones pays there, from the owner's device, place and address, in waking hours, with amounts
that the owner might pay. Nothing distinguishes it from an honest payment at an honest new shop; only labels can.
"""

from collections.abc import Iterator
from random import Random

from simulator.world.merchants import BY_NAME, open_shop
from simulator.world.payment import NEW_KIND, Payment
from simulator.world.purchase import purchase
from simulator.world.scene import Scene
from simulator.world.streams import stream
from simulator.world.users import DAY_MS, User

# One shop for each. The number of shops was tuned on development seeds 1 to 6 for the demo's story: fewer shops
# mean more labels for each.
SELLS = ("marketplace", "fashion", "games", "books")

# Amounts that the owner might pay, a little above the usual. Chosen for the demo's story.
MARK_UP = (0.9, 1.5)
ATTEMPTS = 24


class MuleRing:
    """The shops and their victims, in a fixed order: each victim is robbed once before any is robbed again."""

    def __init__(self, seed: int, users: int, a_day: float) -> None:
        rng = stream(seed, "ring")
        self._seed, self._a_day = seed, a_day
        self._shops = [open_shop(seed, rng, BY_NAME[name], None, "opened", number) for number, name in enumerate(SELLS)]
        self._victims = rng.sample(range(users), users)

    def payments_of(self, scene: Scene, from_ms: int) -> Iterator[Payment]:
        """Yield the ring's payments of a day from `from_ms` on, in proportion to the part of the day that is left."""
        begin_ms, end_ms = max(from_ms, scene.start_ms), scene.start_ms + DAY_MS
        for number in range(round(self._a_day * max(0, end_ms - begin_ms) / DAY_MS)):
            rng, victim = stream(self._seed, "mule", scene.day, number), int(scene.day * self._a_day) + number
            payment = self._payment(scene, self._victims[victim % len(self._victims)], begin_ms, rng)
            if payment is not None:
                yield payment

    def _payment(self, scene: Scene, victim: int, from_ms: int, rng: Random) -> Payment | None:
        """Return None if the victim is travelling, or has no waking hour left that day."""
        life = scene.lives[victim]
        user, time_ms = life.user, _waking_from(life.user, scene.start_ms, from_ms, rng)
        if life.trip is not None or time_ms is None:
            return None
        shop, phone, ip = rng.choice(self._shops), life.phone(time_ms), life.ip(time_ms)
        eur = shop.amount(rng, user.level) * rng.uniform(*MARK_UP)
        return purchase(user, time_ms, shop, eur, rng, place=user.home, device=phone, ip=ip, kind=NEW_KIND)


def _waking_from(user: User, start_ms: int, from_ms: int, rng: Random) -> int | None:
    for _ in range(ATTEMPTS):
        time_ms = start_ms + user.waking_ms(rng)
        if time_ms >= from_ms:
            return time_ms
    return None
