"""Send transactions, and read the output topics in a thread."""

from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Self

from confluent_kafka import TopicPartition

from weir.errors import PartUnavailable
from weir.kafka_clients import consumer, producer
from weir.messages import Transaction, encode
from weir.settings import Settings

Handler = Callable[[bytes | None, bytes], object]

_TIMEOUT_S = 30.0
"""Ends the wait for a broker that does not answer. A round number; not measured."""


class TransactionSender:
    """Sends transactions as a merchant's producer does, keyed by user."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topics.transactions
        self._producer = producer(settings.bootstrap_servers)
        self.sent = 0

    def send(self, transaction: Transaction) -> None:
        """Pass a transaction to the producer, which sends it within milliseconds."""
        self.send_bytes(encode(transaction), transaction.user_id.encode())

    def send_bytes(self, payload: bytes, key: bytes) -> None:
        """Send any bytes, including bytes that are not a transaction."""
        while True:
            try:
                self._producer.produce(self._topic, payload, key)
            except BufferError:
                self._producer.poll(0.1)
            else:
                break
        self._producer.poll(0)
        self.sent += 1

    def flush(self) -> None:
        """Wait until the broker has accepted everything.

        Raises:
            PartUnavailable: it has not within `_TIMEOUT_S`.
        """
        if left := self._producer.flush(_TIMEOUT_S):
            raise PartUnavailable(f"The broker did not accept {left} transactions.", "See `weir logs kafka`.")

    def close(self) -> None:
        """Drop what is not sent and close the producer, which would otherwise complain when the broker stops."""
        self._producer.purge()
        self._producer.close()


class Watcher:
    """Calls the handler of its topic with key and payload of every record, in a thread, while the block runs."""

    def __init__(self, settings: Settings, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._reader = consumer(settings.bootstrap_servers, f"weir-watcher-{settings.namespace}")
        self._stop = Event()
        self._failure: Exception | None = None
        self._thread = Thread(target=self._run, name="watcher", daemon=True)

    def __enter__(self) -> Self:
        listed = self._reader.list_topics(timeout=_TIMEOUT_S).topics
        places = [(topic, number) for topic in self._handlers for number in listed[topic].partitions]
        self._reader.assign([TopicPartition(topic, number, 0) for topic, number in places])
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(_TIMEOUT_S)
        self._reader.close()

    def check(self) -> None:
        """Raise PartUnavailable if the thread has failed."""
        if self._failure is not None:
            raise PartUnavailable(
                f"The loop's topics cannot be read: {self._failure}.", "See `weir logs kafka`."
            ) from self._failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._process()
        except Exception as error:  # noqa: BLE001 -- `check` raises it in the main thread
            self._failure = error

    def _process(self) -> None:
        for record in self._reader.consume(2000, timeout=0.02):
            if record.error() is not None:
                raise PartUnavailable(str(record.error()), "See `weir logs kafka`.")
            if record.value() is not None:
                self._handlers[record.topic()](record.key(), record.value())
