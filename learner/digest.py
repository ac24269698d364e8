"""The canonical digest: equal models have equal digests.

It hashes an explicit encoding of plain values, because pickles of equal River models can differ
(docs/platform-notes.md#pickles-are-not-digests). Floats are encoded bit by bit. The additive model learns in arithmetic that
all processors round alike; metrics do not (docs/platform-notes.md#floating-point-differs-by-cpu).
"""

import hashlib
import struct
from typing import Any


def canonical_digest(value: Any) -> str:
    """Return the SHA-256, in hexadecimal, of None, a bool, int, float, str, bytes, or a nested list, tuple or dict of these.

    >>> canonical_digest({"a": 1, "b": 2.0}) == canonical_digest({"b": 2.0, "a": 1})
    True
    >>> canonical_digest([1]) == canonical_digest([1.0])
    False

    Raises:
        TypeError: the value contains another type.
    """
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def canonical_bytes(value: Any) -> bytes:  # noqa: PLR0911 -- one case per type
    """Encode a type tag, the length where it varies, then the content. The order of a dictionary does not matter."""
    match value:
        case None:
            return b"n"
        case bool():
            return b"b1" if value else b"b0"
        case int():
            return _sized(b"i", str(value).encode())
        case float():
            return b"f" + struct.pack(">d", value)
        case str():
            return _sized(b"s", value.encode())
        case bytes():
            return _sized(b"y", value)
        case list() | tuple():
            return _counted(b"l", [canonical_bytes(item) for item in value])
        case dict():
            items = sorted((canonical_bytes(key), canonical_bytes(item)) for key, item in value.items())
            return _counted(b"d", [key + item for key, item in items])
    raise TypeError(f"A {type(value).__name__} has no canonical encoding. Convert it to plain values first.")


def _sized(tag: bytes, content: bytes) -> bytes:
    return tag + struct.pack(">Q", len(content)) + content


def _counted(tag: bytes, items: list[bytes]) -> bytes:
    return tag + struct.pack(">Q", len(items)) + b"".join(items)
