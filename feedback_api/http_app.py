"""The application: routes, errors and schema around parts that open with its lifespan."""

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

OpenParts = Callable[[Settings], AbstractAsyncContextManager[Parts]]


def create_app(settings: Settings, opened: OpenParts = open_parts) -> FastAPI:
    """The application; nothing connects before its lifespan starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings) as parts:
            app.state.parts = parts
            yield

    app = DocumentedApi(title="Weir", version=__version__, description=__doc__, lifespan=lifespan)
    app.state.stopping = (
        threading.Event()
    )  # set when the process is told to stop: pages that are open end their streams
    app.add_middleware(ConsoleHeaders)
    for module in (http_labels, http_alerts, http_decisions, http_user_events, http_health, http_console):
        app.include_router(module.router)
    map_errors(app)
    return app
