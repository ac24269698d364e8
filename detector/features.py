"""The definition of a feature: a function and its row of `weir.feature_schema`.

Each group has its own file, `features_<group>.py`; known frauds share `features_known_frauds.py`. The function returns
None, and the feature is absent, if the payment or the user's history lacks what it needs.
"""

from collections.abc import Callable
from zlib import crc32

from msgspec import Struct

from detector.moment import Moment
from weir.bins import CODES
from weir.feature_schema import ROW_OF, Kind

Compute = Callable[[Moment], float | None]
Words = Callable[[Moment, float], str]


class Feature(Struct, frozen=True, kw_only=True):
    """A feature: its schema row, its unit and meaning for people, and two functions.

    `compute` returns its value; `words` explains a value to an analyst beside what is normal for this user.
    """

    name: str
    group: str
    kind: Kind
    unit: str
    description: str
    words: Words
    compute: Compute


def feature(unit: str, words: Words) -> Callable[[Compute], Feature]:
    """Turn a function into the `Feature` of its name; the docstring becomes the description.

    Raises:
        KeyError: the schema has no row of this name.
    """

    def made(compute: Compute) -> Feature:
        return feature_named(compute.__name__, unit, words, (compute.__doc__ or "").strip(), compute)

    return made


def feature_named(name: str, unit: str, words: Words, description: str, compute: Compute) -> Feature:
    """Make a feature whose function has another name or none."""
    row = ROW_OF[name]
    return Feature(
        name=name, group=row.group, kind=row.kind, unit=unit, description=description, words=words, compute=compute
    )


CODE = f"one of {CODES} codes"


def code_of(text: str | None) -> float | None:
    """Return the code of a text, the same on every machine; different texts may share one."""
    return None if text is None else float(crc32(text.encode()) % CODES)
