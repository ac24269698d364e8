"""The learner as a process on a real broker: killed, restarted and fenced, it loses and doubles nothing."""

import signal

import pytest
from confluent_kafka import TopicPartition

from learner.fold import Fold
from tests.builders import an_example
from tests.learner_on_kafka import KEY, a_learner, a_namespace, control, last_n, publications, send_entries
from tests.learning_stream import a_learning_stream, numbered
from tests.waiting import eventually
from weir.artefact import unpack, verify_reputation
from weir.kafka_clients import consumer, producer
from weir.messages import CONTROL, Publication, Reputation, encode
from weir.settings import LearningSettings, Settings

STREAM = a_learning_stream(400)


@pytest.fixture
def settings(broker):
    return a_namespace(broker)


def send(settings: Settings, start: int, stop: int) -> None:
    """Send entries start..stop (excluded) of the stream; numbers begin at 1."""
    send_entries(settings, STREAM, start, stop)


def straight_digest(count: int) -> str:
    fold = Fold(LearningSettings())
    for n, example in numbered(STREAM[:count]):
        fold.learn(1, n, example)
    return fold.digest()


def test_examples_become_signed_publications_and_reputations(settings):
    send(settings, 1, 101)
    with a_learner(settings):
        eventually(lambda: last_n(settings) == 100)
    *_, last = publications(settings)
    reputations = [record for record in control(settings) if isinstance(record, Reputation)]
    assert any(unpack(last.artefact, last.signature, KEY.encode()).bins)
    assert last.digest == straight_digest(100)
    frauds = {example.merchant_id for example in STREAM[:100] if example.verdict == "fraud"}
    assert frauds
    assert {reputation.entity_id for reputation in reputations} <= frauds
    assert all(verify_reputation(reputation, KEY.encode()) for reputation in reputations)


def test_learner_killed_in_mid_stream_loses_and_doubles_nothing(settings):
    for start in (1, 201):
        with a_learner(settings) as process:
            send(settings, start, start + 200)
            eventually(lambda reached=start: last_n(settings) >= reached + 20)
            process.send_signal(signal.SIGKILL)
    with a_learner(settings):
        eventually(lambda: last_n(settings) == 400)
    found = publications(settings)
    assert [publication.publication for publication in found] == list(range(1, len(found) + 1))
    assert found[-1].digest == straight_digest(400)
    assert found[-1].metrics["examples"] == sum(example.outcome != "confirmation" for example in STREAM)


def test_second_learner_fences_the_first_which_ends_with_one_line(settings):
    with a_learner(settings) as first:
        send(settings, 1, 11)
        eventually(lambda: last_n(settings) == 10)
        with a_learner(settings) as second:
            assert "learner_started" in second.stderr.readline()
            send(settings, 11, 21)
            eventually(lambda: last_n(settings) == 20 and first.poll() is not None)
        lines = first.communicate()[1].splitlines()
    assert first.returncode == 1
    assert lines[-1].startswith("Another learner of this namespace took over.")
    numbers = [publication.publication for publication in publications(settings)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_sigterm_publishes_what_was_learned_and_ends_cleanly(settings):
    send(settings, 1, 51)
    with a_learner(settings) as process:
        eventually(lambda: last_n(settings) >= 1)
        process.terminate()
        assert process.wait(10) == 0
    with a_learner(settings):
        eventually(lambda: last_n(settings) == 50)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [("1:3", encode(an_example()), "goes from 1:0 to 1:3"), ("1:1", b"{}", "offset 0 with the key b'1:1'")],
)
def test_broken_log_ends_the_learner_with_one_line(settings, key, value, complaint):
    writer = producer(settings.bootstrap_servers)
    writer.produce(settings.topics.learning_log, value, key)
    assert writer.flush(30) == 0
    with a_learner(settings) as process:
        lines = process.communicate(timeout=30)[1].splitlines()
    assert process.returncode == 1
    assert complaint in lines[-1]


def test_every_example_is_published_by_itself_when_they_come_slowly(settings):
    with a_learner(settings):
        send(settings, 1, 2)
        eventually(lambda: last_n(settings) == 1)
        reader = consumer(settings.bootstrap_servers, "test-publications")
        reader.assign([TopicPartition(settings.topics.control, 0, 0)])
        for n in range(2, 22):
            send(settings, n, n + 1)
            eventually(lambda n=n: _published(reader) == n, every_s=0)
        reader.close()


def _published(reader) -> int | None:
    """The last example of the next record, if it is a publication."""
    record = reader.poll(1)
    if record is None or record.error() is not None or record.value() is None:
        return None
    found = CONTROL.decode(record.value())
    return found.n if isinstance(found, Publication) else None
