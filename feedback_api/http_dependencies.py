"""Dependencies of the handlers: the wired parts and a checked JSON body.

They are coroutines without dependencies of their own: FastAPI runs plain functions in threads, and resolving a tree of
dependencies costs more than accepting a label.
"""

from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from feedback_api.bootstrap import Parts
from feedback_api.errors import BodyTooLarge, NotJson
from weir.errors import InvalidRecord
from weir.json_names import require_distinct_names


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]


async def _json_body(request: Request) -> bytes:
    """Read the body, up to `api.max_body_bytes`.

    Raises:
        NotJson: the content type is not JSON.
        BodyTooLarge: the declared or the actual length exceeds the limit.
        InvalidRecord: the client disconnected, or the body names a field twice.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJson("$", "send JSON with the header `Content-Type: application/json`")
    body = await read_body(request, request.app.state.parts.settings.api.max_body_bytes)
    require_distinct_names(body)
    return body


async def read_body(request: Request, limit: int) -> bytes:
    """Read the body, up to `limit` bytes.

    Raises:
        BodyTooLarge: the declared or the actual length exceeds the limit.
        InvalidRecord: the client disconnected.
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
    return BodyTooLarge("$", f"the body exceeds {limit} bytes; send a shorter one")


JsonBody = Annotated[bytes, Depends(_json_body)]
