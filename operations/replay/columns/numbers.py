"""Numbers: amounts and positions, as they stand in files for people and for programs.

    "$1,128.44"  --strip $, thousands ,-->  1128.44
    "1.234,50"   --thousands ., decimal ,-->  1234.5
    "(12.50)"    -->  -12.5

A chunk of plain numbers is read in one call; any other is cleaned first.
"""

import json
import re
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from operations.replay.columns.faults import Fault, fault
from operations.replay.columns.texts import as_text, mapped
from operations.replay.mapping import FileOptions, Source

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_SPACES = " \u00a0\u202f\u2009"
_SIGNS = (
    ("\u2212", "\u2212", "-"),
    ("(", r"^\(\s*([^()-]+?)\s*\)$", r"-\1"),
    ("-", r"^([^-]+)-$", r"-\1"),
    (" ", r"^([+-])\s+", r"\1"),
)
"""Ways to write a sign: a text that holds the first part has the pattern replaced."""

_NO_VALUE = {"na", "n/a", "nan", "null", "none", "nil", "-", "?", "\\n", "missing", "unknown", "#n/a"}

_SIGN_WORDS = {"CR", "DR"}
"""They say which way the money goes, so they are not to be stripped."""


_GROUPED = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_THOUSANDS = (
    "has three digits after the point, as all such amounts near it",
    'If the point separates thousands, add thousands = "." and decimal = "," to [file].',
)


class Limits(NamedTuple):
    """The range of a number, both ends inclusive, and whether each row needs one."""

    low: float
    high: float
    required: bool


LIMITS = {
    "amount": Limits(-1e12, 1e12, required=True),
    "latitude": Limits(-90.0, 90.0, required=False),
    "longitude": Limits(-180.0, 180.0, required=False),
}
ANY = Limits(-1e300, 1e300, required=False)


class NumberReader:
    """Reads a number from its column."""

    def __init__(self, source: Source, options: FileOptions, limits: Limits = ANY) -> None:
        self._source, self._options, self._limits = source, options, limits
        self._plain = not source.map and options.decimal in {None, "."}
        self._scale = 1.0 if source.scale is None else source.scale

    def read(self, columns: dict[str, Any], rows: int) -> tuple[NDArray[np.float64], list[Fault]]:
        """Return the numbers, NaN where there is none, and the faults."""
        if self._source.constant is not None:
            return np.full(rows, float(self._source.constant)), []
        column = self._source.column or ""
        values = columns[column]
        given, numbers = self._parsed(values)
        wrong = given & ~np.isfinite(numbers)
        numbers = numbers * self._scale
        outside = given & ~wrong & ((numbers < self._limits.low) | (numbers > self._limits.high))
        found = [
            *fault(
                column, wrong, values, "is not a number", self._hint(values, wrong, given), fatal=self._limits.required
            ),
            *fault(column, outside, values, self._range, "Correct it.", fatal=self._limits.required),
        ]
        if self._limits.required:
            found += fault(column, ~given, None, "is empty", "Fill it in, or leave the row out: --skip-bad.")
            if self._options.thousands is None and self._options.decimal in {None, "."}:
                found += fault(column, _in_thousands(values), values, *_THOUSANDS, fatal=False)
        return np.where(wrong | outside, np.nan, numbers), found

    @property
    def _range(self) -> str:
        return f"is not between {self._limits.low:g} and {self._limits.high:g}"

    def _hint(self, values: Any, wrong: NDArray[np.bool_], given: NDArray[np.bool_]) -> str:
        rows = np.flatnonzero(wrong)
        if not len(rows):
            return ""
        first = as_text(values[int(rows[0]) : int(rows[0]) + 1])
        return number_hint(self._stripped(first)[0].as_py(), most=bool(2 * len(rows) > given.sum()))

    def _parsed(self, values: Any) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Whether each row has a value, and the number; NaN where there is none or it is not a number."""
        if not pa.types.is_string(values.type):
            return _typed(values)
        if self._plain:
            try:
                numbers = _as_numpy(values.cast(pa.float64()))
            except pa.ArrowInvalid:
                pass
            else:
                given = _as_bool(values.is_valid())
                if np.isfinite(numbers[given]).all():
                    return given, numbers
        return self._cleaned(values)

    def _cleaned(self, values: Any) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        text = self._stripped(mapped(values, self._source.map))
        text = pc.utf8_trim(text, _SPACES + "\t")
        for part, pattern, plain in _SIGNS:
            if pc.any(pc.match_substring(text, part)).as_py():
                text = pc.replace_substring_regex(text, pattern, plain)
        grouped = self._without_thousands(text)
        pointed, right = self._with_point(grouped)
        right = pc.and_(right, pc.match_substring_regex(pointed, _NUMBER))
        plain = pc.utf8_ltrim(pc.if_else(right, pointed, pa.scalar(None, pa.string())), "+")
        given = _as_bool(pc.fill_null(pc.not_equal(text, ""), fill_value=False))
        return given, _as_numpy(plain.cast(pa.float64()))

    def _stripped(self, text: Any) -> Any:
        """Take the texts to strip out, but not from between two digits: 12:50 is not 1250."""
        for part in self._source.stripped:
            inside = pc.match_substring_regex(text, rf"\d\s*{re.escape(part)}\s*\d")
            text = pc.if_else(inside, text, pc.replace_substring(text, part, ""))
        return text

    def _without_thousands(self, text: Any) -> Any:
        """Take the separators out, but only where they stand between groups of digits: 1.50 is not 150."""
        mark = self._options.thousands
        if mark is None:
            return text
        if mark in _SPACES:
            text = pc.replace_substring_regex(text, f"[{_SPACES}]", mark)
        if mark in "'\u2019":
            text = pc.replace_substring_regex(text, "['\u2019]", mark)
        point = re.escape(self._options.decimal or ".")
        groups = rf"^[+-]?\d{{1,3}}({re.escape(mark)}\d{{2,3}})*{re.escape(mark)}\d{{3}}({point}\d*)?$"
        return pc.if_else(pc.match_substring_regex(text, groups), pc.replace_substring(text, mark, ""), text)

    def _with_point(self, text: Any) -> tuple[Any, Any]:
        """The text with a decimal point, and whether it had no other one than the declared."""
        mark = self._options.decimal or "."
        if mark == ".":
            return text, pa.scalar(True)
        return pc.replace_substring(text, mark, "."), pc.invert(pc.match_substring(text, "."))


def _in_thousands(values: Any) -> NDArray[np.bool_]:
    """Which texts are like 1.234, if no text with a point is otherwise: 1234 in one country, 1 and a bit in another."""
    nothing = np.zeros(len(values), dtype=np.bool_)
    if not pa.types.is_string(values.type) or not _all_grouped(values[:LOOKED_AT]) or not _all_grouped(values):
        return nothing
    return _as_bool(pc.fill_null(pc.match_substring_regex(values, _GROUPED), fill_value=False))


def _all_grouped(values: Any) -> bool:
    pointed = values.filter(pc.fill_null(pc.match_substring(values, "."), fill_value=False))
    return bool(pc.all(pc.match_substring_regex(pointed, _GROUPED)).as_py())


LOOKED_AT = 100
"""Amounts that are looked at first: few files are left after them. A round number."""


def _typed(values: Any) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Numbers of a Parquet file. Truth values and times are no numbers."""
    given = _as_bool(values.is_valid())
    if pa.types.is_null(values.type):
        return given, np.full(len(values), np.nan)
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return given, np.full(len(values), np.nan)
    numbers = _as_numpy(values.cast(pa.float64(), safe=False))
    return given & ~np.isnan(numbers), numbers


def _as_numpy(values: Any) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
    return found


def _as_bool(values: Any) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = values.to_numpy(zero_copy_only=False)
    return found


def number_hint(text: str, *, most: bool = True) -> str:
    """What to do about a text that is not a number. `most` is whether most values of the column are such texts.

    >>> number_hint("1,234.50")
    'Add thousands = "," to [file] in the mapping.'
    >>> number_hint("$12.50")
    'Add strip = "$" to the field in the mapping.'
    """
    text = re.sub(f"[{_SPACES}]", " ", text).strip()
    if text.lower() in _NO_VALUE:
        return f"If it stands for a missing value, add null_values = [{json.dumps(text)}] to [file] in the mapping."
    for thousands, decimal in ((",", None), (".", ","), ("'", None), (" ", ","), (" ", None), (None, ",")):
        if (most or decimal is None) and _fits(text, thousands, decimal):
            given = {"thousands": thousands, "decimal": decimal}
            keys = [f"{key} = {json.dumps(value)}" for key, value in given.items() if value]
            return f"Add {' and '.join(keys)} to [file] in the mapping."
    if len(text) > 1 and text[0] == text[-1] == "'":
        return 'Add quote = "\'" to [file] in the mapping.'
    if (symbol := _symbol(text)) and symbol.upper() not in _SIGN_WORDS:
        return f"Add strip = {json.dumps(symbol, ensure_ascii=not symbol.isprintable())} to the field in the mapping."
    return "Correct it, or leave the row out: --skip-bad."


def _symbol(text: str) -> str | None:
    """The text before or after the digits of an amount."""
    found = re.fullmatch(
        r"[-+(\s]*([^\d(\s+-][^\d(]*?)?[-+(\s]*[.,]?\d(?:[\d.,'\s]*\d)?([^\d)]*?)[-)\s]*", text, re.ASCII
    )
    return None if found is None else (found[1] or found[2]).strip() or None


def _fits(text: str, thousands: str | None, decimal: str | None) -> bool:
    groups = r"\d+" if thousands is None else rf"\d{{1,3}}({re.escape(thousands)}\d{{3}})+"
    return re.fullmatch(rf"[+-]?{groups}({re.escape(decimal or '.')}\d+)?", text, re.ASCII) is not None
