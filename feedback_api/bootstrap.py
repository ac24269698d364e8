"""Wires the parts of the API's process."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from feedback_api.console.console import Console
from feedback_api.console.facts import Fact
from feedback_api.console.jinja_pages import Pages
from feedback_api.console.kafka_console import ConsoleReader
from feedback_api.console.web_assets import WebAssets, own_files, scripts
from feedback_api.decisions import Decisions
from feedback_api.kafka_receipts import ReceiptReader
from feedback_api.kafka_replies import ReplyReader
from feedback_api.kafka_stream import KafkaStream
from feedback_api.label_outbox import LabelOutbox
from feedback_api.policy import DeadlinePolicy
from feedback_api.prometheus_metrics import Metrics
from feedback_api.replies import ExpectedReplies, PaymentKey, Reply
from feedback_api.sql_database import open_database
from feedback_api.sql_labels import SqlLabels
from feedback_api.sql_receipts import SqlReceipts
from weir import kafka_clients
from weir.clock import now_ms
from weir.compiled import warm
from weir.errors import MissingPart
from weir.messages import Label, Transaction, encode
from weir.settings import Settings

REPLIES_WITHIN_S = 5.0
OUTBOX_EVERY_S = 5.0
SETTLE_S = 3.0
"""Waits at start, between resends and at shutdown. Round numbers; not measured."""

log = structlog.get_logger()


class Stream(Protocol):
    """The write side of Kafka."""

    def put(self, topic: str, key: str, value: bytes, *, reply_to: str | None = None) -> asyncio.Future[bool]:
        """Put a record on a topic. The future is True once the broker acknowledged it, False if it gave up."""

    def ping(self, topic: str) -> None:
        """Raise PartUnavailable unless the broker answers and has the topic. Blocks."""


@dataclass(frozen=True)
class Parts:
    """The parts that the handlers use.

    `checks` maps a part to a blocking check that raises PartUnavailable or returns a detail for `/readyz`.
    `console_problem` is the reason why the console has no page, if any. `signing_key` is None unless set.
    """

    settings: Settings
    labels: LabelOutbox
    decisions: Decisions
    stream: Stream
    metrics: Metrics
    checks: dict[str, Callable[[], object]]
    console: Console
    pages: Pages
    assets: WebAssets
    signing_key: bytes | None
    console_problem: str | None


def wire(
    settings: Settings,
    store: SqlLabels,
    receipts: SqlReceipts,
    stream: Stream,
    replies: ExpectedReplies,
    *,
    instance: str,
    positions: Callable[[], dict[int, int]],
) -> Parts:
    """Assemble the parts. Nothing connects here."""
    topics, metrics = settings.topics, Metrics()

    def send_label(label: Label) -> asyncio.Future[bool]:
        return stream.put(topics.labels, label.transaction_id, encode(label))

    def put_payment(payment: Transaction, payload: bytes) -> asyncio.Future[bool]:
        return stream.put(topics.transactions, payment.user_id, payload, reply_to=instance)

    policy = DeadlinePolicy(
        settings.detector.base_currency,
        settings.api.fail_open_below,
        settings.api.fail_closed_decision,
        settings.detector.money_back_types,
    )
    labels = LabelOutbox(store, send_label, resolved=receipts.resolved, now_ms=now_ms, new_id=lambda: str(uuid.uuid4()))
    metrics.labels_in_flight.set_function(lambda: labels.in_flight)
    checks: dict[str, Callable[[], object]] = {
        "database": store.ping,
        "broker": partial(stream.ping, topics.transactions),
        "replies": positions,
    }
    key = settings.signing_key.get_secret_value().encode() if settings.signing_key else None
    assets, problem = _open_assets(settings)
    return Parts(
        settings,
        labels,
        Decisions(put_payment, replies, policy),
        stream,
        metrics,
        checks,
        console=Console(key or None, lambda: str(uuid.uuid4())),
        pages=Pages(settings.detector.base_currency, assets.address),
        assets=assets,
        signing_key=key or None,
        console_problem=problem,
    )


def _open_assets(settings: Settings) -> tuple[WebAssets, str | None]:
    """The console's files, or the reason why its scripts are missing. Labels and decisions work without them."""
    try:
        return WebAssets({**own_files(), **scripts(settings.cache_dir)}), None
    except MissingPart as error:
        log.warning("console_scripts_missing", problem=error.problem)
        return WebAssets(own_files()), str(error)


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """Open the parts, and close them when the block ends.

    The API starts even without a broker; until there is one, payments are answered by the deadline policy.
    """
    loop, instance = asyncio.get_running_loop(), uuid.uuid4().hex
    await asyncio.to_thread(warm, settings.cache_dir)
    engine = await asyncio.to_thread(open_database, settings.database_url)
    replies, stream = ExpectedReplies(), KafkaStream(settings.bootstrap_servers, loop)

    def arrived(key: PaymentKey, reply: Reply) -> None:
        loop.call_soon_threadsafe(replies.arrived, key, reply)

    reader = ReplyReader(
        settings.bootstrap_servers,
        settings.topics.replies,
        instance,
        prepare=partial(_create_topics, settings),
        arrived=arrived,
    )
    receipts = SqlReceipts(engine)
    parts = wire(
        settings,
        SqlLabels(engine, now_ms),
        receipts,
        stream,
        replies,
        instance=instance,
        positions=reader.positions,
    )
    seen = ConsoleReader(
        settings.bootstrap_servers,
        settings.topics,
        instance,
        prepare=partial(_create_topics, settings),
        apply=partial(_hand_over, loop, parts.console),
    )
    told = ReceiptReader(
        settings.bootstrap_servers, settings.topics, receipts, prepare=partial(_create_topics, settings)
    )
    parts.checks.update(console=seen.check, receipts=told.check)
    outbox = asyncio.create_task(parts.labels.resend_forever(OUTBOX_EVERY_S))
    try:
        await asyncio.to_thread(reader.wait_until_assigned, REPLIES_WITHIN_S)
        log.info("api_started", namespace=settings.namespace, instance=instance)
        yield parts
    finally:
        outbox.cancel()
        with suppress(asyncio.CancelledError):
            await outbox
        await parts.labels.settle(SETTLE_S)
        await asyncio.gather(*(asyncio.to_thread(one.close) for one in (seen, told, reader)))
        await asyncio.to_thread(stream.close)
        engine.dispose()


def _hand_over(loop: asyncio.AbstractEventLoop, console: Console, facts: list[Fact]) -> None:
    """Apply facts in the event loop's thread. Blocks until they are applied."""

    async def apply_all() -> None:
        now = now_ms()
        for fact in facts:
            console.apply(fact, now)

    asyncio.run_coroutine_threadsafe(apply_all(), loop).result()


def _create_topics(settings: Settings) -> None:
    replication = settings.kafka.replication
    kafka_clients.create_topics(settings.bootstrap_servers, settings.topics.all(), replication, timeout_s=5)
