"""The frozen twin on a real broker: it follows, freezes, alerts, and goes on with what it knew after a restart."""

import uuid

import pytest

from detector.kafka_twin import TwinProcess
from operations.runner.kafka_admin import lag
from tests.builders import MINUTE_MS, NOON_MS, a_transaction
from tests.scorers import a_scorer
from tests.waiting import eventually
from weir.artefact import pack, sign
from weir.kafka_clients import create_topics, producer, read_to_end
from weir.messages import SCORED, TWIN_FROZEN, Publication, encode
from weir.settings import Settings
from weir.topics import FROZEN_KEY

KEY, FREEZE_MS = "twin", NOON_MS + 10 * MINUTE_MS


@pytest.fixture
def settings(broker):
    found = Settings(
        namespace=f"twin-{uuid.uuid4().hex[:8]}",
        signing_key=KEY,
        kafka={"bootstrap_servers": broker, "partitions": 1},
    )
    create_topics(broker, found.topics.all())
    return found


def publish(settings, number, intercept):
    artefact = pack(a_scorer(intercept=intercept))
    publication = Publication(
        publication=number,
        epoch=1,
        n=number,
        contender="champion",
        artefact=artefact,
        signature=sign(artefact, KEY.encode()),
        digest="d",
        published_at_ms=NOON_MS,
    )
    send(settings, settings.topics.control, encode(publication), b"model:champion")


def pay(settings, *minutes):
    for minute in minutes:
        payment = a_transaction(transaction_id=f"t{minute}", event_time=NOON_MS + minute * MINUTE_MS)
        send(settings, settings.topics.transactions, encode(payment), b"u1")


def send(settings, topic, payload, key):
    out = producer(settings.bootstrap_servers)
    out.produce(topic, payload, key)
    assert out.flush(10) == 0


def behind(settings):
    topics = [topic for topic in settings.topics.all() if topic.name == settings.topics.transactions]
    return lag(settings.bootstrap_servers, settings.twin_group, topics)


def run_until_caught_up(settings):
    """A twin that has followed everything there is, and was then stopped."""
    twin = TwinProcess(settings, FREEZE_MS)

    def caught_up():
        twin.step()
        return behind(settings) == {settings.topics.transactions: 0}

    eventually(caught_up, 30, every_s=0)
    twin.close()


def alerts(settings):
    records = list(read_to_end(settings.bootstrap_servers, settings.topics.twin_alerts))
    scored = [SCORED.decode(record.value()) for record in records if record.key() != FROZEN_KEY]
    frozen = [TWIN_FROZEN.decode(record.value()) for record in records if record.key() == FROZEN_KEY]
    return {(one.transaction_id, one.model.publication) for one in scored}, frozen


def test_it_alerts_from_its_moment_on_with_the_model_of_that_moment_also_after_a_restart(settings):
    publish(settings, 1, intercept=9.0)
    pay(settings, 1)
    run_until_caught_up(settings)
    assert alerts(settings) == (set(), [])
    pay(settings, 10, 11)
    run_until_caught_up(settings)
    found, frozen = alerts(settings)
    assert [one.event_time_ms for one in frozen] == [FREEZE_MS]
    assert found == {("t10", 1), ("t11", 1)}
    publish(settings, 2, intercept=-9.0)
    pay(settings, 12)
    run_until_caught_up(settings)
    found, frozen = alerts(settings)
    assert ("t12", 1) in found
    assert len(frozen) == 1
