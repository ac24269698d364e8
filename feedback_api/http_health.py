"""`/healthz`, `/readyz`, `/metrics`, and a landing page with links."""

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


@router.get("/", summary="List the endpoints")
async def landing(parts: PartsDep) -> dict[str, str | dict[str, str]]:
    """Returns the namespace of the deployment and links to its endpoints."""
    return {"name": "weir", "version": __version__, "namespace": parts.settings.namespace, "links": LINKS}


@router.get("/healthz", summary="Check that the process is alive")
async def healthz() -> dict[str, bool]:
    """Checks nothing else. If it does not answer, restart the process."""
    return {"alive": True}


@router.get(
    "/readyz",
    summary="Check that every part is healthy",
    responses={503: {"model": Readiness, "description": "A part is unhealthy"}},
)
async def readyz(parts: PartsDep, response: Response) -> Readiness:
    """Checks the database, the broker, the reply reader and the console reader, and reports the problem of each."""
    views = await asyncio.gather(*(asyncio.to_thread(_view, check) for check in parts.checks.values()))
    ready = all(view.ok for view in views)
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, parts=dict(zip(parts.checks, views, strict=True)))


@router.get("/metrics", summary="Get metrics", response_class=Response)
async def metrics(parts: PartsDep) -> Response:
    """Returns metrics in the Prometheus text format."""
    return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _view(check: Callable[[], object]) -> PartView:
    try:
        detail = check()
    except PartUnavailable as error:
        return PartView(ok=False, detail=str(error))
    return PartView.model_validate({"ok": True, "detail": detail})
