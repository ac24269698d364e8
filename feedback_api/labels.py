"""Labels as a client asks for them, as the stream gets them, and as they are kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from feedback_api.errors import ConflictingLabel
from weir.errors import InvalidRecord
from weir.messages import EventTime, Label, Verdict, decoder_of, milliseconds

LATEST_MS = 253_402_300_799_000
NO_NUL = r"^[^\x00]*$"  # PostgreSQL's text holds every character but this one
Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=NO_NUL)]


class LabelRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict as a client sends it.

    `label_id` is the client's idempotency key; the API makes one where it is missing. `labelled_at` is wall time
    (now where missing), `as_of` is on the transactions' clock; both are ISO 8601 with a zone or epoch milliseconds.
    `fraud_type` is the labeler's word for the kind of fraud; reports count by it, no model learns from it.
    """

    transaction_id: Id
    verdict: Verdict
    labeler: Id
    label_id: Id | None = None
    source: Annotated[str, Meta(max_length=512, pattern=NO_NUL)] = "analyst"
    note: Annotated[str, Meta(max_length=2000, pattern=NO_NUL)] | None = None
    fraud_type: Annotated[str, Meta(max_length=512, pattern=NO_NUL)] | None = None
    labelled_at: EventTime | None = None
    as_of: EventTime | None = None


LABEL_REQUEST = decoder_of(LabelRequest)


@dataclass(frozen=True)
class StoredLabel:
    """A label as the database holds it. `acknowledged_at_ms` is None until the broker has it."""

    label: Label
    accepted_at_ms: int
    acknowledged_at_ms: int | None


def label_of(request: LabelRequest, new_id: Callable[[], str], now_ms: int) -> Label:
    """The message for the stream.

    Raises:
        InvalidRecord: a time lies outside what a message may carry, or a legitimate payment has a type of fraud.
    """
    if request.fraud_type is not None and request.verdict != "fraud":
        raise InvalidRecord("fraud_type", "goes with the verdict fraud only")
    return Label(
        label_id=request.label_id or new_id(),
        transaction_id=request.transaction_id,
        verdict=request.verdict,
        labeler=request.labeler,
        source=request.source,
        note=request.note,
        fraud_type=request.fraud_type,
        labelled_at_ms=now_ms if request.labelled_at is None else _in_range("labelled_at", request.labelled_at),
        as_of_ms=None if request.as_of is None else _in_range("as_of", request.as_of),
    )


def ensure_same(stored: Label, asked: Label, request: LabelRequest) -> None:
    """Accept a repeated label id only with the content it had; a time that the client left to us may differ.

    Raises:
        ConflictingLabel: naming the first field that differs.
    """
    for name in Label.__struct_fields__:
        ours_to_fill = name == "labelled_at_ms" and request.labelled_at is None
        if getattr(stored, name) != getattr(asked, name) and not ours_to_fill:
            reason = (
                f"label {asked.label_id!r} was accepted with another value; choose a new label_id for a new verdict"
            )
            raise ConflictingLabel(name.removesuffix("_ms"), reason)


def _in_range(name: str, time: int | datetime) -> int:
    time_ms = milliseconds(time)
    if not 0 <= time_ms <= LATEST_MS:
        raise InvalidRecord(name, "must lie between 1970 and 9999")
    return time_ms
