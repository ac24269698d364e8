"""Records that only the API refuses. `http_errors` maps them to HTTP.

InvalidRecord            422
|-- ConflictingLabel     409
|-- BodyTooLarge         413
`-- NotJson              415
"""

from weir.errors import InvalidRecord


class ConflictingLabel(InvalidRecord):
    """Another label with different content has this id. The client must use a new id, or repeat the original content."""


class BodyTooLarge(InvalidRecord):
    """The body is longer than `api.max_body_bytes`."""


class NotJson(InvalidRecord):
    """The body is not declared as JSON."""
