"""Write to Kafka: one producer, a thread for its callbacks, and futures in the event loop."""

import asyncio
import threading
from functools import partial
from typing import Any

from confluent_kafka import KafkaException

from weir import kafka_clients
from weir.errors import PartUnavailable

REPLY_TO = "weir-reply-to"


class KafkaStream:
    """Puts records on Kafka. The producer retries an undelivered record for five minutes."""

    def __init__(self, bootstrap_servers: str, loop: asyncio.AbstractEventLoop) -> None:
        self._producer = kafka_clients.producer(bootstrap_servers, queue_buffering_max_kbytes=256 * 1024)
        self._loop = loop
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="kafka-deliveries", daemon=True)
        self._thread.start()

    def put(self, topic: str, key: str, value: bytes, *, reply_to: str | None = None) -> asyncio.Future[bool]:
        """Put a record on a topic. The future is True once all in-sync replicas have it, False if the producer gave up."""
        delivered: asyncio.Future[bool] = self._loop.create_future()
        headers = [] if reply_to is None else [(REPLY_TO, reply_to.encode())]
        try:
            self._producer.produce(
                topic, value, key=key.encode(), headers=headers, on_delivery=partial(self._settled, delivered)
            )
        except (BufferError, KafkaException):  # the queue is full: the broker has been down for long
            delivered.set_result(False)
        return delivered

    def ping(self, topic: str, timeout_s: float = 1.0) -> None:
        """Raise PartUnavailable unless the broker answers and has the topic. Blocks for up to `timeout_s`."""
        try:
            found = self._producer.list_topics(topic, timeout=timeout_s).topics[topic]
        except KafkaException as error:
            raise PartUnavailable(f"The broker does not answer: {error}.", "See `weir logs kafka`.") from error
        if found.error is not None:
            raise PartUnavailable(f"Topic {topic} is missing: {found.error}.", "Run `weir up`, which creates it.")

    def close(self, timeout_s: float = 2.0) -> None:
        """Send queued records for up to `timeout_s`, drop the rest, and stop. Blocks."""
        if self._producer.flush(timeout_s):
            self._producer.purge()
            self._producer.flush(timeout_s)
        self._stopped.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            self._producer.poll(0.1)

    def _settled(self, delivered: asyncio.Future[bool], error: Any, _record: Any) -> None:
        self._loop.call_soon_threadsafe(_settle, delivered, error is None)


def _settle(delivered: asyncio.Future[bool], result: bool) -> None:
    if not delivered.done():
        delivered.set_result(result)
