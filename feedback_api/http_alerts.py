"""`/v1/alerts`: the review queue, for programs."""

from typing import Annotated

from fastapi import APIRouter, Query

from feedback_api.console.review_queue import OpenAlert
from feedback_api.http_dependencies import JsonBody, PartsDep
from feedback_api.http_errors import BAD_PARAMETER, REFUSALS
from feedback_api.http_models import AlertView, ReasonView
from feedback_api.http_openapi import body_of
from feedback_api.leases import LEASE_REQUEST, LeaseRequest
from weir.clock import now_ms
from weir.messages import decode_with

Limit = Annotated[int, Query(ge=1, le=500, description="Maximum number of alerts")]

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])


@router.get("", summary="List open alerts", responses=BAD_PARAMETER)
async def show_alerts(parts: PartsDep, limit: Limit = 50) -> list[AlertView]:
    """Returns alerts without a verdict, newest first."""
    now = now_ms()
    return [_view(alert, now) for alert in parts.console.queue.newest(limit)]


@router.post("/lease", summary="Lease alerts to label", responses=REFUSALS, openapi_extra=body_of(LeaseRequest))
async def lease_alerts(body: JsonBody, parts: PartsDep) -> list[AlertView]:
    """Leases the free alerts that have waited longest. A lease ends after `for_s` seconds or with a label."""
    asked, now = decode_with(LEASE_REQUEST, body), now_ms()
    until_ms = now + round(asked.for_s * 1000)
    leased = parts.console.queue.lease(asked.labeler, asked.limit, until_ms=until_ms, now_ms=now)
    return [_view(alert, now) for alert in leased]


def _view(alert: OpenAlert, now: int) -> AlertView:
    scored, holder = alert.scored, alert.held_by(now)
    return AlertView(
        transaction_id=scored.transaction_id,
        user_id=scored.user_id,
        merchant_id=scored.merchant_id,
        event_time_ms=scored.event_time_ms,
        scored_at_ms=scored.scored_at_ms,
        amount=scored.amount,
        score=scored.score,
        decision=scored.decision,
        reasons=[ReasonView(code=it.code, text=it.text, contribution=it.contribution) for it in scored.reasons],
        holder=holder,
        held_until_ms=alert.held_until_ms if holder is not None else None,
    )
