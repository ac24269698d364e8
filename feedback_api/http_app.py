"""The FastAPI application. Its lifespan opens and closes the parts that the handlers use."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from feedback_api import http_alerts, http_console, http_decisions, http_health, http_labels, http_user_events
from feedback_api.bootstrap import Parts, open_parts
from feedback_api.http_errors import map_errors
from feedback_api.http_openapi import DocumentedApi
from feedback_api.http_security import ConsoleHeaders
from weir import __version__
from weir.settings import Settings

DESCRIPTION = "Submit labels, get decisions on payments and work the review queue of a Weir deployment."

OpenParts = Callable[[Settings], AbstractAsyncContextManager[Parts]]


def create_app(settings: Settings, opened: OpenParts = open_parts) -> FastAPI:
    """Build the application. Nothing connects before its lifespan starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings) as parts:
            app.state.parts = parts
            yield

    app = DocumentedApi(title="Weir", version=__version__, description=DESCRIPTION, lifespan=lifespan)
    app.state.stopping = threading.Event()  # set at shutdown; open console pages end their event streams
    app.add_middleware(ConsoleHeaders)
    for module in (http_labels, http_alerts, http_decisions, http_user_events, http_health, http_console):
        app.include_router(module.router)
    map_errors(app)
    return app
