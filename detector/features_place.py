"""Features of the payment's position and country."""

from math import log1p

from detector.facts import Facts
from detector.features import CODE, feature, newness
from weir.compiled import compiled


@feature("log(1 + km)", lambda m, _: f"{m.facts.distance_km:.0f} km from the last known position")
def distance_km(facts: Facts) -> float:
    """Distance from the last earlier payment with a position."""
    return log1p(facts.distance_km)


@feature(
    "log(1 + km/h)",
    lambda m, _: f"Getting here from the last known position takes {m.facts.speed_kmh:.0f} km/h",
)
def speed_kmh(facts: Facts) -> float:
    """Speed that this distance takes; a pause under a minute counts as a minute."""
    return log1p(facts.speed_kmh)


@feature("log(1 + km)", lambda m, _: f"{m.facts.home_km:.0f} km from where this customer usually pays")
def home_distance_km(facts: Facts) -> float:
    """Distance from the user's home, the running mean of their positions."""
    return log1p(facts.home_km)


@feature(
    "0 or 1",
    lambda m, v: f"This customer has {'never paid' if v else 'paid'} in {m.transaction.country} before",
)
def country_new(facts: Facts) -> float:
    """Whether the user has never paid in this country; absent if no earlier country is known."""
    return newness(facts.country_first_ms)


@feature(CODE, lambda m, _: f"The country is {m.transaction.country}")
def country_code(facts: Facts) -> float:
    """The country, as a hash of its name."""
    return facts.country_code


@feature("0 or 1", lambda _, v: f"The payment has {'no' if v else 'a'} position")
def location_missing(facts: Facts) -> float:
    """Whether the payment has no position."""
    return 1 - facts.located


@compiled
def place_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        distance_km(facts),
        speed_kmh(facts),
        home_distance_km(facts),
        country_new(facts),
        country_code(facts),
        location_missing(facts),
    )
