from collections.abc import Callable

import pytest

from ledger.counting import Ledger
from operations.runner.reconciliation import Lags, Place, Reconciliation, reconcile
from operations.runner.status_view import verdict
from tests.builders import NOON_MS, a_label, a_scored_transaction, an_example
from weir.messages import DeadLetter, EntryNumber, Position, encode
from weir.topics import Topics

TOPICS = Topics("live")
ALL_READ = Lags()
SAID_NOON = "2025-06-15 15:06:40 UTC"


class Loop:
    """A ledger that has read all that a loop wrote: `sent` transactions, and the labels of some."""

    def __init__(self, sent: int = 0) -> None:
        self.ledger, self._labels = Ledger(TOPICS), 0
        for offset in range(sent):
            self.ledger.sent(0, offset)

    def score(self, *offsets: int) -> None:
        for offset in offsets:
            self.ledger.scored(encode(a_scored_transaction(source=Position(TOPICS.transactions, 0, offset))))

    def bury(self, offset: int, topic: str = TOPICS.transactions, transaction_id: str | None = None) -> None:
        source = Position(topic, 0, offset)
        letter = DeadLetter(
            stage="detector",
            field="$",
            reason="r",
            source=source,
            payload=b"{",
            dead_lettered_at_ms=0,
            transaction_id=transaction_id,
        )
        self.ledger.dead_lettered(encode(letter))

    def label(self, *names: str) -> None:
        for name in names:
            self.ledger.labelled(0, self._labels, encode(a_label(transaction_id=f"t{name}", label_id=name)), NOON_MS)
            self._labels += 1

    def learn(self, *entries: tuple[int, str | None], epoch: int = 1) -> None:
        """Write entries of the learning log: number and label, None for an implicit example."""
        for n, name in entries:
            example = an_example(transaction_id=f"t{name}", label_id=name)
            self.ledger.learned(EntryNumber(epoch, n).key, encode(example))

    def reconciled(
        self,
        lags: Lags = ALL_READ,
        last: EntryNumber | None = None,
        sent_ms: Callable[[Place], int | None] = lambda _: None,
    ) -> Reconciliation:
        return reconcile(self.ledger.counts(now_ms=0), self.ledger.snapshot({}), lags, last, sent_ms)


def assert_differs(found: Reconciliation, sentence: str) -> None:
    assert (found.reconciles, found.differences, found.on_their_way) == (False, [sentence], [])


def assert_on_its_way(found: Reconciliation, sentence: str) -> None:
    assert (found.reconciles, found.differences, found.on_their_way) == (True, [], [sentence])


def a_settled_loop() -> Loop:
    """Ten transactions, one of them dead, three labels, one of them dead, and an implicit example."""
    loop = Loop(sent=10)
    loop.score(*range(9))
    loop.bury(9)
    loop.label("a", "b")
    loop.ledger.labelled(0, 2, b"{")
    loop.bury(2, TOPICS.labels)
    loop.learn((1, "a"), (2, None), (3, "b"))
    return loop


def test_a_loop_that_lost_nothing_reconciles():
    assert a_settled_loop().reconciled(last=EntryNumber(1, 3)) == Reconciliation(True, [], [])
    assert Loop().reconciled() == Reconciliation(True, [], [])


# Transactions.


def a_loop_without_the_fourth_score() -> Loop:
    loop = Loop(sent=10)
    loop.score(0, 1, 2, 4, 5, 6, 7, 8, 9)
    return loop


def test_a_transaction_that_the_detector_passed_over_is_a_difference():
    found = a_loop_without_the_fourth_score().reconciled(sent_ms=lambda place: NOON_MS + sum(place))
    assert_differs(
        found,
        "The detector read every transaction, but 1 got neither score nor dead letter; the first is 0:3, sent at "
        f"{SAID_NOON}.",
    )


@pytest.mark.parametrize("lags", [Lags(detector=1), Lags(ledger_is_behind=True)])
def test_a_transaction_without_a_score_is_on_its_way_while_a_reader_is_behind(lags):
    found = a_loop_without_the_fourth_score().reconciled(lags)
    assert_on_its_way(found, "The detector has yet to score 1 transaction.")


def test_the_label_join_has_no_part_in_a_lost_score():
    assert not a_loop_without_the_fourth_score().reconciled(Lags(label_join=5)).reconciles


# Labels.


def a_loop_without_the_entry_of_a_label() -> Loop:
    loop = Loop(sent=2)
    loop.score(0, 1)
    loop.label("a", "b")
    loop.learn((1, "a"))
    return loop


def test_a_label_whose_transaction_nobody_sent_is_named_and_waits():
    assert_on_its_way(
        a_loop_without_the_entry_of_a_label().reconciled(),
        "No transaction has come for 1 label, although every transaction and label has been read: label b for transaction "
        f"tb since {SAID_NOON}. Check their transaction ids; the label join waits until their retention ends.",
    )


@pytest.mark.parametrize("lags", [Lags(detector=1), Lags(label_join=1), Lags(ledger_is_behind=True)])
def test_a_label_without_an_entry_is_on_its_way_while_a_reader_is_behind(lags):
    found = a_loop_without_the_entry_of_a_label().reconciled(lags)
    assert_on_its_way(found, "The label join waits for the transaction of 1 label.")


def test_the_label_of_a_dead_transaction_waits_without_being_a_difference():
    loop = Loop(sent=1)
    loop.bury(0, transaction_id="ta")
    loop.label("a")
    assert_on_its_way(
        loop.reconciled(),
        "The transaction of 1 label is a dead letter. Send it corrected, and the label join joins them.",
    )


def test_a_label_without_a_transaction_does_not_hide_behind_the_dead_letter_of_another():
    loop = Loop(sent=1)
    loop.bury(0, transaction_id="tc")
    loop.label("a")
    assert "label a for transaction ta" in loop.reconciled().on_their_way[0]


# The learning log.


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("lags", [ALL_READ, Lags(9, 9, ledger_is_behind=True)])
def test_entries_lost_by_a_long_outage_are_a_difference(epoch, lags):
    loop = Loop()
    loop.label("a", "b", "c")
    for earlier in range(1, epoch):
        loop.learn((1, "a"), (2, "b"), (3, "c"), epoch=earlier)
    loop.learn((1, "a"), (2, "b"), (5, "c"), epoch=epoch)
    assert_differs(
        loop.reconciled(lags, EntryNumber(epoch, 5)),
        f"Epoch {epoch} of the learning log has number 5, but the ledger counted 3 entries up to it; the "
        "first that is missing is 3.",
    )


def test_a_log_that_does_not_start_at_one_is_a_difference():
    loop = Loop()
    loop.learn((2, None))
    assert_differs(
        loop.reconciled(last=EntryNumber(1, 2)),
        "Epoch 1 of the learning log has number 2, but the ledger counted 1 entry up to it; the first that "
        "is missing is 1.",
    )


def test_a_new_epoch_ends_the_difference_of_the_one_before():
    loop = Loop()
    loop.label("a", "b", "c")
    loop.learn((1, "a"), (2, "b"), (5, "c"))
    assert not loop.reconciled(last=EntryNumber(1, 5)).reconciles
    loop.learn((1, "a"), epoch=2)
    assert loop.reconciled(last=EntryNumber(2, 1)).reconciles


def test_a_later_epoch_may_hold_fewer_labels_than_the_first():
    loop = a_settled_loop()
    loop.learn((1, "b"), epoch=2)
    assert loop.reconciled(last=EntryNumber(2, 1)) == Reconciliation(True, [], [])


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_label_learned_twice_in_an_epoch_is_a_difference(epoch):
    loop = Loop()
    loop.label("a", "b")
    loop.learn((1, "a"), (2, None), (3, "b"), (4, "a"), epoch=epoch)
    assert_differs(
        loop.reconciled(last=EntryNumber(epoch, 4)),
        f"Epoch {epoch} of the learning log has 3 entries for labels, but only 2 of them for different labels that "
        "arrived.",
    )


def test_an_entry_for_a_label_that_never_arrived_is_a_difference():
    loop = Loop()
    loop.learn((1, "a"))
    assert not loop.reconciled(last=EntryNumber(1, 1)).reconciles


def test_an_entry_that_the_ledger_read_before_its_label_is_none():
    loop = Loop()
    loop.learn((1, "a"))
    assert loop.reconciled(Lags(ledger_is_behind=True), EntryNumber(1, 1)) == Reconciliation(True, [], [])
    loop.label("a")
    assert loop.reconciled(last=EntryNumber(1, 1)) == Reconciliation(True, [], [])


@pytest.mark.parametrize(("epoch", "uncounted"), [(1, "2 entries"), (2, "5 entries")])
def test_entries_behind_the_last_one_that_the_ledger_read_are_on_their_way(epoch, uncounted):
    found = a_settled_loop().reconciled(last=EntryNumber(epoch, 5))
    assert_on_its_way(found, f"The ledger has yet to count {uncounted} of the learning log.")


# The line that people read.


def test_the_status_ends_with_one_line():
    settled = {"reconciles": True, "differences": [], "on_their_way": []}
    assert verdict(settled) == "Counts reconcile."
    assert verdict({**settled, "on_their_way": ["One.", "Two."]}) == "Counts reconcile. One. Two."
    broken = {"reconciles": False, "differences": ["Three."], "on_their_way": ["One."]}
    assert verdict(broken) == "[red]Counts do not reconcile. Three.[/red] One."
    assert "unknown" in verdict(None)
