"""What handlers ask for: the wired parts, and a checked JSON body.

Coroutines, and no tree of them: FastAPI runs plain functions in threads, and resolving a tree costs more than a label.
"""

from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from feedback_api.bootstrap import Parts
from feedback_api.errors import BodyTooLarge, NotJson
from weir.errors import InvalidRecord


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]


async def _json_body(request: Request) -> bytes:
    """The body's bytes, never more than `api.max_body_bytes` of them.

    Raises:
        NotJson: the content type is another.
        BodyTooLarge: declared or sent.
        InvalidRecord: the client went away.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJson("$", "send JSON, with the header `Content-Type: application/json`")
    return await read_body(request, request.app.state.parts.settings.api.max_body_bytes)


async def read_body(request: Request, limit: int) -> bytes:
    """The body's bytes.

    Raises:
        BodyTooLarge: more than `limit` of them are declared or sent.
        InvalidRecord: the client went away.
    """
    declared, body = request.headers.get("content-length", "0"), bytearray()
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise _too_large(limit)
    except ClientDisconnect as error:
        raise InvalidRecord("$", "the connection closed before the body was complete") from error
    return bytes(body)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge("$", f"the body may have {limit} bytes at most")


JsonBody = Annotated[bytes, Depends(_json_body)]
