"""Features of the payment's position and country."""

from math import expm1, log1p

from detector.features import CODE, Feature, code_of, feature
from detector.moment import NO_EARLIER, Moment
from detector.wording import plural


@feature("log(1 + km)", lambda m, _: f"{m.distance_km or 0:.0f} km from the last known position")
def distance_km(moment: Moment) -> float | None:
    """Distance from the last earlier payment with a position."""
    return None if moment.distance_km is None else log1p(moment.distance_km)


@feature(
    "log(1 + km/h)",
    lambda m, _: f"Getting here from the last known position takes {m.speed_kmh or 0:.0f} km/h",
)
def speed_kmh(moment: Moment) -> float | None:
    """Speed that this distance takes; a pause under a minute counts as a minute."""
    return None if moment.speed_kmh is None else log1p(moment.speed_kmh)


@feature("log(1 + km)", lambda m, _: f"{m.home_km or 0:.0f} km from where this customer usually pays")
def home_distance_km(moment: Moment) -> float | None:
    """Distance from the user's home, the running mean of their positions."""
    return None if moment.home_km is None else log1p(moment.home_km)


@feature(
    "0 or 1",
    lambda m, v: f"This customer has {'never paid' if v else 'paid'} in {m.transaction.country} before",
)
def country_new(moment: Moment) -> float | None:
    """Whether the user has never paid in this country; absent if no earlier country is known."""
    first_ms = moment.country_first_ms
    return None if first_ms is None else float(first_ms == NO_EARLIER)


@feature("log(1 + countries)", lambda _, v: f"{plural(expm1(v), 'country', 'countries')} in the previous 24 hours")
def countries_24h(moment: Moment) -> float | None:
    """Distinct countries in the previous 24 hours."""
    return log1p(moment.windows.countries_24h)


@feature(CODE, lambda m, _: f"The country is {m.transaction.country}")
def country_code(moment: Moment) -> float | None:
    """The country, as a hash of its name."""
    return code_of(moment.transaction.country)


@feature("0 or 1", lambda _, v: f"The payment has {'no' if v else 'a'} position")
def location_missing(moment: Moment) -> float | None:
    """Whether the payment has no position."""
    return float(moment.transaction.latitude is None or moment.transaction.longitude is None)


FEATURES: tuple[Feature, ...] = (
    distance_km,
    speed_kmh,
    home_distance_km,
    country_new,
    countries_24h,
    country_code,
    location_missing,
)
