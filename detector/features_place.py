"""Features of where the payment happens."""

from math import log1p

from detector.features import Feature, feature
from detector.moment import NO_EARLIER, Moment


@feature("location", "log(1 + km)", lambda m, _: f"{m.distance_km or 0:.0f} km from the payment before")
def distance_km(moment: Moment) -> float | None:
    """Distance to the last payment that told its position."""
    return None if moment.distance_km is None else log1p(moment.distance_km)


@feature(
    "location", "log(1 + km/h)", lambda m, _: f"Getting here from the payment before takes {m.speed_kmh or 0:.0f} km/h"
)
def speed_kmh(moment: Moment) -> float | None:
    """The speed that the distance since that payment takes; a pause under a minute counts as one."""
    return None if moment.speed_kmh is None else log1p(moment.speed_kmh)


@feature("location", "log(1 + km)", lambda m, _: f"{m.home_km or 0:.0f} km from where this customer usually pays")
def home_distance_km(moment: Moment) -> float | None:
    """Distance to the user's learned home, the running mean position."""
    return None if moment.home_km is None else log1p(moment.home_km)


@feature(
    "location",
    "0 or 1",
    lambda m, v: f"{'First' if v else 'Not the first'} payment of this customer in {m.transaction.country}",
)
def country_new(moment: Moment) -> float | None:
    """Whether the user never paid in this country; absent where no earlier country is known."""
    first_ms = moment.country_first_ms
    return None if first_ms is None else float(first_ms == NO_EARLIER)


@feature("location", "0 or 1", lambda _, v: f"The payment {'does not tell' if v else 'tells'} its position")
def location_missing(moment: Moment) -> float | None:
    """Whether the payment lacks a position."""
    return float(moment.transaction.latitude is None or moment.transaction.longitude is None)


FEATURES: tuple[Feature, ...] = (distance_km, speed_kmh, home_distance_km, country_new, location_missing)
