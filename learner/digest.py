"""The canonical digest: two models are the same when their digests are.

It hashes an explicit encoding of plain values, not a pickle: pickles of equal River models differ between a straight
fold and a restored one, and with `PYTHONHASHSEED`. Floats enter by their bits, so it holds on one platform.
"""

import hashlib
import struct
from typing import Any


def canonical_digest(value: Any) -> str:
    """SHA-256, hexadecimal, of None, booleans, numbers, strings, lists and dictionaries by name, nested as you like.

    >>> canonical_digest({"a": 1, "b": 2.0}) == canonical_digest({"b": 2.0, "a": 1})
    True
    >>> canonical_digest([1]) == canonical_digest([1.0])
    False

    Raises:
        TypeError: for anything else, so that nothing is left out unnoticed.
    """
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def canonical_bytes(value: Any) -> bytes:  # noqa: PLR0911 -- one case per type
    """A tag for the type, the length where it varies, the content; dictionaries in the order of their keys."""
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
        case list() | tuple():
            return _counted(b"l", [canonical_bytes(item) for item in value])
        case dict():
            items = sorted((canonical_bytes(key), canonical_bytes(item)) for key, item in value.items())
            return _counted(b"d", [key + item for key, item in items])
    raise TypeError(f"{type(value).__name__} has no canonical encoding")


def _sized(tag: bytes, content: bytes) -> bytes:
    return tag + struct.pack(">Q", len(content)) + content


def _counted(tag: bytes, items: list[bytes]) -> bytes:
    return tag + struct.pack(">Q", len(items)) + b"".join(items)
