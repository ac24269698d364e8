import pytest

from ledger.counting import Ledger, LedgerSnapshot
from operations.runner.kafka_status import progress
from operations.runner.reconciliation import LogProgress, reconcile
from operations.runner.status_view import verdict
from tests.builders import a_label, a_scored_transaction, an_example
from weir.messages import Counts, EntryNumber, Position, encode
from weir.topics import Topics

TOPICS = Topics("live")
SETTLED = {
    "transactions_sent": 1300,
    "scored": 1298,
    "transactions_dead_lettered": 2,
    "labels_accepted": 9,
    "label_examples": 4,
    "label_revisions": 2,
    "label_confirmations": 1,
    "labels_dead_lettered": 2,
    "implicit_examples": 100,
}
LENGTH = 107
ALL_READ = LogProgress(last_n=LENGTH, read_n=LENGTH)


def counts_with(**changed: int) -> Counts:
    return Counts(**{**dict.fromkeys(Counts.__struct_fields__, 0), **SETTLED, **changed})


@pytest.mark.parametrize("log", [ALL_READ, None])
def test_settled_counts_reconcile(log):
    found = reconcile(counts_with(), log)
    assert (found.reconciles, found.differences, found.on_their_way) == (True, [], [])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"transactions_sent": 1301},
            "1,301 transactions arrived, but 1,298 scored, 2 dead-lettered and 0 in flight make 1,300.",
        ),
        ({"scored": 1299}, "1,300 transactions arrived, but 1,299 scored, 2 dead-lettered and 0 in flight make 1,301."),
        (
            {"labels_accepted": 8},
            "8 labels arrived, but 7 in the learning log, 2 dead-lettered and 0 waiting make 9.",
        ),
        (
            {"implicit_examples": 99},
            "The learning log has number 107, but the ledger counted 106 entries up to it.",
        ),
        (
            {"implicit_examples": 101},
            "The learning log has number 107, but the ledger counted 108 entries up to it.",
        ),
    ],
)
def test_a_difference_is_reported_in_one_sentence(changed, sentence):
    found = reconcile(counts_with(**changed), ALL_READ)
    assert (found.reconciles, found.differences, found.on_their_way) == (False, [sentence], [])


@pytest.mark.parametrize(
    ("changed", "log", "sentence"),
    [
        ({"scored": 1297, "in_flight": 1}, ALL_READ, "The detector has yet to score 1 transaction."),
        (
            {"labels_accepted": 11, "labels_waiting": 2},
            ALL_READ,
            "The label join waits for the transaction of 2 labels.",
        ),
        ({}, LogProgress(LENGTH + 3, LENGTH), "The ledger has yet to count 3 entries of the learning log."),
    ],
)
def test_work_on_its_way_still_reconciles(changed, log, sentence):
    found = reconcile(counts_with(**changed), log)
    assert (found.reconciles, found.differences, found.on_their_way) == (True, [], [sentence])


def a_ledger(numbers: list[int]) -> Ledger:
    """A ledger of one transaction and one label for each entry `numbers` of the first epoch's log."""
    ledger = Ledger(TOPICS)
    for offset, n in enumerate(numbers):
        names = {"transaction_id": f"t{n}", "label_id": f"l{n}"}
        ledger.sent(0, offset)
        ledger.scored(encode(a_scored_transaction(source=Position(TOPICS.transactions, 0, offset))))
        ledger.labelled(0, offset, encode(a_label(**names)))
        ledger.learned(EntryNumber(1, n).key, encode(an_example(**names)))
    return ledger


def verdict_on(ledger: Ledger, last: EntryNumber | None):
    return reconcile(ledger.counts(now_ms=0), progress(ledger.snapshot({}), last))


def test_the_counts_of_a_dense_log_reconcile():
    assert verdict_on(a_ledger([1, 2, 3]), EntryNumber(1, 3)).reconciles
    assert verdict_on(a_ledger([]), None).reconciles


def test_entries_lost_by_a_long_outage_are_a_difference():
    found = verdict_on(a_ledger([1, 2, 5]), EntryNumber(1, 5))
    assert found.differences == ["The learning log has number 5, but the ledger counted 3 entries up to it."]


def test_entries_behind_the_last_one_that_the_ledger_read_are_on_their_way():
    found = verdict_on(a_ledger([1, 2]), EntryNumber(1, 4))
    assert (found.reconciles, len(found.on_their_way)) == (True, 1)


def test_a_later_epoch_is_not_compared_with_counts_that_cover_all():
    snapshot = LedgerSnapshot(learned={1: [(1, 5)], 2: [(1, 3)]})
    assert progress(snapshot, EntryNumber(2, 2)) is None
    assert progress(LedgerSnapshot(learned={1: [(1, 5)]}), EntryNumber(2, 1)) is None


def test_the_status_ends_with_one_line():
    settled = {"reconciles": True, "differences": [], "on_their_way": []}
    assert verdict(settled) == "Counts reconcile."
    assert verdict({**settled, "on_their_way": ["One.", "Two."]}) == "Counts reconcile. One. Two."
    broken = {"reconciles": False, "differences": ["Three."], "on_their_way": ["One."]}
    assert verdict(broken) == "[red]Counts do not reconcile. Three.[/red] One."
    assert "unknown" in verdict(None)
