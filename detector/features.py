"""The definition of a feature: a function and its schema row. Each group has its own file, `features_<group>.py`.

The function returns None, and the feature is absent, if the payment or the user's history lacks what it needs.
"""

from collections.abc import Callable

from msgspec import Struct

from detector.moment import Moment

Compute = Callable[[Moment], float | None]
Words = Callable[[Moment, float], str]


class Feature(Struct, frozen=True, kw_only=True):
    """A feature and its schema row.

    `compute` returns its value; `words` explains a value to an analyst beside what is normal for this user.
    """

    name: str
    group: str
    unit: str
    description: str
    words: Words
    compute: Compute


def feature(group: str, unit: str, words: Words) -> Callable[[Compute], Feature]:
    """Turn a function into a `Feature` with its name; the docstring becomes the description."""

    def row(compute: Compute) -> Feature:
        name, description = compute.__name__, (compute.__doc__ or "").strip()
        return Feature(name=name, group=group, unit=unit, description=description, words=words, compute=compute)

    return row
