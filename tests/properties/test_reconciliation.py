"""`weir status` finds no difference in a loop at any moment, and finds every record that the loop lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.counting import Ledger
from operations.runner.kafka_status import lags_of
from operations.runner.reconciliation import Reconciliation, reconcile
from tests.builders import a_label, a_scored_transaction, an_example
from weir.messages import EntryNumber, Position, encode
from weir.topics import Topics

TOPICS = Topics("live")
ACTIONS = ("pay", "label", "detect", "join_score", "join_label", "commit", "read", "read", "read_all")


class Loop:
    """A loop on one partition. Each part takes one step at a time; every topic is a list."""

    def __init__(self, lost_score: int | None = None, lost_label: int | None = None) -> None:
        self._lost_score, self._lost_label = lost_score, lost_label
        self.paid, self.labelled = 0, []
        self._scored, self._log = [], []
        self._at = {"detector": {"transactions": 0}, "label-join": {"scored": 0, "labels": 0}}
        self._committed = self._positions()
        self._joinable, self._waiting = set(), []
        self.ledger = Ledger(TOPICS)
        self._read = dict.fromkeys(("transactions", "scored", "labels", "learning_log"), 0)

    def step(self, action: str, number: int) -> None:
        match action:
            case "pay":
                self.paid += 1
            case "label" if self.paid:
                self.labelled.append(number % self.paid)
            case "detect" if (payment := self._next("detector", "transactions", range(self.paid))) is not None:
                self._scored += [payment] if payment != self._lost_score else []
            case "join_score" if (payment := self._next("label-join", "scored", self._scored)) is not None:
                self._joinable.add(payment)
                self._join()
            case "join_label" if (label := self._next("label-join", "labels", range(len(self.labelled)))) is not None:
                self._waiting += [label] if label != self._lost_label else []
                self._join()
            case "commit":
                self._committed = self._positions()
            case "read":
                self._count(list(self._read)[number % len(self._read)])
            case "read_all":
                for at in range(400):
                    self._count(list(self._read)[at % len(self._read)])

    def finish(self) -> None:
        for action in ("detect", "join_score", "join_label"):
            for _ in range(100):
                self.step(action, 0)
        self.step("commit", 0)
        self.step("read_all", 0)

    def status(self, between: list[tuple[str, int]]) -> Reconciliation:
        """Read what the jobs committed, then the ledger's commit, then whether it is behind, with steps between."""
        done = {job: dict(offsets) for job, offsets in self._committed.items()}
        for action, number in between[::2]:
            self.step(action, number)
        read = dict(self._read)
        counts = self.ledger.counts(0)
        snapshot = self.ledger.snapshot({getattr(TOPICS, name): {0: offset} for name, offset in read.items()})
        for action, number in between[1::2]:
            self.step(action, number)
        behind = read != {
            "transactions": self.paid,
            "scored": len(self._scored),
            "labels": len(self.labelled),
            "learning_log": len(self._log),
        }
        last = EntryNumber(1, len(self._log)) if self._log else None
        return reconcile(counts, snapshot, lags_of(TOPICS, done, snapshot, ledger_is_behind=behind), last)

    def _positions(self) -> dict[str, dict[tuple[str, int], int]]:
        return {
            job: {(getattr(TOPICS, name), 0): offset for name, offset in offsets.items()}
            for job, offsets in self._at.items()
        }

    def _next(self, job, topic, records):
        at = self._at[job][topic]
        if at >= len(records):
            return None
        self._at[job][topic] += 1
        return records[at]

    def _join(self) -> None:
        ready = [label for label in self._waiting if self.labelled[label] in self._joinable]
        self._waiting = [label for label in self._waiting if label not in ready]
        self._log += ready

    def _count(self, topic: str) -> None:
        at = self._read[topic]
        match topic:
            case "transactions" if at < self.paid:
                self.ledger.sent(0, at)
            case "scored" if at < len(self._scored):
                source = Position(TOPICS.transactions, 0, self._scored[at])
                self.ledger.scored(encode(a_scored_transaction(source=source)))
            case "labels" if at < len(self.labelled):
                self.ledger.labelled(0, at, encode(a_label(**self._ids(at))))
            case "learning_log" if at < len(self._log):
                example = an_example(**self._ids(self._log[at]))
                self.ledger.learned(EntryNumber(1, at + 1).key, encode(example))
            case _:
                return
        self._read[topic] += 1

    def _ids(self, label: int) -> dict[str, str]:
        return {"transaction_id": f"t{self.labelled[label]}", "label_id": f"l{label}"}


STEP = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 9))
STEPS = st.lists(STEP, min_size=20, max_size=60)


@settings(deadline=None)
@given(STEPS, st.lists(STEP, max_size=8))
def test_a_loop_that_loses_nothing_reconciles_at_any_moment(before, between):
    loop = Loop()
    for action, number in before:
        loop.step(action, number)
    assert loop.status(between).differences == []
    loop.step("read_all", 0)
    assert loop.status([]).differences == []
    loop.finish()
    assert loop.status([]) == Reconciliation(True, [], [])


@settings(deadline=None)
@given(STEPS, st.integers(0, 9))
def test_a_lost_score_is_found_once_the_loop_stands_still(before, lost):
    loop = Loop(lost_score=lost)
    for action, number in before:
        loop.step(action, number)
    loop.finish()
    assert loop.status([]).reconciles == (loop.paid <= lost)


@settings(deadline=None)
@given(STEPS, st.integers(0, 9))
def test_a_label_without_an_outcome_is_named_once_the_loop_stands_still(before, lost):
    loop = Loop(lost_label=lost)
    for action, number in before:
        loop.step(action, number)
    loop.finish()
    named = [sentence for sentence in loop.status([]).on_their_way if sentence.startswith("No transaction has come")]
    assert bool(named) == (len(loop.labelled) > lost)
