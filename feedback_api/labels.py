"""Labels as a client sends them, as the stream receives them, and as they are stored."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from feedback_api.errors import ConflictingLabel
from weir.errors import InvalidRecord
from weir.messages import LAST_MS, EventTime, Label, Verdict, decoder_of, milliseconds
from weir.times import SKEW_MS, require_time

NO_NUL = r"^[^\x00]*$"  # PostgreSQL text cannot hold NUL
NOT_BLANK = r"^[^\x00]*[^\s\x00][^\x00]*$"  # somebody must answer for a verdict, on some payment
Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=NO_NUL)]


class LabelRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict as a client sends it.

    `label_id` is the client's idempotency key; the API makes one if it is missing. `labelled_at` is in wall time (default:
    now), `as_of` on the transactions' clock. Both are ISO 8601 with a zone, or epoch milliseconds. `fraud_type` is the
    labeler's word for the kind of fraud: reports count by it, no model learns from it. `user_id` is needed only where
    several customers have payments with this id.
    """

    transaction_id: Annotated[str, Meta(min_length=1, max_length=128, pattern=NOT_BLANK)]
    verdict: Verdict
    labeler: Annotated[str, Meta(min_length=1, max_length=128, pattern=NOT_BLANK)]
    label_id: Id | None = None
    source: Annotated[str, Meta(max_length=512, pattern=NO_NUL)] = "analyst"
    note: Annotated[str, Meta(max_length=2000, pattern=NO_NUL)] | None = None
    fraud_type: Annotated[str, Meta(max_length=512, pattern=NO_NUL)] | None = None
    labelled_at: EventTime | None = None
    as_of: EventTime | None = None
    user_id: Id | None = None


LABEL_REQUEST = decoder_of(LabelRequest)


class LabelsAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The labels whose receipts a client asks for, up to 1000 at once."""

    label_ids: Annotated[list[Id], Meta(min_length=1, max_length=1000)]


LABELS_ASKED = decoder_of(LabelsAsked)


class Accepted(NamedTuple):
    """A label that the broker has; `repeated` if it had it before."""

    label: Label
    repeated: bool


@dataclass(frozen=True)
class StoredLabel:
    """A label in the database. `acknowledged_at_ms` is None until the broker has it."""

    label: Label
    accepted_at_ms: int
    acknowledged_at_ms: int | None


def label_of(request: LabelRequest, new_id: Callable[[], str], now_ms: int) -> Label:
    """Convert a request to the message for the stream.

    Raises:
        InvalidRecord: a time is out of range, or a legitimate verdict has a fraud type.
    """
    if request.fraud_type is not None and request.verdict != "fraud":
        raise InvalidRecord("fraud_type", "is only allowed with the verdict fraud")
    return Label(
        label_id=request.label_id or new_id(),
        transaction_id=request.transaction_id,
        verdict=request.verdict,
        labeler=request.labeler,
        source=request.source,
        note=request.note,
        fraud_type=request.fraud_type,
        user_id=request.user_id,
        labelled_at_ms=now_ms
        if request.labelled_at is None
        else require_time("labelled_at", milliseconds(request.labelled_at), now_ms + SKEW_MS),
        as_of_ms=None if request.as_of is None else require_time("as_of", milliseconds(request.as_of), LAST_MS),
    )


def ensure_same(stored: Label, asked: Label, request: LabelRequest) -> None:
    """Compare a repeated label with the stored one. A `labelled_at` that the API filled in may differ.

    Raises:
        ConflictingLabel: names the first field that differs.
    """
    for name in Label.__struct_fields__:
        filled_in = name == "labelled_at_ms" and request.labelled_at is None
        if getattr(stored, name) != getattr(asked, name) and not filled_in:
            reason = (
                f"label {asked.label_id!r} was accepted with a different value; use a new label_id for a new verdict"
            )
            raise ConflictingLabel(name.removesuffix("_ms"), reason)
