"""Names as 64-bit hashes and as codes of features, and records of when a user first used each.

Two names are taken for one if their hashes are equal. A user's state compares at most a few hundred names, so this
happens to one user in some 10^14.
"""

from functools import lru_cache
from hashlib import blake2b
from math import nan
from typing import Any
from zlib import crc32

from detector.records import INTEGER, record
from weir.bins import CODES
from weir.compiled import compiled

NO_NAME = 0

# No CRC-32 is negative.
NO_IDENTITY = -1

NAME = record(("name", INTEGER), ("first_ms", INTEGER), ("last_ms", INTEGER))
"""A known name, and when the user first and last used it."""


_USUAL_CODE = {"UK": "GB", "EL": "GR"}
"""Country codes that ISO 3166 reserves because people write them for another one."""


@lru_cache(maxsize=1 << 16)
def name_of(text: str | None) -> int:
    """Return the hash of a name, the same on every machine; `NO_NAME` for none.

    >>> name_of(None), name_of("m1") == name_of("m1"), name_of("m1") == name_of("m2")
    (0, True, False)
    """
    if text is None:
        return NO_NAME
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True) or 1


def identity_of(transaction_id: str) -> int:
    """Return the CRC-32 of a transaction id: two payments of one user are taken for one if it and their content agree."""
    return crc32(transaction_id.encode())


@lru_cache(maxsize=1 << 12)
def code_of(text: str | None) -> float:
    """Return the code of a text, the same on every machine; different texts may share one."""
    return nan if text is None else float(crc32(text.encode()) % CODES)


def country_of(code: str | None) -> str | None:
    """Return the usual code of a country, because some senders write UK for GB.

    >>> country_of("UK"), country_of("FR"), country_of(None)
    ('GB', 'FR', None)
    """
    return code if code is None else _USUAL_CODE.get(code, code)


@compiled
def place_of(known: Any, count: int, name: int) -> int:
    """Return where a name is among the first `count`; `count` if it is not there."""
    for place in range(count):
        if known[place].name == name:
            return place
    return count


@compiled
def remember(known: Any, count: int, name: int, time_ms: int) -> int:
    """Record a use and return the new count. If there is no room, the least recently used goes."""
    if name == NO_NAME:
        return count
    place, first_ms, last_ms = place_of(known, count, name), time_ms, time_ms
    if place < count:
        first_ms, last_ms = min(known[place].first_ms, time_ms), max(known[place].last_ms, time_ms)
    elif count < len(known):
        count += 1
    else:
        place = 0
    shift_to_last(known, place, count)
    known[count - 1].name, known[count - 1].first_ms, known[count - 1].last_ms = name, first_ms, last_ms
    return count


@compiled
def shift_to_last(records: Any, place: int, count: int) -> None:
    """Move the records behind `place` down by one, which frees the last of `count`."""
    for later in range(place + 1, count):
        records[later - 1] = records[later]
