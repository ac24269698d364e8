"""Cities and the distances between them."""

from math import asin, cos, radians, sin, sqrt
from random import Random

from msgspec import Struct

EARTH_RADIUS_KM = 6371.0

# About 4 km from north to south. A round number; not measured.
CITY_SPREAD_DEGREES = 0.04


class City(Struct, frozen=True):
    """A city. `per_euro` is a rounded exchange rate; `homes` and `visits` weigh it as a home and as a destination."""

    name: str
    country: str
    latitude: float
    longitude: float
    utc_offset_h: int
    currency: str = "EUR"
    per_euro: float = 1.0
    homes: float = 1.0
    visits: float = 1.0


class Place(Struct, frozen=True):
    """A position in a city."""

    city: City
    latitude: float
    longitude: float


# Most homes are in the euro area; cities without homes are destinations only. Chosen for the demo's story.
CITIES: tuple[City, ...] = (
    City("Berlin", "DE", 52.52, 13.40, 1, homes=3),
    City("Munich", "DE", 48.14, 11.58, 1, homes=2),
    City("Vienna", "AT", 48.21, 16.37, 1, homes=2),
    City("Paris", "FR", 48.86, 2.35, 1, homes=3, visits=3),
    City("Madrid", "ES", 40.42, -3.70, 1, homes=2),
    City("Milan", "IT", 45.46, 9.19, 1, homes=2),
    City("Amsterdam", "NL", 52.37, 4.90, 1, homes=2),
    City("Lisbon", "PT", 38.72, -9.14, 0, visits=2),
    City("Dublin", "IE", 53.35, -6.26, 0),
    City("Helsinki", "FI", 60.17, 24.94, 2),
    City("London", "GB", 51.51, -0.13, 0, "GBP", 0.86, visits=3),
    City("Zurich", "CH", 47.38, 8.54, 1, "CHF", 0.94, homes=0.5),
    City("Warsaw", "PL", 52.23, 21.01, 1, "PLN", 4.24, homes=0.5),
    City("New York", "US", 40.71, -74.01, -5, "USD", 1.17, homes=0.5, visits=2),
    City("Toronto", "CA", 43.65, -79.38, -5, "CAD", 1.6, homes=0, visits=0.5),
    City("Dubai", "AE", 25.20, 55.27, 4, "AED", 4.3, homes=0, visits=0.5),
    City("Singapore", "SG", 1.35, 103.82, 8, "SGD", 1.49, homes=0, visits=0.5),
)


def place_in(city: City, rng: Random) -> Place:
    """Draw a position in the city, within two standard deviations of its centre."""
    north, east = (max(-2.0, min(2.0, rng.gauss(0.0, 1.0))) * CITY_SPREAD_DEGREES for _ in range(2))
    return Place(city, round(city.latitude + north, 5), round(city.longitude + east, 5))


def distance_km(one: City | Place, other: City | Place) -> float:
    """Return the great-circle distance by the haversine formula."""
    phi, other_phi = radians(one.latitude), radians(other.latitude)
    north, east = sin((other_phi - phi) / 2), sin(radians(other.longitude - one.longitude) / 2)
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(north * north + cos(phi) * cos(other_phi) * east * east)))
