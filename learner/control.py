"""Publications on the control topic."""

import structlog

from weir.errors import InvalidRecord
from weir.messages import CONTROL, Control, Publication, TreesPublication, decode_with

_log = structlog.get_logger()


def publication_of(value: bytes | None, offset: int) -> Publication | TreesPublication | None:
    """Decode a record under a model's key. None, and a warning, if it is not a publication.

    The topic is compacted, so such a record would be read at every start again: it must not end the process.
    """
    try:
        return _publication(decode_with(CONTROL, value))
    except InvalidRecord as error:
        _log.warning("publication_skipped", offset=offset, field=error.field, reason=error.reason)
        return None


def _publication(control: Control) -> Publication | TreesPublication:
    if isinstance(control, Publication | TreesPublication):
        return control
    raise InvalidRecord("kind", "is not a publication")
