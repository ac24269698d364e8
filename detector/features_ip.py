"""Features of the IP address."""

from detector.facts import Facts
from detector.features import feature, newness
from weir.compiled import compiled


@feature("0 or 1", lambda _, v: f"The IP address is {'new' if v else 'known'} for this customer")
def ip_new(facts: Facts) -> float:
    """Whether the user has never paid from this address; absent if no earlier address is known."""
    return newness(facts.ip_first_ms)


@compiled
def ip_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (ip_new(facts),)
