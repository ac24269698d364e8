"""`/v1/decisions`: a synchronous decision on a payment."""

import time
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query

from feedback_api.decisions import Answer
from feedback_api.http_dependencies import JsonBody, PartsDep
from feedback_api.http_errors import REFUSALS
from feedback_api.http_models import DecisionView
from feedback_api.http_openapi import body_of
from feedback_api.prometheus_metrics import Metrics
from weir.clock import now_ms
from weir.messages import Transaction
from weir.payments import read_payment
from weir.times import require_time

LONGEST_DEADLINE_MS = 10_000
"""Bounds how long a request holds its connection. A round number; not measured."""

Deadline = Annotated[
    int | None, Query(ge=1, le=LONGEST_DEADLINE_MS, description="Overrides `api.decision_deadline_ms`")
]

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])


@router.post("", summary="Decide on a payment", responses=REFUSALS, openapi_extra=body_of(Transaction))
async def decide(body: JsonBody, parts: PartsDep, deadline_ms: Deadline = None) -> DecisionView:
    """Answers within the deadline: with the stream's decision or, flagged, with the deadline policy's."""
    began = time.perf_counter()
    payment, _ = read_payment(body)
    # The detector refuses such a time, too; past the deadline the policy would decide on it.
    require_time("event_time", payment.event_time_ms, now_ms() + parts.settings.detector.future_skew_ms)
    answer = await parts.decisions.decide(payment, body, deadline_ms or parts.settings.api.decision_deadline_ms)
    latency_s = time.perf_counter() - began
    _count(parts.metrics, answer, latency_s)
    return _view(answer, latency_s)


def _count(metrics: Metrics, answer: Answer, latency_s: float) -> None:
    metrics.decisions.labels(answer.source, answer.decision).inc()
    metrics.decision_latency.observe(latency_s)
    if answer.source == "policy":
        metrics.by_policy.labels(answer.flags[0]).inc()


def _view(answer: Answer, latency_s: float) -> DecisionView:
    model = answer.model and {name: getattr(answer.model, name) for name in answer.model.__struct_fields__}
    content = {**msgspec.to_builtins(answer), "model": model, "latency_ms": round(latency_s * 1000, 3)}
    return DecisionView.model_validate(content)
