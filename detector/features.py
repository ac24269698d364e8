"""What a feature is: one small function and its schema row. Each group has its own file, `features_<group>.py`.

A function returns None where the payment, or the user's history, does not say: the feature is then absent.
"""

from collections.abc import Callable

from msgspec import Struct

from detector.moment import Moment

Compute = Callable[[Moment], float | None]
Words = Callable[[Moment, float], str]


class Feature(Struct, frozen=True, kw_only=True):
    """A feature and its schema row.

    `compute` gives its value; `words` tells an analyst about a value, with this user's normal beside it.
    """

    name: str
    group: str
    unit: str
    description: str
    words: Words
    compute: Compute


def feature(group: str, unit: str, words: Words) -> Callable[[Compute], Feature]:
    """Make a function a feature: its name is the feature's, its docstring the description."""

    def row(compute: Compute) -> Feature:
        name, description = compute.__name__, (compute.__doc__ or "").strip()
        return Feature(name=name, group=group, unit=unit, description=description, words=words, compute=compute)

    return row
