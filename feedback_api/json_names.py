"""Refuse JSON that names a field twice, which decoders do not notice."""

import json
from collections import Counter
from contextlib import suppress
from typing import Any

from weir.errors import InvalidRecord


def require_distinct_names(body: bytes) -> None:
    """Refuse JSON that names a field twice: readers differ in which one they take. Other faults are the decoder's.

    Raises:
        InvalidRecord: names the field.
    """
    with suppress(ValueError, RecursionError):
        json.loads(body, object_pairs_hook=_distinct)


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        name = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise InvalidRecord(name, "is named twice")
