"""The definition of a feature: a compiled function of a payment's facts, and its row of `weir.feature_schema`.

Each group has its own file, `features_<group>.py`; known frauds share `features_known_frauds.py`. The function returns
NaN, and the feature is missing, if the payment or the user's history lacks what it needs.
"""

from collections.abc import Callable
from math import isnan, nan

from msgspec import Struct

from detector.facts import Facts
from detector.history import NO_EARLIER
from detector.moment import Moment
from detector.records import flag
from weir.bins import CODES
from weir.compiled import compiled
from weir.feature_schema import ROW_OF, Kind

Compute = Callable[[Facts], float]
Words = Callable[[Moment, float], str]

CODE = f"one of {CODES} codes"


class Feature(Struct, frozen=True, kw_only=True):
    """What people read of a feature: its schema row, its unit, its meaning.

    `words` explains a value to an analyst beside what is normal for this user.
    """

    name: str
    group: str
    kind: Kind
    unit: str
    description: str
    words: Words


BY_NAME: dict[str, Feature] = {}
"""The features that are defined so far; `detector.feature_catalogue` has them all."""


def feature(unit: str, words: Words) -> Callable[[Compute], Compute]:
    """Compile a function as the feature of its name; its docstring becomes the description.

    Raises:
        KeyError: the schema has no row of this name.
    """

    def made(compute: Compute) -> Compute:
        describe(compute.__name__, unit, words, (compute.__doc__ or "").strip())
        return compiled(compute)

    return made


def describe(name: str, unit: str, words: Words, description: str) -> None:
    """Describe the feature of this name.

    Raises:
        KeyError: the schema has no row of this name.
    """
    row = ROW_OF[name]
    BY_NAME[name] = Feature(name=name, group=row.group, kind=row.kind, unit=unit, description=description, words=words)


@compiled
def newness(first_ms: float) -> float:
    """Return 1 for a name that the user has not used before, else 0; NaN if there is nothing to compare."""
    return nan if isnan(first_ms) else flag(first_ms == NO_EARLIER)
