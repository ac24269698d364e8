"""Features of the IP address."""

from math import expm1, log1p

from detector.facts import Facts
from detector.features import feature, newness
from detector.wording import plural
from weir.compiled import compiled


@feature("0 or 1", lambda _, v: f"The IP address is {'new' if v else 'known'} for this customer")
def ip_new(facts: Facts) -> float:
    """Whether the user has never paid from this address; absent if no earlier address is known."""
    return newness(facts.ip_first_ms)


@feature(
    "log(1 + addresses)", lambda _, v: f"{plural(expm1(v), 'IP address', 'IP addresses')} used in the previous 24 hours"
)
def ips_24h(facts: Facts) -> float:
    """Distinct IP addresses in the previous 24 hours."""
    return log1p(facts.ips_24h)


@compiled
def ip_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        ip_new(facts),
        ips_24h(facts),
    )
