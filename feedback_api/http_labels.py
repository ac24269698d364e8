"""`/v1/labels`: submit verdicts, one or many, and look up what became of them."""

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from feedback_api.bootstrap import Parts
from feedback_api.errors import BodyTooLarge, NotJson
from feedback_api.http_dependencies import JsonBody, PartsDep
from feedback_api.http_errors import REFUSALS, UNAVAILABLE
from feedback_api.http_models import LabelAccepted, LabelView, Problem, RowView
from feedback_api.http_openapi import body_of
from feedback_api.label_batches import Defaults, Format, RowResult, accept_batch
from feedback_api.labels import LABEL_REQUEST, LABELS_ASKED, LabelRequest, LabelsAsked, StoredLabel
from weir.clock import now_ms
from weir.errors import InvalidRecord, PartUnavailable
from weir.messages import Label, decode_with, encode

CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "Another label with different content has this id"}
}
MISSING: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such label"},
    422: {"model": Problem, "description": "The label id is malformed"},
}
LabelId = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]

FORMATS: dict[str, Format] = {
    "application/x-ndjson": "json",
    "application/jsonl": "json",
    "application/json-lines": "json",
    "text/csv": "csv",
}
"""Content types of a batch. JSON lines have no registered one; these are in use."""

MOST_BYTES = 256 * 1024 * 1024
"""Of a batch; 100,000 labels with long notes have 200 MB. A round number; not measured."""

IN_MEMORY_BYTES = 8 * 1024 * 1024
"""A longer batch waits in a temporary file until it is read. A round number; not measured."""

router = APIRouter(prefix="/v1/labels", tags=["labels"])


@router.post(
    "",
    status_code=202,
    summary="Submit a verdict on a transaction",
    responses={**CONFLICT, **REFUSALS, **UNAVAILABLE},
    openapi_extra=body_of(LabelRequest),
)
async def accept_label(body: JsonBody, parts: PartsDep) -> LabelAccepted:
    """Answers once the broker has the label. Repeating a `label_id` with the same content is safe and changes nothing."""
    with parts.metrics.label_latency.time():
        request = decode_with(LABEL_REQUEST, body)
        _require_one_payment(parts, request)
        label = await parts.labels.accept(request)
    _count(parts, label)
    return LabelAccepted(label_id=label.label_id)


def _require_one_payment(parts: Parts, request: LabelRequest) -> None:
    """Refuse a label that may mean two open alerts. Where none is an alert, the label join refuses it."""
    alike = parts.console.queue.open_with(request.transaction_id)
    if request.user_id is None and len(alike) > 1:
        customers = ", ".join(key.user_id for key in alike)
        raise InvalidRecord("user_id", f"is required: customers {customers} have payments with this id")


BATCH_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {"schema": {"type": "string", "description": "A label as JSON in each line"}},
            "text/csv": {
                "schema": {"type": "string", "description": "A header with a label's fields, then a row each"}
            },
        },
    }
}
BATCH_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"model": RowView, "content": {"application/x-ndjson": {}}, "description": "A result as JSON in each line"}
}
Labeler = Annotated[str | None, Query(max_length=128, description="The labeler of rows that name none")]
Source = Annotated[str | None, Query(max_length=512, description="The source of rows that name none")]


@router.post(
    ":batch",
    summary="Submit many verdicts",
    response_class=StreamingResponse,
    responses={**BATCH_ANSWER, **REFUSALS, **UNAVAILABLE},
    openapi_extra=BATCH_BODY,
)
async def accept_labels(
    request: Request, parts: PartsDep, labeler: Labeler = None, source: Source = None
) -> StreamingResponse:
    """Takes up to 100,000 rows of JSON lines or CSV, and answers each with a line once the broker has it.

    Sending a batch again is safe: a row without `label_id` gets one that follows from its content.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORMATS:
        raise NotJson("$", f"send JSON lines or CSV, with one of these as the Content-Type: {', '.join(FORMATS)}")
    body = await _spooled(request)
    results = accept_batch(body, FORMATS[kind], Defaults(labeler, source), parts.labels, lambda one: _count(parts, one))
    return StreamingResponse(_lines(results, body), media_type="application/x-ndjson")


async def _spooled(request: Request) -> IO[bytes]:
    """Read the body before anything is answered: most clients read no answer while they send."""
    body: IO[bytes] = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 -- the answer closes it
    try:
        async for chunk in request.stream():
            body.write(chunk)
            if body.tell() > MOST_BYTES:
                raise BodyTooLarge("$", f"the body exceeds {MOST_BYTES:,} bytes; send several shorter ones")
    except ClientDisconnect as error:
        body.close()
        raise InvalidRecord("$", "the connection closed before the body was complete") from error
    body.seek(0)
    return body


async def _lines(results: AsyncIterator[RowResult], body: IO[bytes]) -> AsyncIterator[bytes]:
    """Encode results. If the database goes away, the lines end early, and the last one says why."""
    row = 0
    try:
        async for result in results:
            row = result.row
            yield encode(result) + b"\n"
    except PartUnavailable as error:
        yield (
            encode(RowResult(row + 1, "unavailable", reason=f"{error} This row and those after it are not stored."))
            + b"\n"
        )
    finally:
        body.close()


def _count(parts: Parts, label: Label) -> None:
    parts.metrics.labels.labels(label.verdict).inc()
    parts.console.accepted(label, now_ms())


@router.post(
    ":receipts",
    summary="Get many labels",
    responses={**REFUSALS, **UNAVAILABLE},
    openapi_extra=body_of(LabelsAsked),
)
async def show_labels(body: JsonBody, parts: PartsDep) -> list[LabelView]:
    """Returns the labels with these ids, each with its receipt. Unknown ids are left out."""
    asked = decode_with(LABELS_ASKED, body)
    return await _views(parts, await parts.labels.find_all(asked.label_ids))


@router.get("/{label_id:path}", summary="Get a label", responses={**MISSING, **UNAVAILABLE})
async def show_label(label_id: LabelId, parts: PartsDep) -> LabelView:
    """Returns the stored label with its receipt: whether its payment is known, and whether it has been learned."""
    views = await _views(parts, await parts.labels.find_all([label_id]))
    if not views:
        raise HTTPException(404, f"There is no label {label_id!r}.")
    return views[0]


async def _views(parts: Parts, kept: list[StoredLabel]) -> list[LabelView]:
    receipts = await parts.labels.receipts(kept, retention_s=parts.settings.learning.retention_s)
    return [
        LabelView(
            **{name: getattr(one.label, name) for name in one.label.__struct_fields__},
            accepted_at_ms=one.accepted_at_ms,
            acknowledged_at_ms=one.acknowledged_at_ms,
            state=receipt.state,
            since_ms=receipt.since_ms,
            says=receipt.says,
            outcome=resolved.outcome,
            epoch=resolved.epoch,
            n=resolved.n,
            in_force_since_ms=resolved.in_force_since_ms,
            superseded_by=receipt.by,
        )
        for one, resolved, receipt in receipts
    ]
