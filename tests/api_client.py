"""A client of the real application, with a fake stream in place of a broker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from feedback_api.bootstrap import Parts, now_ms, wire
from feedback_api.http_app import create_app
from feedback_api.replies import ExpectedReplies, reply_of
from feedback_api.sql_database import open_database
from feedback_api.sql_labels import SqlLabels
from feedback_api.sql_receipts import SqlReceipts
from weir.errors import PartUnavailable
from weir.messages import TRANSACTION, Transaction, decode_with
from weir.settings import Settings

Detector = Callable[[Transaction], bytes | None]


class FakeStream:
    """Keeps records, or refuses them while `away`; the `detector` answers payments that ask for a reply."""

    def __init__(self, detector: Detector = lambda _: None) -> None:
        self.records: list[tuple[str, str, bytes]] = []
        self.away = False
        self.replies = ExpectedReplies()
        self._detector = detector

    def put(self, topic: str, key: str, value: bytes, *, reply_to: str | None = None) -> asyncio.Future[bool]:
        delivered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        delivered.set_result(not self.away)
        if not self.away:
            self.records.append((topic, key, value))
            if reply_to and (reply := self._detector(decode_with(TRANSACTION, value))):
                self.replies.arrived(*reply_of(reply))
        return delivered

    def ping(self, topic: str) -> None:
        if self.away:
            raise PartUnavailable(f"No broker has {topic}.", "Start it.")


class ApiClient:
    """Sends blocking requests to an application that runs in its own event loop."""

    def __init__(self, app: FastAPI, portal: BlockingPortal, client: httpx.AsyncClient) -> None:
        self.app = app
        self.call = portal.call
        self._client = client

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call(partial(self._client.get, path, **options))

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.call(partial(self._client.post, path, **options))


@contextmanager
def a_client_of(app: FastAPI) -> Iterator[ApiClient]:
    """Run the application, including its lifespan, and yield an in-process client."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    with start_blocking_portal() as portal:
        lifespan = portal.wrap_async_context_manager(app.router.lifespan_context(app))
        client = portal.wrap_async_context_manager(httpx.AsyncClient(transport=transport, base_url="http://api"))
        with lifespan, client as opened:
            yield ApiClient(app, portal, opened)


@contextmanager
def an_api(
    folder: Path, stream: FakeStream, signing_key: str | None = None, **api_settings: object
) -> Iterator[ApiClient]:
    """Yield a client of the application around `stream`, with its database in `folder`."""
    api = {"database_url": f"sqlite:///{folder / 'weir.db'}?timeout=0.2", **api_settings}
    settings = Settings(api=api, signing_key=signing_key)

    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncIterator[Parts]:
        engine = open_database(settings.database_url)
        store, receipts = SqlLabels(engine, now_ms), SqlReceipts(engine)
        yield wire(settings, store, receipts, stream, stream.replies, instance="api-1", positions=lambda: {0: 0})
        engine.dispose()

    with a_client_of(create_app(settings, opened)) as client:
        yield client
