"""`/healthz`, `/readyz`, `/metrics`, and a landing page that leads to them."""

import asyncio
from collections.abc import Callable

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from feedback_api.http_dependencies import PartsDep
from feedback_api.http_models import PartView, Readiness
from weir import __version__
from weir.errors import PartUnavailable

LINKS = {
    "console": "/console",
    "labels": "/v1/labels",
    "alerts": "/v1/alerts",
    "decisions": "/v1/decisions",
    "user events": "/v1/user-events",
    "documentation": "/docs",
    "schema": "/openapi.json",
    "alive": "/healthz",
    "ready": "/readyz",
    "metrics": "/metrics",
}

router = APIRouter(tags=["operation"])


@router.get("/", summary="What is here")
async def landing(parts: PartsDep) -> dict[str, str | dict[str, str]]:
    """The name of the deployment and where its doors are."""
    return {"name": "weir", "version": __version__, "namespace": parts.settings.namespace, "links": LINKS}


@router.get("/healthz", summary="Alive")
async def healthz() -> dict[str, bool]:
    """The process answers; restart it when it does not."""
    return {"alive": True}


@router.get("/readyz", summary="Ready", responses={503: {"model": Readiness, "description": "A part is away"}})
async def readyz(parts: PartsDep, response: Response) -> Readiness:
    """Whether database, broker and reply reader answer, each with its problem."""
    views = await asyncio.gather(*(asyncio.to_thread(_view, check) for check in parts.checks.values()))
    ready = all(view.ok for view in views)
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, parts=dict(zip(parts.checks, views, strict=True)))


@router.get("/metrics", summary="Metrics", response_class=Response)
async def metrics(parts: PartsDep) -> Response:
    """Prometheus' text format."""
    return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _view(check: Callable[[], object]) -> PartView:
    try:
        detail = check()
    except PartUnavailable as error:
        return PartView(ok=False, detail=str(error))
    return PartView.model_validate({"ok": True, "detail": detail})
