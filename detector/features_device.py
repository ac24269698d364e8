"""Features of the device."""

from math import expm1, log1p

from detector.features import Feature, feature
from detector.habits import DAY_MS
from detector.moment import NO_EARLIER, Moment
from detector.user_events import device_is_confirmed
from detector.wording import DAY_S, duration, plural


def is_new_device(moment: Moment) -> bool:
    """Whether the user has used other devices but never this one, and has not confirmed it."""
    device_id = moment.transaction.device_id
    return (
        device_id is not None
        and moment.device_first_ms == NO_EARLIER
        and not device_is_confirmed(moment.state, device_id, moment.time_ms)
    )


@feature("0 or 1", lambda _, v: f"The device is {'new' if v else 'known'} for this customer")
def device_new(moment: Moment) -> float | None:
    """Whether the device is new for the user and not confirmed; absent if no earlier device is known."""
    return None if moment.device_first_ms is None else float(is_new_device(moment))


@feature(
    "0 or 1",
    lambda _, v: f"The customer has {'' if v else 'not yet '}used the device for a day or confirmed it",
)
def device_own(moment: Moment) -> float | None:
    """Whether the user has used the device for a day or confirmed it; absent if no device is named."""
    return None if moment.transaction.device_id is None else float(moment.own_device)


@feature(
    "log(1 + days)",
    lambda _, v: f"This customer has used the device for {duration(expm1(v) * DAY_S)}",
)
def device_age_days(moment: Moment) -> float | None:
    """Time since the user first paid with this device; absent for a new device."""
    first_ms = moment.device_first_ms
    return None if first_ms is None or first_ms == NO_EARLIER else log1p((moment.time_ms - first_ms) / DAY_MS)


@feature("log(1 + devices)", lambda _, v: f"{plural(expm1(v), 'device')} used in the previous 24 hours")
def devices_24h(moment: Moment) -> float | None:
    """Distinct devices in the previous 24 hours."""
    return log1p(moment.windows.devices_24h)


@feature("0 or 1", lambda _, v: f"The payment names {'no' if v else 'a'} device")
def device_missing(moment: Moment) -> float | None:
    """Whether the payment names no device."""
    return float(moment.transaction.device_id is None)


FEATURES: tuple[Feature, ...] = (device_new, device_own, device_age_days, devices_24h, device_missing)
