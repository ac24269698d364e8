"""An entry of the learning log: key `epoch:n`, value an example. One that cannot be read is a broken deployment."""

from weir.errors import BrokenLog, InvalidRecord
from weir.messages import EXAMPLE, EntryNumber, Example, decode_with


def read_entry(key: bytes | None, value: bytes | None, offset: int) -> tuple[EntryNumber, Example]:
    """The entry's number and example.

    Raises:
        BrokenLog: naming the offset and what is wrong there.
    """
    try:
        return EntryNumber.parse(key), decode_with(EXAMPLE, value)
    except InvalidRecord as error:
        raise BrokenLog(
            f"The learning log's entry at offset {offset} with the key {key!r} cannot be read: {error}.",
            "Only the label-join job may write it; see what else did.",
        ) from error
