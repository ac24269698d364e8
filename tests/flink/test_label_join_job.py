"""The label-join job on a real cluster and broker: one run, and several tests of its outcome."""

from collections import Counter
from typing import NamedTuple

import pytest

from tests.builders import HOUR_MS, NOON_MS, a_label, a_scored_transaction
from tests.flink.jobs import READ_ODD, job, read, send_odd
from tests.malformed import large_payloads, malformed_payloads, odd_records
from weir.clock import now_ms
from weir.dead_letters import KEPT_BYTES
from weir.kafka_clients import create_topics, producer
from weir.messages import DEAD_LETTER, EXAMPLE, DeadLetter, Example, encode
from weir.settings import Settings

MALFORMED = 300
LABELLED, UNLABELLED = 40, 60
ODD_LABELS = odd_records(encode(a_label(label_id="odd", verdict="odd")), "transaction_id")
ODD_SCORES = odd_records(encode(a_scored_transaction(score=2)), "transaction_id")
"""Their other fields are refused, so every one of them becomes a dead letter, whatever else is odd."""
REFUSED = READ_ODD * (len(ODD_LABELS) + len(ODD_SCORES))
LARGE = large_payloads(encode(a_label(label_id="large")), 13 * 1024 * 1024)


class Outcome(NamedTuple):
    keys: list[str]
    examples: list[Example]
    dead_letters: list[DeadLetter]


@pytest.fixture(scope="module")
def outcome(broker, flink_cluster) -> Outcome:
    settings = Settings(
        namespace="label-join-job",
        signing_key="test",
        kafka={"bootstrap_servers": broker, "partitions": 2},
        learning={"clock": "stream", "maturity_horizon_s": 3600, "implicit_share": 1.0},
    )
    topics = settings.topics
    create_topics(broker, topics.all())
    with job(flink_cluster, settings, "learner.flink_job"):
        _send(broker, topics)
        labelled, expected = 2 * LABELLED, 2 * LABELLED + UNLABELLED
        read(broker, topics.learning_log, lambda records: len(records) >= labelled, 60)
        _let_an_hour_pass(broker, topics)
        log = read(broker, topics.learning_log, lambda records: len(records) >= expected, 60)
        dead = read(
            broker, topics.dead_letters, lambda records: len(records) >= MALFORMED + 2 * len(LARGE) + REFUSED, 60
        )
    return Outcome(
        [record.key().decode() for record in log],
        [EXAMPLE.decode(record.value()) for record in log],
        [DEAD_LETTER.decode(record.value()) for record in dead],
    )


def _send(broker, topics) -> None:
    """Send half of the labels before their transaction and again after it; then send labels that disagree."""
    out = producer(broker)

    def label(number: int, verdict: str, label_id: str) -> None:
        message = a_label(transaction_id=f"t{number}", label_id=label_id, verdict=verdict)
        out.produce(topics.labels, key=f"t{number}", value=encode(message))

    def score(number: int) -> None:
        message = a_scored_transaction(transaction_id=f"t{number}", event_time_ms=NOON_MS)
        out.produce(topics.scored, key=f"t{number}", value=encode(message))

    for payload in malformed_payloads("label", 1, MALFORMED):
        out.produce(topics.labels, key=b"x", value=payload)
    send_odd(broker, topics.labels, ODD_LABELS)
    send_odd(broker, topics.scored, ODD_SCORES)
    for topic in (topics.labels, topics.scored):
        for payload in LARGE:
            out.produce(topic, key=b"x", value=payload)
    for number in range(LABELLED // 2):
        label(number, "fraud", f"first-{number}")
    out.flush()
    for number in range(LABELLED + UNLABELLED):
        score(number)
        score(number)
    for number in range(LABELLED):
        label(number, "fraud", f"first-{number}")
        label(number, "legitimate", f"second-{number}")
    out.flush()


def _let_an_hour_pass(broker, topics) -> None:
    """Advance event time by sending later transactions to every partition."""
    out = producer(broker)
    for number in range(1000, 1100):
        message = a_scored_transaction(transaction_id=f"t{number}", event_time_ms=NOON_MS + 2 * HOUR_MS)
        out.produce(topics.scored, key=f"t{number}", value=encode(message))
    out.flush()


def test_on_the_wall_clock_a_payment_of_last_year_matures_although_the_stream_has_paused(broker, flink_cluster):
    horizon_s = 5
    settings = Settings(
        namespace="label-join-wall",
        signing_key="test",
        kafka={"bootstrap_servers": broker, "partitions": 2},
        learning={"maturity_horizon_s": horizon_s, "implicit_share": 1.0},
    )
    create_topics(broker, settings.topics.all())
    with job(flink_cluster, settings, "learner.flink_job"):
        out, scored_at_ms = producer(broker), now_ms()
        old = a_scored_transaction(transaction_id="old", event_time_ms=NOON_MS, scored_at_ms=scored_at_ms)
        new = a_scored_transaction(transaction_id="new", event_time_ms=scored_at_ms, scored_at_ms=scored_at_ms)
        for message in (old, new):
            out.produce(settings.topics.scored, key=message.transaction_id, value=encode(message))
        out.flush()
        log = read(broker, settings.topics.learning_log, lambda records: len(records) >= 2, 60)
    assert {EXAMPLE.decode(record.value()).transaction_id for record in log} == {"old", "new"}
    assert all(record.timestamp()[1] >= scored_at_ms + horizon_s * 1000 for record in log)


def test_examples_are_numbered_densely_in_order(outcome):
    assert outcome.keys == [f"1:{n}" for n in range(1, len(outcome.keys) + 1)]


def test_every_label_is_learned_once_however_often_it_was_sent(outcome):
    labelled = Counter(example.label_id for example in outcome.examples if example.label_id)
    assert labelled == {f"{order}-{number}": 1 for order in ("first", "second") for number in range(LABELLED)}


def test_second_verdict_is_a_revision_that_names_what_it_supersedes(outcome):
    revisions = [example for example in outcome.examples if (example.label_id or "").startswith("second")]
    assert {(example.outcome, example.revision, example.supersedes) for example in revisions} == {("revision", 1, 0)}


def test_unlabelled_transactions_mature_as_legitimate_by_event_time(outcome):
    implicit = {example.transaction_id for example in outcome.examples if example.implicit}
    assert implicit == {f"t{number}" for number in range(LABELLED, LABELLED + UNLABELLED)}


def test_malformed_and_odd_records_are_dead_lettered_with_a_field_and_do_not_stop_the_job(outcome):
    assert len({letter.source for letter in outcome.dead_letters}) == MALFORMED + 2 * len(LARGE) + REFUSED
    assert all(letter.stage == "label-join" for letter in outcome.dead_letters)
    assert all(letter.field and letter.reason for letter in outcome.dead_letters)


def test_no_record_however_large_makes_a_large_letter(outcome):
    large = Counter(letter.payload_bytes for letter in outcome.dead_letters if (letter.payload_bytes or 0) > 1_000_000)
    assert large == Counter(2 * [len(payload) for payload in LARGE])
    assert max(len(encode(letter)) for letter in outcome.dead_letters) < 3 * KEPT_BYTES
