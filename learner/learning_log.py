"""Entries of the learning log: the key is `epoch:n`, the value an example."""

from weir.errors import BrokenLog, InvalidRecord
from weir.messages import EXAMPLE, EntryNumber, Example, decode_with


def read_entry(key: bytes | None, value: bytes | None, offset: int) -> tuple[EntryNumber, Example]:
    """Decode an entry's number and example.

    Raises:
        BrokenLog: the entry cannot be read; the error names its offset.
    """
    try:
        return EntryNumber.parse(key), decode_with(EXAMPLE, value)
    except InvalidRecord as error:
        raise BrokenLog(
            f"The learning log's entry at offset {offset} with the key {key!r} cannot be read: {error}.",
            "Only the label-join job may write this topic: find the other writer and stop it.",
        ) from error
