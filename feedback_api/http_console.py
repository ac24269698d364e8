"""`/console`: the review console. Visitors sign in once with a pass in the address, then with a cookie."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from feedback_api.bootstrap import Parts
from feedback_api.console.desk import Desk
from feedback_api.http_dependencies import PartsDep, read_body
from feedback_api.replies import key_of
from weir.clock import now_ms
from weir.errors import InvalidRecord, PartUnavailable
from weir.messages import ScoredTransaction, Verdict
from weir.sign_in import name_on

COOKIE = "weir_console"
FORM_BYTES = 4096
"""A form holds a verdict and a transaction id, whose 128 characters take up to 1,536 bytes URL-encoded."""

TICK_S = 0.25
SLOW_EVERY = 4
"""The quick parts of an open page are rendered every 250 ms, the slow ones every second. Not measured."""

QUICK = ("case", "note", "keys", "receipt")
SLOW = ("top", "race", "queue", "feed")
FOR_EVER = "public, max-age=31536000, immutable"
VERDICTS: dict[str, Verdict] = {"fraud": "fraud", "legitimate": "legitimate"}

router = APIRouter(prefix="/console", include_in_schema=False)


@router.get("/sign-in")
async def sign_in(request: Request, parts: PartsDep, presented: Annotated[str, Query(alias="pass")] = "") -> Response:
    """Exchange a pass for a cookie."""
    if _name_on(parts, presented) is None:
        return _not_signed_in(parts)
    answer = RedirectResponse("/console", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, presented, path="/console", httponly=True, samesite="lax", secure=secure)
    return answer


@router.get("")
async def show(request: Request, parts: PartsDep) -> Response:
    name = _visitor(request, parts)
    if name is None:
        return _not_signed_in(parts)
    if parts.console_problem is not None:
        return HTMLResponse(parts.pages.message("The console is not available", parts.console_problem), 503)
    desk, now = parts.console.desk(name), now_ms()
    desk.keep(parts.console.queue, now)
    return HTMLResponse(parts.pages.console(parts.console, desk, now))


@router.get("/live")
async def live(request: Request, parts: PartsDep) -> Response:
    """Stream the fragments of the page as they change, as server-sent events."""
    name = _visitor(request, parts)
    if name is None:
        return _not_signed_in(parts)
    return StreamingResponse(_changes(request, parts, name), media_type="text/event-stream")


@router.post("/verdict")
async def verdict(request: Request, parts: PartsDep) -> Response:
    """Submit a verdict. It is ignored unless it is on the case on the visitor's desk, so a late click does no harm."""
    desk, form = await _act(request, parts)
    given = VERDICTS.get(form.get("verdict", ""))
    if given is None:
        raise InvalidRecord("verdict", "must be fraud or legitimate")
    if desk.case is not None and _is_on(desk.case, form):
        await _give_verdict(parts, desk, given)
    return _next(request, parts, desk)


@router.post("/skip")
async def skip(request: Request, parts: PartsDep) -> Response:
    desk, form = await _act(request, parts)
    if desk.case is None or _is_on(desk.case, form):
        desk.skip(parts.console.queue, now_ms())
    return _next(request, parts, desk)


@router.get("/static/{version}/{name}")
async def static(version: str, name: str, parts: PartsDep) -> Response:
    asset = parts.assets.find(version, name)
    if asset is None:
        raise HTTPException(404)
    return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": FOR_EVER})


def _is_on(case: ScoredTransaction, form: Mapping[str, str]) -> bool:
    return (form.get("user_id"), form.get("transaction_id")) == key_of(case)


async def _give_verdict(parts: Parts, desk: Desk, given: Verdict) -> None:
    """Submit the verdict as a label. If a part is down, the case stays on the desk and the receipt shows the problem."""
    case = desk.case
    request = desk.ask(given, parts.console.clock.event_time_ms, now_ms())
    receipt = desk.receipt
    try:
        label = await parts.labels.accept(request)
    except PartUnavailable as error:
        if receipt is not None:
            receipt.problem = str(error)
        return
    parts.metrics.labels.labels(label.verdict).inc()
    parts.console.accepted(label, now_ms())
    if desk.case is case:
        desk.lease_next(parts.console.queue, now_ms())


async def _changes(request: Request, parts: Parts, name: str) -> AsyncIterator[str]:
    sent: dict[str, str] = {}
    ticks = 0
    while not request.app.state.stopping.is_set() and _visitor(request, parts) == name:
        desk, now = parts.console.desk(name), now_ms()
        desk.keep(parts.console.queue, now)
        for part in (*QUICK, *SLOW) if ticks % SLOW_EVERY == 0 else QUICK:
            html = parts.pages.fragment(part, parts.console, desk, now)
            if sent.get(part) != html:
                sent[part] = html
                yield _event(part, html)
        ticks += 1
        await asyncio.sleep(TICK_S)


def _event(name: str, html: str) -> str:
    lines = "\n".join(f"data: {line}" for line in html.splitlines()) or "data: "
    return f"event: {name}\n{lines}\n\n"


async def _act(request: Request, parts: Parts) -> tuple[Desk, dict[str, str]]:
    """The visitor's desk and the fields of the form.

    Raises:
        HTTPException: the visitor is not signed in, or another site sent the form.
    """
    if not _same_origin(request):
        raise HTTPException(HTTPStatus.FORBIDDEN, "Send this from the console's own page.")
    name = _visitor(request, parts)
    if name is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "Open the address that `weir demo` printed.")
    return parts.console.desk(name), await _form(request)


def _same_origin(request: Request) -> bool:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await read_body(request, FORM_BYTES)).decode(errors="replace")))


def _next(request: Request, parts: Parts, desk: Desk) -> Response:
    if "hx-request" not in request.headers:
        return RedirectResponse("/console", 303)
    now = now_ms()
    desk.keep(parts.console.queue, now)
    return HTMLResponse(parts.pages.after_act(parts.console, desk, now))


def _visitor(request: Request, parts: Parts) -> str | None:
    return _name_on(parts, request.cookies.get(COOKIE, ""))


def _name_on(parts: Parts, presented: str) -> str | None:
    key = parts.signing_key
    return None if key is None else name_on(presented, now_ms(), key)


def _not_signed_in(parts: Parts) -> Response:
    text = "Open the address that `weir demo` printed. It signs this browser in until its pass expires."
    if parts.signing_key is None:
        text = "No signing key is set, so nobody can sign in. Set WEIR_SIGNING_KEY and restart the API; `weir up` makes one."
    return HTMLResponse(parts.pages.message("You are not signed in", text), 401)
