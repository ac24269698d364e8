"""A deployment of an earlier version goes on: what b421fd6 left in Kafka and Flink starts under this code.

`tests/golden/deployment_b421fd6.json.gz` was written by that version's own code over 420 simulated payments: its
learning log, its control topic, the snapshot of its learner, and states of users and of the label join.
`tests/golden/ledger_b421fd6.json.gz` holds its ledger's last commit over 606 payments and 608 labels, and the
records that its detector and label join wrote after that.
"""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detector.intake import Intake
from detector.knowledge import Knowledge
from detector.scoring import Detector
from learner.fold import Fold
from learner.join_intake import JoinIntake
from learner.learning_log import read_entry
from learner.snapshot import unseal
from ledger.counting import Ledger, LedgerSnapshot
from ledger.label_book import LabelBook, Segment
from tests.builders import DAY_MS, NOON_MS, a_label
from tests.detecting import habits
from weir.errors import RefusedArtefact
from weir.messages import DEAD_LETTER, EXAMPLE, SCORED, encode
from weir.records import Inbound, StateChange
from weir.settings import DetectorSettings, LearningSettings
from weir.topics import Topics


def golden(name: str) -> dict[str, Any]:
    """Read what that version left."""
    return json.loads(gzip.decompress((Path(__file__).parents[1] / "golden" / name).read_bytes()))


LEFT, LEDGER = golden("deployment_b421fd6.json.gz"), golden("ledger_b421fd6.json.gz")
KEY, TOPICS, NOW_MS = LEFT["signing_key"].encode(), Topics("live"), LEFT["event_time_ms"] + DAY_MS
USERS = {user: base64.b64decode(state) for user, state in LEFT["user_states"].items()}
JOINS = {transaction: base64.b64decode(state) for transaction, state in LEFT["join_states"].items()}
LOG = [(key.encode(), json.dumps(example).encode()) for key, example in LEFT["learning_log"]]


def the_knowledge() -> Knowledge:
    knowledge = Knowledge(KEY)
    knowledge.restore(json.dumps(record).encode() for _, record in LEFT["control"])
    return knowledge


def the_fold() -> Fold:
    fold = Fold(LearningSettings())
    for offset, (key, value) in enumerate(LOG):
        number, example = read_entry(key, value, offset)
        fold.learn(*number, example)
    return fold


def payments(state: bytes) -> int:
    return int(habits(state).count)


@pytest.mark.parametrize("user", USERS)
def test_an_earlier_users_state_is_read_and_written_again(user):
    intake, payment = Intake(Detector(DetectorSettings()), TOPICS), {**LEFT["next_payment"], "user_id": user}
    payment |= {"transaction_id": "after-the-upgrade", "event_time": LEFT["event_time_ms"] + 60_000}
    record = Inbound(None, json.dumps(payment).encode(), TOPICS.transactions, 0, 1)
    processed = intake.process(record, user, USERS[user], the_knowledge(), NOW_MS)
    assert isinstance(processed.state, bytes)
    assert payments(processed.state) == payments(USERS[user]) + 1
    assert SCORED.decode(processed.outbound[0].payload).features["log_amount"] > 0


def test_the_earlier_learning_log_is_learned_from_its_start():
    fold = the_fold()
    assert (fold.n, fold.frauds_learned) == (len(LOG), LEFT["frauds"])
    assert the_fold().full_digest() == fold.full_digest()


def test_the_earlier_learners_snapshot_is_refused_and_the_log_folded_instead():
    with pytest.raises(RefusedArtefact, match="format"):
        unseal(base64.b64decode(LEFT["snapshot"]), KEY)


def test_an_earlier_publication_is_refused_and_flagged_until_the_learner_publishes_anew():
    knowledge = the_knowledge()
    assert (knowledge.champion, knowledge.flags) == (None, ("model_refused",))
    knowledge.apply(encode(the_fold().publication(10_000, NOW_MS, KEY)))
    assert (knowledge.champion is not None, knowledge.flags) == (True, ())


def test_earlier_reputations_verify_and_keep_their_counts():
    reputation = the_knowledge().reputation
    assert len(reputation) == sum(record["kind"] == "reputation" for _, record in LEFT["control"])
    assert max(record.known_legitimate for record in reputation.values()) > 1


def test_a_transaction_that_an_earlier_join_keeps_gets_its_label():
    join = JoinIntake(LearningSettings(), TOPICS)
    for transaction, state in JOINS.items():
        if transaction == "never-scored":
            continue
        label = encode(a_label(transaction_id=transaction, label_id="late", labelled_at_ms=NOW_MS))
        (leaving,) = join.process(Inbound(None, label, TOPICS.labels, 0, 9), transaction, state, NOW_MS).outbound
        example = EXAMPLE.decode(leaving.payload)
        assert (example.transaction_id, example.verdict, bool(example.features)) == (transaction, "fraud", True)


def test_a_label_that_an_earlier_join_keeps_waiting_ends_as_a_dead_letter_in_its_time():
    join = JoinIntake(LearningSettings(), TOPICS)
    processed = join.wake(NOW_MS + 365 * DAY_MS, JOINS["never-scored"], NOW_MS)
    letter = DEAD_LETTER.decode(processed.outbound[0].payload)
    assert (processed.state, letter.label_id, letter.transaction_id) == (StateChange.CLEARED, "w", "never-scored")


def bytes_of(encoded: str | None) -> bytes | None:
    return None if encoded is None else base64.b64decode(encoded)


def the_ledger() -> Ledger:
    """Load the earlier ledger's last commit."""
    book = LabelBook()
    for number, segment in LEDGER["ledger"]["segments"].items():
        book.load_segment(int(number), Segment(base64.b64decode(segment)))
    snapshot = msgspec.msgpack.decode(base64.b64decode(LEDGER["ledger"]["snapshot"]), type=LedgerSnapshot)
    return Ledger(TOPICS, snapshot, book)


def counts_of(ledger: Ledger) -> dict[str, int]:
    """What an earlier ledger counted, too."""
    counts = msgspec.to_builtins(ledger.counts(NOON_MS))
    return {name: counts[name] for name in LEDGER["counts_then"]}


def test_an_earlier_ledger_keeps_its_counts():
    assert counts_of(the_ledger()) == LEDGER["ledger"]["counts"]


def test_an_earlier_ledger_counts_on_with_the_records_that_earlier_jobs_wrote():
    ledger = the_ledger()
    read = {
        TOPICS.scored: lambda _, value: ledger.scored(value),
        TOPICS.dead_letters: lambda _, value: ledger.dead_lettered(value),
        TOPICS.learning_log: ledger.learned,
    }
    for topic, key, value, _, _ in LEDGER["later"]:
        read[topic](bytes_of(key), bytes_of(value))
    assert counts_of(ledger) == LEDGER["counts_then"]
    assert counts_of(ledger) != LEDGER["ledger"]["counts"]
