"""Merchants: what they sell, where, at what price and how popular they are; and the honest shops that open later."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from msgspec import Struct

from simulator.world.places import CITIES, City, Place, place_in
from simulator.world.streams import stream, token

# Honest shops open all the time, so paying a new shop is no sign of the mule ring. The numbers were chosen for the
# demo's story, not taken from data.
NEW_FOR_DAYS = 4
NEW_ONLINE_A_DAY, NEW_IN_CITIES_A_DAY = 3, 4

# Chosen for the demo's story, not taken from data.
ONLINE_A_CATEGORY = 14

# Popularity falls with rank ** -ZIPF. A plausible value; not measured.
ZIPF = 0.8


class Category(Struct, frozen=True):
    """A merchant category. `typical` is the median amount in EUR, `spread` the sigma of its logarithm.

    `in_city` and `online` weigh how often customers buy it through each channel; a city has `shops` merchants of it.
    """

    name: str
    typical: float
    spread: float
    in_city: float = 0.0
    online: float = 0.0
    shops: int = 3


# Plausible amounts and weights, not taken from data. During development, expensive categories were made rarer and
# amounts moved closer together, because honest payments raised too many alerts.
CATEGORIES: tuple[Category, ...] = (
    Category("grocery", 27.0, 0.5, in_city=9, online=1, shops=6),
    Category("restaurant", 26.0, 0.4, in_city=5, online=2, shops=6),
    Category("coffee", 5.0, 0.35, in_city=2.5, shops=4),
    Category("transport", 4.5, 0.4, in_city=2, online=0.6, shops=2),
    Category("fuel", 38.0, 0.3, in_city=2, shops=3),
    Category("pharmacy", 16.0, 0.5, in_city=2, online=0.5, shops=3),
    Category("fashion", 36.0, 0.38, in_city=1, online=3),
    Category("electronics", 48.0, 0.38, in_city=0.02, online=1.2, shops=2),
    Category("marketplace", 31.0, 0.5, online=4),
    Category("games", 15.0, 0.45, online=1.5),
    Category("books", 18.0, 0.4, in_city=0.5, online=1, shops=2),
    Category("gift_cards", 25.0, 0.4, online=0.25),
    Category("donations", 9.0, 0.5, online=0.15),
    Category("jewellery", 80.0, 0.4, in_city=0.03, online=0.03, shops=2),
)
BY_NAME = {category.name: category for category in CATEGORIES}
IN_CITY = tuple(category for category in CATEGORIES if category.in_city)
ONLINE = tuple(category for category in CATEGORIES if category.online)


class Merchant(Struct, frozen=True):
    """A merchant; `place` is None if it sells only online. `price_level` multiplies its category's amounts."""

    merchant_id: str
    category: Category
    place: Place | None
    price_level: float

    def amount(self, rng: Random, level: float) -> float:
        """Draw an amount in EUR for a customer with this `User.level`."""
        return self.category.typical * self.price_level * level * rng.lognormvariate(0.0, self.category.spread)


class Market:
    """All merchants. Lists are ordered by popularity, which follows Zipf's law."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._shops: dict[tuple[str | None, str], list[Merchant]] = {}
        for city in CITIES:
            for category in IN_CITY:
                self._open(city, category, category.shops)
        for category in ONLINE:
            self._open(None, category, ONLINE_A_CATEGORY)
        self._opened: dict[int, list[Merchant]] = {}

    def shops(self, city: City | None, category: Category) -> Sequence[Merchant]:
        """Return a category's merchants in a city, or online if `city` is None, the most popular first."""
        return self._shops[city.name if city else None, category.name]

    def pick(self, rng: Random, city: City | None, category: Category) -> Merchant:
        """Pick one of `shops(city, category)`, weighted by popularity."""
        shops = self.shops(city, category)
        return rng.choices(shops, cum_weights=_POPULARITY[: len(shops)])[0]

    def newly_opened(self, day: int, city: City | None) -> list[Merchant]:
        """Return the honest shops, online or in the city, that opened in the last `NEW_FOR_DAYS`, the newest last."""
        opened = [shop for ago in range(NEW_FOR_DAYS, 0, -1) for shop in self._openings(day - ago)]
        return [shop for shop in opened if shop.place is None or shop.place.city is city]

    def _open(self, city: City | None, category: Category, count: int) -> None:
        where = city.name if city else None
        rng = stream(self._seed, "merchants", where, category.name)
        self._shops[where, category.name] = [
            open_shop(self._seed, rng, category, city, "old", number) for number in range(count)
        ]

    def _openings(self, day: int) -> list[Merchant]:
        if day not in self._opened:
            rng = stream(self._seed, "openings", day)
            cities: list[City | None] = [None] * NEW_ONLINE_A_DAY
            cities += rng.choices(CITIES, [city.homes for city in CITIES], k=NEW_IN_CITIES_A_DAY)
            self._opened[day] = [_opening(self._seed, rng, city, day, number) for number, city in enumerate(cities)]
        return self._opened[day]


def _opening(seed: int, rng: Random, city: City | None, day: int, number: int) -> Merchant:
    weights = [category.in_city if city else category.online for category in CATEGORIES]
    return open_shop(seed, rng, rng.choices(CATEGORIES, weights)[0], city, day, number)


def open_shop(seed: int, rng: Random, category: Category, city: City | None, *names: object) -> Merchant:
    """Make a merchant. Its id is a hash of the names and reveals neither its age nor whether it is honest."""
    merchant_id = "m-" + token(seed, "merchant", city.name if city else None, category.name, *names, size=4)
    place = place_in(city, rng) if city else None
    return Merchant(merchant_id, category, place, rng.lognormvariate(0.0, 0.15))


_POPULARITY = list(accumulate((rank + 1) ** -ZIPF for rank in range(64)))
