import pytest

from operations.harness.observed import SAMPLE_EVERY, Observed
from operations.replay.known_verdicts import KnownVerdicts
from operations.replay.quality import Protocol
from operations.replay.rows import Row
from tests.builders import DAY_MS, NOON_MS, a_scored_transaction, a_transaction
from weir.messages import DeadLetter, ModelRef, Position, Publication, encode
from weir.topics import COUNTS_KEY, Topics

TOPICS = Topics("r")
DAY = NOON_MS // DAY_MS


def a_score(offset: int = 0, **fields) -> bytes:
    return encode(a_scored_transaction(source=Position(TOPICS.transactions, 0, offset), **fields))


def a_dead_letter(topic: str) -> bytes:
    source = Position(topic, 0, 7)
    return encode(DeadLetter(stage="detector", field="amount", reason="r", source=source, dead_lettered_at_ms=0))


def a_publication(number: int, n: int) -> bytes:
    known = {"contender": "champion", "artefact": b"", "signature": "", "digest": "", "published_at_ms": 0}
    return encode(Publication(publication=number, epoch=1, n=n, **known))


def test_a_transaction_scored_twice_counts_once():
    observed = Observed(TOPICS)
    observed.scored(a_score(0, decision="review"))
    observed.scored(a_score(0, decision="review"))
    assert (observed.done, observed.decisions) == (1, {"review": 1})


def test_dead_letters_of_labels_are_no_transactions():
    observed = Observed(TOPICS)
    for topic in (TOPICS.transactions, TOPICS.labels):
        observed.dead_lettered(a_dead_letter(topic))
    assert (observed.done, observed.dead_fields) == (1, {"amount": 1})


def test_a_sample_of_the_transactions_is_timed():
    observed = Observed(TOPICS)
    for number in range(SAMPLE_EVERY + 1):
        observed.leaves(number, f"t{number}", NOON_MS)
        observed.scored(a_score(number, transaction_id=f"t{number}", scored_at_ms=NOON_MS + number))
    assert observed.latencies_ms == [0, SAMPLE_EVERY]


def test_a_score_by_a_model_older_than_required_is_stale():
    observed = Observed(TOPICS)
    observed.required_n = 10
    observed.scored(a_score(0, model=ModelRef(1, 1, 9)))
    observed.scored(a_score(1, model=ModelRef(2, 1, 10)))
    observed.scored(a_score(2))
    assert observed.stale == 2


def test_the_newest_publication_shows_what_is_learned():
    observed = Observed(TOPICS)
    observed.published(a_publication(1, 5))
    observed.published(a_publication(2, 9))
    assert (observed.publications, observed.learned_n) == (2, 9)


def test_scores_are_judged_by_the_verdicts_of_the_file():
    truth = KnownVerdicts(Protocol(DAY, DAY))
    verdicts = {"t1": "fraud", "t2": "legitimate", "t3": None}
    rows = [
        Row(NOON_MS, a_transaction(transaction_id=name, user_id=name), verdict, NOON_MS)
        for name, verdict in verdicts.items()
    ]
    assert list(truth.watch(rows)) == rows
    observed = Observed(TOPICS, keep=truth.keeps)
    for offset, (name, score) in enumerate([("t1", 0.9), ("t2", 0.2), ("t3", 0.5)]):
        observed.scored(a_score(offset, transaction_id=name, user_id=name, score=score))
    quality = truth.judge(observed.kept)
    assert (quality.transactions, quality.frauds, quality.roc_auc) == (2, 1, 1.0)


def test_only_scores_of_assessed_days_are_kept():
    truth = KnownVerdicts(Protocol(DAY, DAY))
    observed = Observed(TOPICS, keep=truth.keeps)
    observed.scored(a_score(0, event_time_ms=NOON_MS - DAY_MS))
    assert (observed.kept, truth.judge(observed.kept)) == ([], None)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        b"",
        b"{",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        a_score(2**63),
        a_score(0, scored_at_ms=10**30),
        a_score(0, event_time_ms=-1),
        a_publication(10**30, 1),
    ],
    ids=["tombstone", "empty", "cut", "no fields", "not UTF-8", "deep", "offset", "wall time", "event time", "number"],
)
def test_a_record_that_is_no_message_changes_nothing(payload):
    observed = Observed(TOPICS)
    for handler in observed.handlers().values():
        handler(COUNTS_KEY, payload)
    assert (observed.done, observed.counts, observed.publications) == (0, None, 0)
