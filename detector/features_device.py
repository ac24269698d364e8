"""Features of the device."""

from math import expm1, isnan, log1p, nan

from detector.facts import Facts
from detector.features import feature
from detector.habits import DAY_MS
from detector.history import NO_EARLIER
from detector.wording import DAY_S, duration
from weir.compiled import compiled


@feature("0 or 1", lambda _, v: f"The device is {'new' if v else 'known'} for this customer")
def device_new(facts: Facts) -> float:
    """Whether the device is new for the user and not confirmed; absent if no earlier device is known."""
    return nan if isnan(facts.device_first_ms) else facts.new_device


@feature(
    "0 or 1",
    lambda _, v: f"The customer has {'' if v else 'not yet '}used the device for a day or confirmed it",
)
def device_own(facts: Facts) -> float:
    """Whether the user has used the device for a day or confirmed it; absent if no device is named."""
    return facts.own_device if facts.device_named else nan


@feature(
    "log(1 + days)",
    lambda _, v: f"This customer has used the device for {duration(expm1(v) * DAY_S)}",
)
def device_age_days(facts: Facts) -> float:
    """Time since the user first paid with this device; absent for a new device."""
    first_ms = facts.device_first_ms
    return nan if first_ms == NO_EARLIER else log1p((facts.time_ms - first_ms) / DAY_MS)


@feature("0 or 1", lambda _, v: f"The payment names {'no' if v else 'a'} device")
def device_missing(facts: Facts) -> float:
    """Whether the payment names no device."""
    return 1 - facts.device_named


@compiled
def device_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        device_new(facts),
        device_own(facts),
        device_age_days(facts),
        device_missing(facts),
    )
