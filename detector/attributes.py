"""Producers' own attributes as features: a deployment declares up to four numbers and four categories.

    numeric_attributes = ["risk_points", "basket_size"]      attribute_number_1, attribute_number_2
    categorical_attributes = ["wallet"]                      attribute_code_1

A slot must keep its attribute, because the learning log holds its old values.
"""

from collections.abc import Mapping, Sequence
from math import isfinite, nan

from detector.names import code_of
from weir.feature_schema import CODE_SLOTS, NUMBER_SLOTS

LARGEST = 1e9
"""A larger number counts as this: the last bin begins far below, and sums of squares stay finite."""

LONGEST = 512
"""Characters of a text that count, as in a payment's other texts: codes are cached, and memory must stay bounded."""


class Attributes:
    """The declared attributes, by the slots of their features."""

    def __init__(self, numbers: Sequence[str], categories: Sequence[str]) -> None:
        self._numbers, self._categories = tuple(numbers), tuple(categories)
        self.name_of = dict(zip(NUMBER_SLOTS, numbers, strict=False)) | dict(zip(CODE_SLOTS, categories, strict=False))
        self._no_numbers = (nan,) * (len(NUMBER_SLOTS) - len(numbers))
        self._no_codes = (nan,) * (len(CODE_SLOTS) - len(categories))

    def values(self, attributes: Mapping[str, str | float]) -> tuple[float, ...]:
        """Return a payment's numbers, then its codes; what is not declared, not sent or not a number is NaN.

        >>> Attributes(["points"], ["wallet"]).values({"points": "7.5", "other": 1.0})
        (7.5, nan, nan, nan, nan, nan, nan, nan)
        """
        if not attributes:
            return _NOTHING
        get = attributes.get
        numbers, codes = (_number(get(name)) for name in self._numbers), (_code(get(name)) for name in self._categories)
        return (*numbers, *self._no_numbers, *codes, *self._no_codes)


_NOTHING = (nan,) * (len(NUMBER_SLOTS) + len(CODE_SLOTS))


def _number(value: str | float | None) -> float:
    try:
        number = nan if value is None else float(value if isinstance(value, float) else value[:LONGEST])
    except ValueError:
        return nan
    return min(max(number, -LARGEST), LARGEST) if isfinite(number) else nan


def _code(value: str | float | None) -> float:
    return nan if value is None else code_of(as_text(value)[:LONGEST])


def as_text(value: str | float) -> str:
    """Return a value as text. 5411, 5411.0 and "5411" are one category.

    >>> as_text(5411.0), as_text(0.5), as_text("apple")
    ('5411', '0.5', 'apple')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
