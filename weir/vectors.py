"""Features as compiled code reads them: an array of floats in the schema's order; a missing feature is NaN."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import repeat
from math import nan

import numpy as np

from weir.compiled import Floats, Integers, compiled, warm_up
from weir.feature_schema import NAMES, NAMES_OF, ROW_OF, SCHEMA
from weir.feature_vector import FeatureVector


def vector_of(features: FeatureVector | Mapping[str, float]) -> Floats:
    """Return a payment's features in the schema's order."""
    if not isinstance(features, FeatureVector):
        return np.fromiter(map(features.get, NAMES, repeat(nan)), np.float64, len(NAMES))
    vector = np.frombuffer(features.values, "<f4").astype(np.float64)
    return vector if features.schema == SCHEMA else arranged(vector, _places_in(features.schema))


def packed(vector: Floats) -> FeatureVector:
    """Return the features as a message carries them."""
    return FeatureVector(SCHEMA, vector.astype("<f4").tobytes())


def places_of(names: Sequence[str]) -> Integers:
    """Return where a model's features are in the schema's order; -1 if the schema no longer has one.

    >>> places_of(["log_amount", "weather"]).tolist()
    [0, -1]
    """
    return np.array([NAMES.index(name) if name in ROW_OF else -1 for name in names], np.int64)


@cache
def _places_in(schema: int) -> Integers:
    """Return where the present features are in an earlier schema."""
    former = NAMES_OF[schema]
    return np.array([former.index(name) if name in former else -1 for name in NAMES], np.int64)


@compiled
def arranged(vector: Floats, places: Integers) -> Floats:
    """Return the features at these places; NaN for the place -1."""
    chosen = np.empty(len(places))
    for nth in range(len(places)):
        chosen[nth] = vector[places[nth]] if places[nth] >= 0 else nan
    return chosen


@warm_up
def _arrange() -> None:
    arranged(vector_of({}), places_of(NAMES[:1]))
