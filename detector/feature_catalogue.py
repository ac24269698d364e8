"""All features in the schema's order."""

from typing import Any

import numpy as np

from detector.distinct_names import count_distinct_names
from detector.facts import merchant_of
from detector.features import BY_NAME, Feature
from detector.features_amount import amount_features
from detector.features_attributes import attribute_features, describe_attributes
from detector.features_card import card_features
from detector.features_device import device_features
from detector.features_distinct import describe_distinct_names
from detector.features_ip import ip_features
from detector.features_known_frauds import NOUN, describe_known_frauds
from detector.features_merchant import merchant_features
from detector.features_payment import payment_features
from detector.features_place import place_features
from detector.features_time import history_features, time_features
from detector.features_velocity import velocity_features
from detector.known_frauds import known_frauds
from detector.records import Bytes
from weir.compiled import Floats, compiled
from weir.feature_schema import NAMES

for entity in NOUN:
    describe_known_frauds(entity)
describe_attributes()
describe_distinct_names()

FEATURES: tuple[Feature, ...] = tuple(BY_NAME[name] for name in NAMES)


@compiled
def compute_features(state: Bytes, earlier: int, facts: Any, paid: Any, vector: Floats) -> None:
    """Compute the features of a payment after the first `earlier` of those that are kept one by one.

    They are in the schema's order; those that cannot be computed are NaN.
    """
    end = _put(vector, 0, amount_features(facts))
    end = _put(vector, end, velocity_features(facts))
    end = count_distinct_names(state, earlier, facts.time_ms, vector, end)
    end = _put(vector, end, place_features(facts))
    end = _put(vector, end, device_features(facts))
    end = _put(vector, end, known_frauds(paid.subjects.device_record, facts.time_ms))
    end = _put(vector, end, ip_features(facts))
    end = _put(vector, end, known_frauds(paid.subjects.ip_record, facts.time_ms))
    end = _put(vector, end, card_features(facts))
    end = _put(vector, end, known_frauds(paid.subjects.card_record, facts.time_ms))
    end = _put(vector, end, merchant_features(facts))
    end = _put(vector, end, known_frauds(merchant_of(facts, paid), facts.time_ms))
    end = _put(vector, end, payment_features(facts))
    end = _put(vector, end, attribute_features(facts))
    end = _put(vector, end, time_features(facts))
    _put(vector, end, history_features(facts))


@compiled
def _put(vector: Floats, first: int, values: tuple[float, ...]) -> int:
    """Write values from a place on, as messages carry them (`weir.feature_vector`); return where the next go."""
    for nth, value in enumerate(values):
        vector[first + nth] = np.float32(value)
    return first + len(values)
