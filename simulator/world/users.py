"""Users: where they live, and when, how and what they pay."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from msgspec import Struct

from simulator.world.merchants import IN_CITY, ONLINE, Category, Market, Merchant
from simulator.world.places import CITIES, Place, place_in
from simulator.world.streams import stream, token

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

# Two of every nine users share a home, its address and a second device: the honest counterpart of one device that pays
# with several cards. This and the shares below were chosen for the demo's story, not taken from data.
HOUSEHOLD_EVERY, HOUSEHOLD_SIZE = 9, 2

# Half of the users outside households have a second device. Half of all pay in shops with the phone, which names its
# device where a card does not.
SECOND_DEVICE_SHARE, WALLET_SHARE = 0.5, 0.5
FAVOURITES = 3

# Close to the median of legitimate payments at level 1, which is EUR 25 with seed 7. Frauds pay multiples of it.
USUAL_EUR = 26.0

# Local time. Honest users hardly ever pay outside it, so a takeover at night stands out. Chosen for the demo's story.
WAKING_H = (6.5, 23.5)
USER_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 13_3) Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10) Chrome/79.0",
    "Mozilla/5.0 (Linux; Android 9) Chrome/78.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64) Firefox/72.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Safari/605.1",
)


class Device(Struct, frozen=True):
    device_id: str
    user_agent: str


class Spending(Struct, frozen=True):
    """A user's shopping through one channel: categories, their cumulative weights, and favourite shops by category."""

    categories: Sequence[Category]
    weights: Sequence[float]
    favourites: dict[str, list[Merchant]]


class User(Struct, frozen=True):
    """A customer. `level` multiplies amounts, `payments_a_day` is a mean, `rhythm_h` are peak hours in local time.

    If `shared`, the second device and the IP address belong to a household of two. With a `wallet` the phone pays in
    shops; a card there names no device.
    """

    number: int
    user_id: str
    card_id: str
    home: Place
    level: float
    payments_a_day: float
    online_share: float
    rhythm_h: tuple[float, float, float]
    wallet: bool
    phone: Device
    second: Device | None
    shared: bool
    ip: str
    in_city: Spending
    online: Spending

    def waking_ms(self, rng: Random) -> int:
        """Draw a time in the user's waking hours, in milliseconds of the UTC day."""
        hour = rng.choice(self.rhythm_h) + rng.gauss(0.0, 1.2)
        return self.utc_ms(max(WAKING_H[0], min(WAKING_H[1], hour)))

    def utc_ms(self, local_h: float) -> int:
        """Convert a local hour to milliseconds of the UTC day."""
        return int((local_h - self.home.city.utc_offset_h) * HOUR_MS) % DAY_MS


def usual_eur(user: User) -> float:
    """Return roughly the user's median payment."""
    return USUAL_EUR * user.level


def device(*names: object) -> Device:
    """Make a device whose id and user agent follow from a hash of the names."""
    digest = token("device", *names, size=6)
    return Device(f"d-{digest}", USER_AGENTS[int(digest, 16) % len(USER_AGENTS)])


def ip(*names: object) -> str:
    """Return an address in 10.0.0.0/8 that is a hash of the names."""
    return ".".join(str(byte) for byte in (10, *bytes.fromhex(token("ip", *names, size=3))))


def users_of(seed: int, market: Market, count: int, payments_a_day: float) -> list[User]:
    """Make `count` users who together average `payments_a_day` per user."""
    # Mean 1, standard deviation 0.5: users differ in pace. Chosen for the demo's story, not taken from data.
    rates = [stream(seed, "pace", number).gammavariate(4.0, 0.25) for number in range(count)]
    scale = payments_a_day * count / sum(rates)
    return [_user(seed, market, number, rate * scale) for number, rate in enumerate(rates)]


def _user(seed: int, market: Market, number: int, payments_a_day: float) -> User:
    rng = stream(seed, "user", number)
    shared = number % HOUSEHOLD_EVERY < HOUSEHOLD_SIZE
    household = number - number % HOUSEHOLD_EVERY if shared else number
    at_home = stream(seed, "household", household)
    home = place_in(at_home.choices(CITIES, [city.homes for city in CITIES])[0], at_home)
    has_second = shared or rng.random() < SECOND_DEVICE_SHARE
    # The spreads from here on were chosen for the demo's story, not taken from data. Levels lie close together: two of
    # three users pay between 0.74 and 1.35 times the usual.
    shift = rng.gauss(0.0, 1.0)
    return User(
        number=number,
        user_id="u-" + token(seed, "user", number, size=4),
        card_id="c-" + token(seed, "card", number, size=6),
        home=home,
        level=rng.lognormvariate(0.0, 0.3),
        payments_a_day=payments_a_day,
        online_share=rng.uniform(0.2, 0.6),
        rhythm_h=(8.5 + shift, 13.0 + shift, 18.5 + shift),
        wallet=rng.random() < WALLET_SHARE,
        phone=device(seed, "phone", number, 0),
        second=device(seed, "second", household) if has_second else None,
        shared=shared,
        ip=ip(seed, "home", household),
        in_city=_spending(rng, market, home, IN_CITY, [category.in_city for category in IN_CITY]),
        online=_spending(rng, market, None, ONLINE, [category.online for category in ONLINE]),
    )


def _spending(
    rng: Random, market: Market, home: Place | None, categories: Sequence[Category], usual: Sequence[float]
) -> Spending:
    """Draw a user's own weights around the usual ones, and the favourite shops of every category."""
    city = home.city if home else None
    weights = list(accumulate(weight * rng.lognormvariate(0.0, 0.5) for weight in usual))
    favourites = {
        category.name: [market.pick(rng, city, category) for _ in range(FAVOURITES)] for category in categories
    }
    return Spending(categories, weights, favourites)
