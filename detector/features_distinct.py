"""Features of how many different merchants, devices and so on the user paid with; `detector.distinct_names` counts."""

from math import expm1

from detector.features import Words, describe
from detector.wording import plural
from weir.feature_schema import DISTINCT, WINDOWS

_TEXT_OF = dict(
    zip(
        WINDOWS,
        ("20 seconds", "30 seconds", "10 minutes", "hour", "24 hours", "7 days", "30 days"),
        strict=True,
    )
)

# Singular, plural, and what the user did with them.
_NOUNS = {
    "merchants": ("merchant", "merchants", "paid "),
    "devices": ("device", "devices", "used "),
    "ips": ("IP address", "IP addresses", "used "),
    "cards": ("card", "cards", "used "),
    "countries": ("country", "countries", ""),
}


def describe_distinct_names() -> None:
    """Describe the features of all kinds of names and windows."""
    for names in DISTINCT:
        _, many, _ = _NOUNS[names]
        unit = f"log(1 + {many.removeprefix('IP ')})"
        for window in WINDOWS:
            meaning = f"Distinct {many} in the previous {_TEXT_OF[window]}."
            describe(f"{names}_{window}", unit, _words(names, window), meaning)


def _words(names: str, window: str) -> Words:
    one, many, did = _NOUNS[names]
    return lambda _, value: f"{plural(expm1(value), one, many)} {did}in the previous {_TEXT_OF[window]}"
