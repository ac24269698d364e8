"""Texts: ids, categories and the like. They stay as they are, so 007 is not 7 and a user may be called null."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from operations.replay.columns.faults import Fault, fault
from operations.replay.mapping import Source
from weir.messages import LONGEST_ID

_WHOLE_FLOAT = r"^(-?\d+)\.0$"
_SHORTENED = r"^\d([.,]\d+)?[eE]\+\d\d+$"
"""A long number as spreadsheets show it and floats hold it: 4.53988E+15."""
_JOIN = "-"


class TextReader:
    """Reads a text from its column or columns, or numbers the rows."""

    def __init__(self, source: Source, *, required: bool = False) -> None:
        self._source, self._required = source, required
        self._ends = _ends(source.stripped)

    def read(self, columns: dict[str, Any], numbers: NDArray[np.int64]) -> tuple[Any, list[Fault]]:
        """Return an Arrow array of texts, null where there is none, and the faults."""
        text = self._text(columns, numbers)
        if self._source.prefix:
            text = pc.binary_join_element_wise(self._source.prefix, text, "")
        return text, self._faults(text) if self._required else []

    def _text(self, columns: dict[str, Any], numbers: NDArray[np.int64]) -> Any:
        source = self._source
        if source.constant is not None:
            return pa.repeat(pa.scalar(_constant(source.constant), pa.string()), len(numbers))
        if source.row_number:
            return pa.array(numbers).cast(pa.string())
        parts = [self._clean(columns[name]) for name in source.names]
        return parts[0] if len(parts) == 1 else joined(parts, _JOIN if source.join is None else source.join)

    def _clean(self, values: Any) -> Any:
        text = as_text(values)
        if self._ends is not None:
            text = pc.replace_substring_regex(text, self._ends, "")
        text = mapped(text, self._source.map)
        blank = pc.or_(pc.equal(text, ""), pc.utf8_is_space(text))
        return pc.if_else(blank, pa.scalar(None, pa.string()), text)

    def _faults(self, text: Any) -> list[Fault]:
        """What is wrong with an id that each row needs."""
        missing = text.is_null().to_numpy(zero_copy_only=False)
        long = pc.fill_null(pc.greater(pc.utf8_length(text), LONGEST_ID), fill_value=False)
        shortened = pc.fill_null(pc.match_substring_regex(text, _SHORTENED), fill_value=False)
        return [
            *fault(
                self._source.name,
                shortened.to_numpy(zero_copy_only=False),
                text,
                "is a number that lost its last digits, so different ids look alike",
                "Write the ids as texts or integers where the file is made; a spreadsheet or a float shortens them.",
            ),
            *fault(self._source.name, missing, None, "is empty", "Fill it in, or leave the row out: --skip-bad."),
            *fault(
                self._source.name,
                long.to_numpy(zero_copy_only=False),
                text,
                f"is longer than {LONGEST_ID} characters",
                "Give shorter ids.",
            ),
        ]


def as_text(values: Any) -> Any:
    """Values as texts. A whole number that the file stores as 7.0 becomes 7, as an id that became a float had it."""
    kind = values.type
    if pa.types.is_floating(kind):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, kind), values)
        text = values.cast(pa.string())
        whole = pc.and_(pc.equal(values, pc.trunc(values)), pc.less(pc.abs(values), 2.0**53))
        integers = pc.if_else(whole, values, pa.scalar(None, kind)).cast(pa.int64()).cast(pa.string())
        return pc.coalesce(integers, text)
    if not pa.types.is_string(kind):
        return values.cast(pa.string())
    if not pc.any(pc.ends_with(values, ".0")).as_py():
        return values
    return pc.replace_substring_regex(values, _WHOLE_FLOAT, r"\1")


def joined(parts: list[Any], between: str) -> Any:
    """Several columns as one text; missing where a part is missing."""
    return pc.binary_join_element_wise(*parts, between)


def mapped(text: Any, translation: dict[str, Any] | None) -> Any:
    """The text with the values of a mapping's `map` in place of its keys; other values stay."""
    if not translation:
        return text
    found = pc.index_in(text, pa.array(list(translation), pa.string()))
    values = pa.array([str(value) for value in translation.values()], pa.string())
    return pc.coalesce(values.take(found), text)


def _ends(stripped: list[str]) -> str | None:
    """The pattern of texts to strip from both ends, with the blanks around them."""
    if not stripped:
        return None
    either = "|".join([*(re.escape(part) for part in stripped), r"\s"])
    return rf"^(?:{either})+|(?:{either})+$"


def _constant(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
