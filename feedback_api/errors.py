"""What the API refuses, beyond `weir.errors`: each is a bad record, mapped to HTTP in `http_errors`.

InvalidRecord            422
|-- ConflictingLabel     409
|-- BodyTooLarge         413
`-- NotJson              415
"""

from weir.errors import InvalidRecord


class ConflictingLabel(InvalidRecord):
    """The label id is taken by a label with other content. The client chooses another id, or mends its retry."""


class BodyTooLarge(InvalidRecord):
    """The body is longer than `api.max_body_bytes`."""


class NotJson(InvalidRecord):
    """The body is not declared as JSON."""
