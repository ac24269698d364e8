"""`/v1/user-events`: facts about a user that no payment carries."""

import asyncio

from fastapi import APIRouter

from feedback_api.http_dependencies import JsonBody, PartsDep
from feedback_api.http_errors import REFUSALS, UNAVAILABLE
from feedback_api.http_models import UserEventAccepted
from feedback_api.http_openapi import body_of
from weir.clock import now_ms
from weir.errors import PartUnavailable
from weir.messages import USER_EVENT, UserEvent, decode_with
from weir.times import require_time

ACKNOWLEDGED_WITHIN_S = 5.0
"""As long as a label waits for the broker (`LabelOutbox`). A round number; not measured."""

router = APIRouter(prefix="/v1/user-events", tags=["user events"])


@router.post(
    "",
    status_code=202,
    summary="Submit a user event",
    responses={**REFUSALS, **UNAVAILABLE},
    openapi_extra=body_of(UserEvent),
)
async def accept_user_event(body: JsonBody, parts: PartsDep) -> UserEventAccepted:
    """A challenge's outcome, or a confirmed trip or device. Answers once the broker has it; the API keeps no copy."""
    event = decode_with(USER_EVENT, body)
    require_time("event_time", event.event_time_ms, now_ms() + parts.settings.detector.future_skew_ms)
    delivery = parts.stream.put(parts.settings.topics.user_events, event.user_id, body)
    await asyncio.wait([delivery], timeout=ACKNOWLEDGED_WITHIN_S)
    if not (delivery.done() and delivery.result()):
        raise PartUnavailable("The broker has not acknowledged the user event.", "Send it again.")
    parts.metrics.user_events.inc()
    return UserEventAccepted(event_id=event.event_id)
