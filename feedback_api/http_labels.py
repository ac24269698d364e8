"""`/v1/labels`: submit verdicts and look them up."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path

from feedback_api.http_dependencies import JsonBody, PartsDep
from feedback_api.http_errors import REFUSALS, UNAVAILABLE
from feedback_api.http_models import LabelAccepted, LabelView, Problem
from feedback_api.http_openapi import body_of
from feedback_api.labels import LABEL_REQUEST, LabelRequest
from weir.clock import now_ms
from weir.messages import decode_with

CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "Another label with different content has this id"}
}
MISSING: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such label"},
    422: {"model": Problem, "description": "The label id is malformed"},
}
LabelId = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]

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
        label = await parts.labels.accept(decode_with(LABEL_REQUEST, body))
    parts.metrics.labels.labels(label.verdict).inc()
    parts.console.accepted(label, now_ms())
    return LabelAccepted(label_id=label.label_id)


@router.get("/{label_id:path}", summary="Get a label", responses={**MISSING, **UNAVAILABLE})
async def show_label(label_id: LabelId, parts: PartsDep) -> LabelView:
    """Returns the stored label and the time when the broker acknowledged it."""
    kept = await parts.labels.find(label_id)
    if kept is None:
        raise HTTPException(404, f"There is no label {label_id!r}.")
    content = {name: getattr(kept.label, name) for name in kept.label.__struct_fields__}
    return LabelView(**content, accepted_at_ms=kept.accepted_at_ms, acknowledged_at_ms=kept.acknowledged_at_ms)
