"""A payment's features as messages carry them: one array of values, whose names are in the schema.

`FeatureVector` reads like a dictionary of the features that are not missing. The detector scores what a 32-bit float
holds, so everyone who reads the features finds the numbers that were scored.
"""

from collections.abc import Iterator
from functools import cache
from struct import Struct as Packing
from typing import Annotated, overload

from msgspec import Meta, Struct

from weir.feature_schema import NAMES_OF, SCHEMA

_VALUE = Packing("<f")


@cache
def _places_in(schema: int) -> dict[str, int]:
    return {name: place for place, name in enumerate(NAMES_OF[schema])}


class FeatureVector(Struct, frozen=True, array_like=True):
    """A payment's features: the number of their schema, and a 32-bit little-endian float for each of its names, in order.

    docs/features.md lists the names. In JSON the values are Base64; a missing feature is NaN.

    Raises:
        ValueError: this release does not know the schema, or the schema has another number of features.
    """

    schema: Annotated[int, Meta(ge=2, le=2**15 - 1)]
    values: bytes

    def __post_init__(self) -> None:
        if self.schema not in NAMES_OF:
            raise ValueError(f"features of schema {self.schema} are unknown; this release reads up to {SCHEMA}")
        if len(self.values) != _VALUE.size * len(NAMES_OF[self.schema]):
            raise ValueError(f"schema {self.schema} has {len(NAMES_OF[self.schema])} features")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __getitem__(self, name: str) -> float:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    @overload
    def get(self, name: str) -> float | None: ...

    @overload
    def get(self, name: str, default: float) -> float: ...

    def get(self, name: str, default: float | None = None) -> float | None:
        """Return a feature's value, or the default if it is missing."""
        place = _places_in(self.schema).get(name)
        if place is None:
            return default
        value: float = _VALUE.unpack_from(self.values, _VALUE.size * place)[0]
        return value if value == value else default  # noqa: PLR0124 -- only NaN differs from itself

    def keys(self) -> Iterator[str]:
        return iter(named(self))

    __iter__ = keys


Features = FeatureVector | dict[str, float]
"""Features in a message. Those of 0.1.0 are a dictionary, whose schema is 1; so is the absence of any features."""


def named(features: Features) -> dict[str, float]:
    """Return the features that are not missing, by name."""
    if isinstance(features, dict):
        return features
    names, values = NAMES_OF[features.schema], _VALUE.iter_unpack(features.values)
    return {name: value for name, (value,) in zip(names, values, strict=True) if value == value}  # noqa: PLR0124 -- NaN
