"""All features in the schema's order."""

from detector import (
    features_amount,
    features_card,
    features_device,
    features_ip,
    features_merchant,
    features_payment,
    features_place,
    features_time,
    features_velocity,
)
from detector.features import Feature
from detector.features_known_frauds import NOUN, known_fraud_features
from detector.moment import Moment
from weir import feature_schema

_GROUPS = (
    features_amount,
    features_velocity,
    features_place,
    features_device,
    features_ip,
    features_card,
    features_merchant,
    features_payment,
    features_time,
)
BY_NAME = {feature.name: feature for group in _GROUPS for feature in group.FEATURES} | {
    feature.name: feature for entity in NOUN for feature in known_fraud_features(entity)
}
FEATURES: tuple[Feature, ...] = tuple(BY_NAME[row.name] for row in feature_schema.FEATURES)
_COMPUTE = tuple((feature.name, feature.compute) for feature in FEATURES)


def features_of(moment: Moment) -> dict[str, float]:
    """Compute the features of a payment; those that cannot be computed are absent."""
    return {name: value for name, compute in _COMPUTE if (value := compute(moment)) is not None}
