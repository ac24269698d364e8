"""All features in their fixed order."""

from detector import (
    features_amount,
    features_device,
    features_merchant,
    features_place,
    features_time,
    features_velocity,
)
from detector.features import Feature
from detector.moment import Moment

FEATURES: tuple[Feature, ...] = (
    *features_amount.FEATURES,
    *features_velocity.FEATURES,
    *features_place.FEATURES,
    *features_device.FEATURES,
    *features_merchant.FEATURES,
    *features_time.FEATURES,
)
BY_NAME = {feature.name: feature for feature in FEATURES}
_COMPUTE = tuple((feature.name, feature.compute) for feature in FEATURES)


def features_of(moment: Moment) -> dict[str, float]:
    """Compute the features of a payment; those that cannot be computed are absent."""
    found: dict[str, float] = {}
    for name, compute in _COMPUTE:
        value = compute(moment)
        if value is not None:
            found[name] = value
    return found
