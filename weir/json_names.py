"""Find JSON that names a field twice, which decoders do not notice: readers differ in which one they take."""

import json
from contextlib import suppress
from typing import Any

from weir.errors import InvalidRecord


def named_twice(body: bytes) -> list[str]:
    """Return the names that an object in the JSON has more than once. Other faults are the decoder's.

    >>> named_twice(b'{"amount": 5, "attributes": {"a": 1, "a": 2}, "amount": 4999}')
    ['a', 'amount']
    """
    found: dict[str, None] = {}

    def look(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                found[name] = None
            seen.add(name)

    with suppress(ValueError, RecursionError):
        json.loads(body, object_pairs_hook=look)
    return list(found)


def require_distinct_names(body: bytes) -> None:
    """Refuse JSON that names a field twice.

    Raises:
        InvalidRecord: names the field.
    """
    for name in named_twice(body):
        raise InvalidRecord(name, "is named twice")
