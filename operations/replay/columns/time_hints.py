"""What to do about a value that is no time, or a time that cannot be meant."""

import json
import re
from datetime import datetime

from operations.replay.mapping import Source

FORMATS = (
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y %H:%M",
    "%m-%d-%Y %H:%M",
    "%d/%m/%y %H:%M",
    "%m/%d/%y %H:%M",
    "%d %b %Y %H:%M",
    "%d-%b-%Y %H:%M",
    "%d-%b-%y %H:%M",
    "%b %d, %Y %H:%M",
    "%d %B %Y %H:%M",
    "%B %d, %Y %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d %H:%M",
    "%Y.%m.%d %H:%M",
    "%Y%m%d %H:%M",
    "%a %b %d %H:%M",
    "%a, %d %b %Y %H:%M",
    "%A, %B %d, %Y %H:%M",
)
_CLOCKS = (
    "%H:%M",
    "%H:%M:%S",
    "%H:%M:%S.%f",
    "%I:%M %p",
    "%I:%M:%S %p",
    "%H:%M:%S %z",
    "%H:%M:%S%z",
    "%H:%M %z",
    "%H%M%S",
)
_DIGITS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
CORRECT = "Correct it, or leave the row out: --skip-bad."


def fitting_formats(texts: list[str]) -> list[str]:
    """The formats that read all of the texts; several where the order of day and month is open.

    >>> fitting_formats(["15/01/2024 14:22"]), fitting_formats(["01/02/2024"])
    (['%d/%m/%Y %H:%M'], ['%d/%m/%Y', '%m/%d/%Y'])
    """
    days = dict.fromkeys(format_.removesuffix(" %H:%M") for format_ in FORMATS)
    candidates = [*days, *(f"{day} {clock}" for day in days for clock in _CLOCKS)]
    candidates += [f"{day}T{clock}" for day in days for clock in _CLOCKS]
    candidates += ["%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S %z"]
    return [format_ for format_ in candidates if texts and all(_reads(format_, text) for text in texts)]


def text_hint(texts: list[str], source: Source) -> str:
    """What to do about texts that are no times."""
    first = texts[0].strip() if texts else ""
    if source.format is not None:
        return "Correct it or `format`."
    if found := fitting_formats(texts) or fitting_formats(texts[:1]):
        either = " or ".join(f"format = {json.dumps(format_)}" for format_ in found[:2])
        return f"Add {either} to the time in the mapping."
    if first.lower() in {"na", "n/a", "nan", "null", "none", "nat", "-"}:
        return f"If it stands for a missing value, add null_values = [{json.dumps(first)}] to [file] in the mapping."
    if first.endswith((" UTC", " GMT")):
        return f'Add strip = "{first[-3:]}" to the time in the mapping.'
    if ":" in first and len(first) <= 12:  # noqa: PLR2004 -- a time of day
        return "It lacks the day: compose the time of several columns, as in { columns = [...], format = ... }."
    worded = re.search(r"\d", first) and re.search(r"[^\W\d_]{3}", first)
    return "Write names of months and days in English, and zones as +01:00." if worded else CORRECT


def early_hint(texts: list[str], source: Source) -> str:
    """What numbers may be that give times before March 1973."""
    if source.origin is not None:
        return "Correct `origin`, `unit` and `scale` in the mapping."
    if not texts or not _is_number(texts[0]):
        return CORRECT
    number = float(texts[0])
    if number.is_integer() and _reads_digits(str(int(number))):
        return _digits_hint(str(int(number)))
    if source.unit in {None, "ms"} and source.scale is None and 1e8 <= number < 1e11:  # noqa: PLR2004 -- 1973 to 5138 in seconds
        return 'It looks like seconds: add unit = "s".'
    if source.unit is None and 25_000 <= number < 75_000:  # noqa: PLR2004 -- 1968 to 2105
        return 'It looks like the days of a spreadsheet: add unit = "d" and origin = "1899-12-30".'
    return "It looks like a count from the start of the data: add origin, unit and scale to the time in the mapping."


def late_hint(texts: list[str], source: Source) -> str:
    """What numbers may be that give times in the future."""
    if not texts or not _is_number(texts[0]):
        return CORRECT
    number = float(texts[0])
    if number.is_integer() and _reads_digits(str(int(number))):
        return _digits_hint(str(int(number)))
    if source.unit is None:
        for least, unit, name in ((1e17, "ns", "nanoseconds"), (1e14, "us", "microseconds")):
            if least <= number < 42 * least:  # up to the year 2103
                return f'It looks like {name}: add unit = "{unit}".'
    return "Correct `unit`, `scale` or `origin` in the mapping." if source.unit else CORRECT


def _digits_hint(digits: str) -> str:
    return f"It looks like a date: add format = {json.dumps(_DIGITS[len(digits)])}, and remove `unit` if it is there."


def _reads_digits(digits: str) -> bool:
    format_ = _DIGITS.get(len(digits))
    return format_ is not None and "1900" <= digits[:4] <= "2100" and _reads(format_, digits)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _reads(format_: str, text: str) -> bool:
    try:
        datetime.strptime(text.strip(), format_)  # noqa: DTZ007 -- only whether it can be read
    except ValueError:
        return False
    return True
