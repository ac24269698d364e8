from hypothesis import given
from hypothesis import strategies as st

from ledger.counting import Ledger
from tests.builders import a_label, a_scored_transaction, an_example
from weir.messages import DeadLetter, Position, encode
from weir.topics import Topics

TOPICS = Topics("live")
SENT = 6


def _dead(topic: str, offset: int, payload: bytes) -> bytes:
    source = Position(topic, 0, offset)
    return encode(
        DeadLetter(stage="detector", field="$", reason="r", source=source, payload=payload, dead_lettered_at_ms=0)
    )


def _records() -> list[tuple]:
    """Six transactions: 0-3 scored (2 twice), 4 dead, 5 in flight; three labels: learned, dead, waiting."""
    labels = [encode(a_label(label_id=f"l{n}", transaction_id=f"t{n}")) for n in range(3)]
    scores = [encode(a_scored_transaction(source=Position(TOPICS.transactions, 0, n))) for n in (0, 1, 2, 2, 3)]
    return [
        *(("sent", 0, offset) for offset in range(SENT)),
        *(("scored", score) for score in scores),
        ("dead_lettered", _dead(TOPICS.transactions, 4, b"{")),
        *(("labelled", 0, offset, label) for offset, label in enumerate([*labels, labels[0]])),
        ("learned", b"1:1", encode(an_example(label_id="l0", transaction_id="t0"))),
        ("learned", b"1:2", encode(an_example(label_id=None, transaction_id="t3"))),
        ("dead_lettered", _dead(TOPICS.labels, 1, labels[1])),
    ]


@given(st.permutations(_records()))
def test_counts_reconcile_after_every_record_in_any_order(records):
    ledger = Ledger(TOPICS)
    for name, *arguments in records:
        getattr(ledger, name)(*arguments)
        counts = ledger.counts(0)
        assert counts.in_flight >= 0
        assert counts.labels_waiting >= 0
        assert counts.transactions_sent == counts.scored + counts.transactions_dead_lettered + counts.in_flight
        assert counts.labels_accepted == counts.label_examples + counts.labels_dead_lettered + counts.labels_waiting


@given(st.permutations(_records()))
def test_counts_do_not_depend_on_the_order_of_reading(records):
    ledger = Ledger(TOPICS)
    for name, *arguments in records:
        getattr(ledger, name)(*arguments)
    counts = ledger.counts(0)
    assert (counts.transactions_sent, counts.scored, counts.scored_twice, counts.in_flight) == (SENT, 4, 1, 1)
    assert (counts.labels_accepted, counts.labels_repeated, counts.labels_waiting) == (3, 1, 1)
    assert (counts.label_examples, counts.labels_dead_lettered, counts.implicit_examples) == (1, 1, 1)
