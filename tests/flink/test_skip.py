"""A record at which a job fails outside Python, on a real cluster: it is named, set aside, and the rest is scored."""

from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import NamedTuple

import pytest
from confluent_kafka import Message

from ledger.counting import Ledger
from operations.runner import job
from operations.runner.diary import Diary
from operations.runner.environment import environment_of
from operations.runner.failures import LOOP
from operations.runner.flink_rest import FlinkRest
from operations.runner.kafka_admin import committed
from operations.runner.skip import skip
from tests.builders import a_transaction
from tests.flink.jobs import read
from tests.product import ROOT
from tests.waiting import eventually
from weir.errors import DeploymentError
from weir.kafka_clients import create_topics, producer
from weir.messages import DEAD_LETTER, SCORED, DeadLetter, Position, encode
from weir.settings import Settings

BEFORE, AFTER = 20, 30
FATAL = encode(a_transaction(transaction_id="fatal")).replace(b'"amount":', b'"amount":"twelve","was":')


class Outcome(NamedTuple):
    settings: Settings
    story: str
    endings: list[str]
    answers: list[str]
    sent: list[Message]
    scored: list[Message]
    dead: list[Message]


@pytest.fixture(scope="module")
def settings(broker, flink_cluster, tmp_path_factory) -> Iterator[Settings]:
    """The settings, and the same in the environment, where the job finds them."""
    settings = Settings(
        namespace="skip",
        signing_key="test",
        state_dir=tmp_path_factory.mktemp("skip"),
        kafka={"bootstrap_servers": broker, "partitions": 1},
        flink={"rest_port": flink_cluster.rest_port, "rpc_port": flink_cluster.rpc_port},
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment_of(settings).items():
            patch.setenv(name, value)
        patch.setenv("WEIR_SIGNING_KEY", "test")
        patch.setenv("PYTHONPATH", str(ROOT), prepend=":")
        patch.setitem(job.MODULE_OF, "detector-job", "tests.flink.contract_brittle")
        yield settings


@pytest.fixture(scope="module")
def outcome(broker, settings) -> Outcome:
    topics, endings = settings.topics, []
    create_topics(broker, topics.all())
    diary = Diary("detector-job", settings)
    with Kept(settings, endings.append):
        _send(settings, [_payment(number) for number in range(BEFORE)])
        eventually(lambda: _committed(settings) == BEFORE, 120, every_s=1)
        _send(settings, [FATAL, *(_payment(number) for number in range(BEFORE, BEFORE + AFTER))])
        story = eventually(lambda: len(diary.failures()) >= LOOP and diary.story(), 60)
        answers = [skip(settings, f"transactions:0:{BEFORE}") for _ in range(2)]
        scored = read(broker, topics.scored, lambda records: len(records) >= BEFORE + AFTER, 120)
        eventually(lambda: _committed(settings) == BEFORE + 1 + AFTER, 60)
    everything = [
        read(broker, topic, lambda _: False, 1, patience=2) for topic in (topics.transactions, topics.dead_letters)
    ]
    return Outcome(settings, story, endings, answers, everything[0], scored, everything[1])


class Kept:
    """Keeps the detector job while the block runs, and starts its part anew as the supervisor does."""

    def __init__(self, settings: Settings, ended: Callable[[str], None]) -> None:
        self._stopping, self._ended = Event(), ended
        self._rest = FlinkRest(settings.flink_rest)
        self._keeper = job.JobKeeper(job.JobPart("detector-job", settings), self._rest, self._stopping)
        self._thread = Thread(target=self._run)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._keeper.keep()
            except DeploymentError as error:
                self._ended(error.problem)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._keeper.stop()
        self._rest.close()


def _payment(number: int) -> bytes:
    return encode(a_transaction(transaction_id=f"t{number}", user_id=f"u{number % 3}"))


def _send(settings: Settings, payloads: list[bytes]) -> None:
    out = producer(settings.bootstrap_servers)
    for payload in payloads:
        out.produce(settings.topics.transactions, key=b"k", value=payload)
    out.flush()


def _committed(settings: Settings) -> int | None:
    done = committed(settings.bootstrap_servers, "weir-skip-detector", settings.topics.all())
    return done.get((settings.topics.transactions, 0))


def test_the_story_names_the_cause_and_where_the_record_lies(outcome):
    assert "twelve" in outcome.story
    assert f"it is in transactions:0:{BEFORE} to {BEFORE + AFTER}." in outcome.story
    assert f"`weir skip transactions:0:{BEFORE}`" in outcome.story


def test_a_job_that_ends_says_why(outcome):
    assert all("twelve" in ending for ending in outcome.endings)


def test_the_record_is_one_dead_letter_with_its_payload_although_it_is_set_aside_twice(outcome):
    letters: list[DeadLetter] = [DEAD_LETTER.decode(record.value()) for record in outcome.dead]
    assert [(one.stage, one.source, one.payload) for one in letters] == [
        ("skipped", Position("skip.transactions", 0, BEFORE), FATAL)
    ]
    assert outcome.answers[1] == f"skip.transactions:0:{BEFORE} is set aside already."


def test_all_others_are_scored_and_the_counts_reconcile(outcome):
    ledger = Ledger(outcome.settings.topics)
    for record in outcome.sent:
        ledger.sent(record.partition(), record.offset())
    for record in outcome.scored:
        ledger.scored(record.value())
    for record in outcome.dead:
        ledger.dead_lettered(record.value())
    counts = ledger.counts(0)
    assert (counts.scored, counts.transactions_dead_lettered, counts.in_flight) == (BEFORE + AFTER, 1, 0)
    assert {SCORED.decode(record.value()).transaction_id for record in outcome.scored} == {
        f"t{number}" for number in range(BEFORE + AFTER)
    }


def test_a_record_that_is_processed_is_refused(outcome):
    with pytest.raises(DeploymentError, match="has processed"):
        skip(outcome.settings, "transactions:0:3")


def test_an_offset_without_a_record_is_refused(outcome):
    with pytest.raises(DeploymentError, match="no record"):
        skip(outcome.settings, f"skip.transactions:0:{BEFORE + 1 + AFTER}")
