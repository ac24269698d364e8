"""A stand-in for the detector job on a real broker: a thread that answers payments which ask for a reply.

The score is a thousandth of the amount; amounts over 1000 are dead-lettered.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.builders import a_scored_transaction
from weir import kafka_clients
from weir.messages import DeadLetter, Position, encode
from weir.payments import read_payment


def score_or_dead_letter(record):
    source = Position(record.topic(), record.partition(), record.offset())
    payment = read_payment(record.value()).transaction
    if payment.amount > 1000:
        return DeadLetter(
            stage="detector",
            field="amount",
            reason="too much",
            source=source,
            payload=record.value(),
            dead_lettered_at_ms=0,
            transaction_id=payment.transaction_id,
            user_id=payment.user_id,
        )
    score = payment.amount / 1000
    ids = {"transaction_id": payment.transaction_id, "user_id": payment.user_id}
    return a_scored_transaction(**ids, score=score, decision="challenge", source=source)


def answer(record, producer, topic):
    for name, value in record.headers() or []:
        if name == "weir-reply-to":
            producer.produce(topic, encode(score_or_dead_letter(record)), key=value)
    producer.poll(0)


@contextmanager
def a_stand_in_detector(settings) -> Iterator[None]:
    stopped = threading.Event()
    consumer = kafka_clients.consumer(settings.bootstrap_servers, "stand-in")
    producer = kafka_clients.producer(settings.bootstrap_servers, linger_ms=0)

    def loop():
        consumer.subscribe([settings.topics.transactions])
        while not stopped.is_set():
            record = consumer.poll(0.1)
            if record is not None and record.error() is None:
                answer(record, producer, settings.topics.replies)
        consumer.close()
        producer.flush(5)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
