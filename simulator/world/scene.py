"""A fraudster's means on one day: victims, shops, a device."""

from random import Random

from msgspec import Struct

from simulator.world.life import Life
from simulator.world.merchants import BY_NAME, Market, Merchant
from simulator.world.payment import Payment
from simulator.world.purchase import purchase
from simulator.world.users import DAY_MS, Device, User, device, ip

# Five of the fourteen online shops of a category, neither the most popular nor the least. Chosen for the demo's story:
# frauds that share a few shops give those shops a reputation.
WEAK_RANKS = slice(5, 10)

# Of online frauds other than card testing and mule shops. A plausible value; not taken from data.
FRAUD_DECLINED_SHARE = 0.05


class Scene(Struct):
    """One day of the world: the users' lives and, in the same order, their payments of the day. Read-only."""

    seed: int
    day: int
    start_ms: int
    market: Market
    lives: list[Life]
    paid: list[list[Payment]]

    def victim(self, rng: Random) -> User:
        """Pick a user who is not travelling; any user if all are."""
        return rng.choice([life for life in self.lives if life.trip is None] or self.lives).user

    def weak_shop(self, rng: Random, *categories: str) -> Merchant:
        """Pick an online shop that hardly checks cards; fraudsters share the few of each category."""
        return rng.choice(self.market.shops(None, BY_NAME[rng.choice(categories)])[WEAK_RANKS])

    def any_time(self, rng: Random) -> int:
        """Draw a time of the day."""
        return self.start_ms + rng.randrange(DAY_MS)


class Culprit(Struct):
    """A fraudster who pays online with other people's cards from one device and address."""

    kind: str
    device: Device
    ip: str

    @classmethod
    def of(cls, kind: str, rng: Random) -> "Culprit":
        """Make a culprit with a new device and address."""
        name = rng.getrandbits(48)
        return cls(kind, device(name), ip(name))

    def pay(
        self,
        user: User,
        time_ms: int,
        merchant: Merchant,
        eur: float,
        rng: Random,
        *,
        declined_share: float = FRAUD_DECLINED_SHARE,
    ) -> Payment:
        """Pay online with the user's card, at the position of the user's home."""
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
    """Pay in a shop with the user's card or a copy of it, without a device."""
    place = merchant.place or user.home
    return purchase(user, time_ms, merchant, eur, rng, place=place, device=None, ip=None, kind=kind)
