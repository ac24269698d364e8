"""The request to lease alerts."""

from typing import Annotated

from msgspec import Meta, Struct

from feedback_api.labels import Id
from weir.messages import decoder_of


class LeaseRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lease up to `limit` alerts for `for_s` seconds. Alerts not labelled by then are free again."""

    labeler: Id
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    for_s: Annotated[float, Meta(gt=0, le=3600)] = 60.0


LEASE_REQUEST = decoder_of(LeaseRequest)
