"""The detector job on a real cluster and broker, compared with the same pure functions in one process."""

import random
from typing import NamedTuple

import msgspec
import pytest
from confluent_kafka import Message

from detector.intake import Intake
from detector.knowledge import Knowledge
from detector.scoring import Detector
from tests.builders import MINUTE_MS, NOON_MS, a_transaction, a_user_event
from tests.flink.jobs import READ_ODD, job, read, send_odd
from tests.malformed import large_payloads, malformed_payloads, odd_records
from tests.scorers import a_scorer
from weir.artefact import pack, sign, sign_reputation
from weir.dead_letters import KEPT_BYTES
from weir.kafka_clients import create_topics, producer
from weir.messages import DEAD_LETTER, SCORED, DeadLetter, Position, Publication, Reputation, ScoredTransaction, encode
from weir.records import Inbound
from weir.settings import Settings

KEY = b"test"
USERS, PAYMENTS, MALFORMED, WAITING = 20, 600, 400, 5
LARGE = large_payloads(encode(a_transaction(transaction_id="large")), 13 * 1024 * 1024)
ODD = odd_records(encode(a_transaction(transaction_id="odd")), "user_id")
ODD_EVENTS = odd_records(encode(a_user_event(event_id="odd")), "user_id")
REFUSED = [payload or b"" for payload in malformed_payloads("transaction", 1, MALFORMED)] + LARGE


class Outcome(NamedTuple):
    settings: Settings
    warm: int
    sent: list[bytes]
    control: list[bytes]
    scored: list[ScoredTransaction]
    odd: set[Position]
    dead_letters: list[DeadLetter]
    replies: list[tuple[bytes, bytes]]


@pytest.fixture(scope="module")
def outcome(broker, flink_cluster) -> Outcome:
    settings = Settings(
        namespace="detector-job",
        signing_key=KEY.decode(),
        kafka={"bootstrap_servers": broker, "partitions": 1},
    )
    topics, control, payments = settings.topics, _control(), _payments()
    create_topics(broker, topics.all())
    out = producer(broker)
    for payload in control:
        out.produce(topics.control, key=b"a compacted topic wants one", value=payload)
    out.flush()
    with job(flink_cluster, settings, "detector.flink_job"):
        warm = _wait_for_the_model(broker, settings)
        for number, payload in enumerate(payments):
            headers = {"weir-reply-to": b"me"} if number < WAITING else None
            out.produce(topics.transactions, value=payload, headers=headers)
        out.produce(topics.user_events, value=encode(a_user_event(event_id="e2")))
        for payload in REFUSED:
            out.produce(topics.transactions, key=b"k", value=payload)
        out.flush()
        odd = send_odd(broker, topics.transactions, ODD)
        send_odd(broker, topics.user_events, ODD_EVENTS)
        out.produce(topics.transactions, value=encode(a_transaction(transaction_id="after-them")))
        out.produce(topics.user_events, value=b"after them")
        out.flush()
        before = warm + PAYMENTS + len(REFUSED)
        sent = read(broker, topics.transactions, lambda records: len(records) >= before + odd, 20)
        scored = read(broker, topics.scored, lambda records: _score(records, "after-them"), 120)
        positions = {_position(record) for record in sent[before : before + odd]}
        missing = positions - {SCORED.decode(record.value()).source for record in scored}
        dead = read(broker, topics.dead_letters, lambda records: _hold(records, missing, b"after them"), 60)
        replies = read(broker, topics.replies, lambda records: len(records) >= WAITING, 10)
    return Outcome(
        settings,
        warm,
        payments,
        control,
        [SCORED.decode(record.value()) for record in scored][warm:],
        positions,
        [DEAD_LETTER.decode(record.value()) for record in dead],
        [(record.key(), record.value()) for record in replies],
    )


def _score(scored: list[Message], transaction_id: str) -> bool:
    return any(record.key() == transaction_id.encode() for record in scored)


def _hold(dead: list[Message], positions: set[Position], payload: bytes) -> bool:
    """Whether these letters include those of the positions, and one of the payload."""
    letters = [DEAD_LETTER.decode(record.value()) for record in dead]
    return positions <= {letter.source for letter in letters} and any(letter.payload == payload for letter in letters)


def _position(record: Message) -> Position:
    return Position(record.topic(), record.partition(), record.offset())


def _wait_for_the_model(broker, settings) -> int:
    """Send transactions until a score names the model; return their number."""
    out, topics = producer(broker), settings.topics
    for count in range(1, 50):
        out.produce(topics.transactions, value=encode(a_transaction(transaction_id=f"w{count}", user_id="warm")))
        out.flush()
        scored = read(broker, topics.scored, lambda records, enough=count: len(records) >= enough, 60)
        if "no_model" not in SCORED.decode(scored[-1].value()).flags:
            return count
    raise AssertionError("the job never scored with the model")


def _control() -> list[bytes]:
    artefact = pack(a_scorer(trust=0.6, intercept=-4.0, log_amount=0.5))
    publication = Publication(
        publication=7,
        epoch=1,
        n=70,
        contender="champion",
        artefact=artefact,
        signature=sign(artefact, KEY),
        digest="d",
        published_at_ms=NOON_MS,
    )
    forged = msgspec.structs.replace(publication, publication=8, signature=sign(artefact, b"another key"))
    reputation = Reputation(
        entity_id="m3", epoch=1, n=70, known_frauds=4, known_victims=3, known_legitimate=6, fraud_rate=0.3
    )
    return [encode(publication), encode(sign_reputation(reputation, KEY)), encode(forged)]


def _payments() -> list[bytes]:
    rng = random.Random(7)
    return [
        encode(
            a_transaction(
                transaction_id=f"t{number}",
                user_id=f"u{rng.randrange(USERS)}",
                event_time=NOON_MS + number * MINUTE_MS - rng.randrange(30) * MINUTE_MS,
                amount=round(rng.lognormvariate(3, 1), 2),
                merchant_id=f"m{rng.randrange(9)}",
                device_id=f"d{rng.randrange(3)}",
                latitude=rng.uniform(40, 55),
                longitude=rng.uniform(-5, 20),
            )
        )
        for number in range(PAYMENTS)
    ]


def _scored_directly(outcome: Outcome) -> list[ScoredTransaction]:
    """Score the same events in the same order by the same functions, without Kafka or Flink."""
    settings = outcome.settings
    intake, knowledge, users = Intake(Detector(settings.detector), settings.topics), Knowledge(KEY), {}
    knowledge.restore(outcome.control[:2])
    scored = []
    for offset, payload in enumerate(outcome.sent, start=outcome.warm):
        user = msgspec.json.decode(payload)["user_id"]
        record = Inbound(None, payload, settings.topics.transactions, 0, offset)
        processed = intake.process(record, user, users.get(user), knowledge, outcome.scored[0].scored_at_ms)
        users[user] = processed.state
        scored.append(SCORED.decode(processed.outbound[0].payload))
    return scored


def _comparable(scored: list[ScoredTransaction]) -> dict[str, ScoredTransaction]:
    same = {"scored_at_ms": 0, "transaction": msgspec.Raw(b"null"), "flags": []}
    return {one.transaction_id: msgspec.structs.replace(one, **same) for one in scored}


def test_scores_equal_those_of_the_pure_functions(outcome):
    assert _comparable(outcome.scored[:PAYMENTS]) == _comparable(_scored_directly(outcome))


def test_scores_name_the_publication_they_come_from(outcome):
    assert {(one.model.publication, one.model.n) for one in outcome.scored} == {(7, 70)}


def test_forged_publication_is_refused_flagged_and_dead_lettered(outcome):
    letters = [letter for letter in outcome.dead_letters if letter.source.topic == outcome.settings.topics.control]
    assert [(letter.field, letter.source.offset) for letter in letters] == [("signature", 2)]
    assert all("model_refused" in one.flags for one in outcome.scored)


def test_malformed_transactions_are_dead_lettered_with_bytes_and_position(outcome):
    letters = [letter for letter in outcome.dead_letters if letter.source.topic == outcome.settings.topics.transactions]
    kept = {
        letter.source.offset: (letter.payload or b"", letter.payload_bytes or 0)
        for letter in letters
        if letter.source not in outcome.odd
    }
    refused = [(payload[:KEPT_BYTES], len(payload)) for payload in REFUSED]
    assert kept == dict(enumerate(refused, start=outcome.warm + PAYMENTS))
    assert all(letter.field and letter.reason for letter in letters)


def test_no_record_however_large_or_odd_stops_the_job(outcome):
    assert {one.transaction_id for one in outcome.scored[PAYMENTS:]} == {"odd", "after-them"}
    assert all(letter.stage == "detector" for letter in outcome.dead_letters)


def test_every_odd_record_is_scored_or_a_dead_letter_but_not_both(outcome):
    scored = {one.source for one in outcome.scored} & outcome.odd
    dead = {letter.source for letter in outcome.dead_letters} & outcome.odd
    assert len(outcome.odd) == len(ODD) * READ_ODD
    assert (scored | dead, scored & dead) == (outcome.odd, set())
    assert min(len(scored), len(dead)) > len(ODD)


def test_replies_go_to_the_sender_who_asked(outcome):
    decisions = {SCORED.decode(payload).transaction_id for key, payload in outcome.replies if key == b"me"}
    odd = {bytes(value or b"") for record in ODD for _, value in record.headers}
    assert {key for key, _ in outcome.replies} - odd == {b"me"}
    assert decisions == {f"t{number}" for number in range(WAITING)}
