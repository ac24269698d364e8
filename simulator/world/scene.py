"""What a fraudster has to do with on a day: victims, shops, a device of their own."""

from random import Random

from msgspec import Struct

from simulator.world.life import Life
from simulator.world.merchants import BY_NAME, Market, Merchant
from simulator.world.payment import Payment
from simulator.world.purchase import purchase
from simulator.world.users import DAY_MS, Device, User, device, ip

WEAK_RANKS = slice(5, 10)


class Scene(Struct):
    """One day of the world: who lives how, and what each has paid that day. Nothing in it is changed."""

    seed: int
    day: int
    start_ms: int
    market: Market
    lives: list[Life]
    paid: list[list[Payment]]

    def victim(self, rng: Random) -> User:
        """Someone who is not travelling."""
        return rng.choice([life for life in self.lives if life.trip is None] or self.lives).user

    def weak_shop(self, rng: Random, *categories: str) -> Merchant:
        """A shop that hardly checks cards: fraudsters know and share the few of each category."""
        return rng.choice(self.market.shops(None, BY_NAME[rng.choice(categories)])[WEAK_RANKS])

    def any_time(self, rng: Random) -> int:
        """Some time of the day."""
        return self.start_ms + rng.randrange(DAY_MS)


class Culprit(Struct):
    """Who pays with others' cards, online, from a device of their own."""

    kind: str
    device: Device
    ip: str

    @classmethod
    def of(cls, kind: str, rng: Random) -> "Culprit":
        """Another one each time."""
        name = rng.getrandbits(48)
        return cls(kind, device(name), ip(name))

    def pay(
        self, user: User, time_ms: int, merchant: Merchant, eur: float, rng: Random, *, declined_share: float = 0.05
    ) -> Payment:
        """Pay online with the user's card, as if from the user's city."""
        return purchase(
            user,
            time_ms,
            merchant,
            eur,
            rng,
            place=user.home,
            device=self.device,
            ip=self.ip,
            kind=self.kind,
            declined_share=declined_share,
        )


def pay_in_city(user: User, time_ms: int, merchant: Merchant, eur: float, rng: Random, *, kind: str) -> Payment:
    """Pay in a shop with the user's card or a copy of it."""
    place = merchant.place or user.home
    return purchase(user, time_ms, merchant, eur, rng, place=place, device=None, ip=None, kind=kind)
