"""The detector job's exactly-once mode: a TaskManager is killed mid-stream, and no score appears twice."""

from collections import Counter

import pytest

from tests.builders import NOON_MS, a_transaction
from tests.flink.contract_kills import killable_cluster
from tests.flink.jobs import job, read
from weir.kafka_clients import create_topics, producer
from weir.messages import encode
from weir.settings import Settings

pytestmark = pytest.mark.timeout(3600)
PAYMENTS = 1500


@pytest.fixture(scope="module")
def scored_ids(broker, cache_dir, tmp_path_factory) -> list[bytes]:
    """The ids of the committed scores, in the order in which a reader received them."""
    settings = Settings(
        namespace="scores-once",
        signing_key="test",
        kafka={"bootstrap_servers": broker, "partitions": 2},
        flink={"exactly_once_scores": True},
    )
    topics = settings.topics
    create_topics(broker, topics.all())
    with (
        killable_cluster(tmp_path_factory.mktemp("scores-once"), cache_dir) as cluster,
        job(cluster.flink, settings, "detector.flink_job") as job_id,
    ):
        _send(broker, topics, range(500))
        assert read(broker, topics.scored, lambda records: len(records) >= 1, 90)
        _send(broker, topics, range(500, 1000))
        cluster.kill(cluster.taskmanager_of(job_id, "score"))
        _send(broker, topics, range(1000, PAYMENTS))
        records = read(broker, topics.scored, lambda records: len(records) >= PAYMENTS, 120)
    return [record.key() for record in records]


def _send(broker, topics, numbers) -> None:
    out = producer(broker)
    for number in numbers:
        payment = a_transaction(transaction_id=f"t{number}", user_id=f"u{number % 20}", event_time=NOON_MS + number)
        out.produce(topics.transactions, encode(payment))
    assert out.flush(30) == 0


def test_every_transaction_is_scored_exactly_once(scored_ids):
    assert Counter(scored_ids) == {b"t%d" % number: 1 for number in range(PAYMENTS)}
