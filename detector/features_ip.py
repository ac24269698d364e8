"""Features of the IP address."""

from math import expm1, log1p

from detector.features import Feature, feature
from detector.moment import NO_EARLIER, Moment
from detector.wording import plural


@feature("0 or 1", lambda _, v: f"The IP address is {'new' if v else 'known'} for this customer")
def ip_new(moment: Moment) -> float | None:
    """Whether the user has never paid from this address; absent if no earlier address is known."""
    return None if moment.ip_first_ms is None else float(moment.ip_first_ms == NO_EARLIER)


@feature(
    "log(1 + addresses)", lambda _, v: f"{plural(expm1(v), 'IP address', 'IP addresses')} used in the previous 24 hours"
)
def ips_24h(moment: Moment) -> float | None:
    """Distinct IP addresses in the previous 24 hours."""
    return log1p(moment.windows.ips_24h)


FEATURES: tuple[Feature, ...] = (ip_new, ips_24h)
