"""The replay against a fake loop that each test controls."""

import asyncio
from collections.abc import Callable

import pytest

from operations.harness import standstill
from operations.harness.observed import Observed
from operations.harness.pacing import Clock
from operations.replay import lockstep
from operations.replay.label_schedule import LabelSchedule
from operations.replay.lockstep import Replay
from operations.replay.mapping import Labels
from operations.replay.rows import Row
from tests.builders import HOUR_MS, NOON_MS, a_transaction, some_counts
from weir.errors import PartUnavailable
from weir.topics import Topics

START = NOON_MS // HOUR_MS * HOUR_MS
LABELS = Labels(column="fraud", fraud=[1], legitimate=[0])


class Trees:
    """Trees that are due, and have been trained on nothing yet; only `lacking` says so."""

    def __init__(self) -> None:
        self.due_n, self.lacking = 0, None

    def missing(self, _length: int, _trees_n: int) -> str | None:
        return self.lacking


class Loop:
    """Accepts transactions and labels, and immediately reports them as scored and, if it `learns`, as learned."""

    def __init__(self, *, learns: bool = True, scores_before_in_force: int = 0) -> None:
        self.log: list[str] = []
        self.observed = Observed(Topics("r"))
        self.sent, self.labels, self.learns = 0, 0, learns
        self.most_in_flight = 0
        self.behind = scores_before_in_force
        self.trees = Trees()

    def send(self, transaction) -> None:
        self.sent += 1
        self.log.append(transaction.transaction_id)
        self.most_in_flight = max(self.most_in_flight, self.sent - self.observed.done)

    def flush(self) -> None:
        self._tell()

    def check(self) -> None:
        """Stand in for the watcher. The replay calls this while it waits, so the loop makes progress here."""
        self._tell()

    def _tell(self) -> None:
        for offset in range(self.sent):
            self.observed._scored.add(0, offset)
        known = {"transactions_sent": self.sent, "scored": self.sent}
        labelled = {"labels_accepted": self.labels, "label_examples": self.labels}
        self.observed.counts = some_counts(**known, **labelled)
        if self.learns:
            self.observed.learned_n = self.labels
        if self.labels and self.observed.required_n:
            self.behind -= 1
            self.observed.in_force_n = self.labels if self.behind < 0 else 0


class LabelSender:
    def __init__(self, loop: Loop) -> None:
        self.loop = loop

    @property
    def sent(self) -> int:
        return self.loop.labels

    async def send(self, bodies: list[dict[str, str]]) -> None:
        self.loop.labels += len(bodies)
        self.loop.log += [f"label of {body['transaction_id']}" for body in bodies]


def a_replay(loop: Loop, report: Callable[[int, int], None] = lambda *_: None) -> Replay:
    return Replay(loop, LABELS, LabelSender(loop), loop, loop.observed, LabelSchedule(), loop.trees, report)


def a_row(name: str, hours: float, known_hours: float | None = None) -> Row:
    at_ms = START + round(hours * HOUR_MS)
    verdict = None if known_hours is None else "fraud"
    known_ms = START + round((known_hours or 0) * HOUR_MS)
    return Row(at_ms, a_transaction(transaction_id=name, event_time=at_ms), verdict, known_ms)


def test_a_label_is_sent_before_the_first_slice_that_may_know_it():
    loop = Loop()
    rows = [a_row("a", 0, known_hours=1), a_row("b", 0.5), a_row("c", 1), a_row("d", 2)]
    asyncio.run(a_replay(loop).in_lockstep(rows, HOUR_MS))
    assert loop.log == ["a", "b", "label of a", "c", "d"]


def test_a_label_known_within_a_slice_waits_for_the_next_one():
    loop = Loop()
    rows = [a_row("a", 0, known_hours=0.5), a_row("b", 0.9), a_row("c", 1)]
    asyncio.run(a_replay(loop).in_lockstep(rows, HOUR_MS))
    assert loop.log == ["a", "b", "label of a", "c"]


def test_labels_known_by_the_last_transaction_are_sent_and_later_ones_are_not():
    loop, rows = Loop(), [a_row("a", 0, known_hours=2), a_row("b", 1, known_hours=9), a_row("c", 2)]
    replay = a_replay(loop)
    asyncio.run(replay.in_lockstep(rows, HOUR_MS))
    assert loop.log == ["a", "b", "label of a", "c"]
    assert len(replay.schedule) == 1


def test_no_slice_is_sent_before_the_labels_are_in_force(monkeypatch):
    monkeypatch.setattr(standstill, "STANDSTILL_S", 0.05)
    loop = Loop(learns=False)
    rows = [a_row("a", 0, known_hours=1), a_row("b", 1)]
    with pytest.raises(PartUnavailable, match="the learner has yet to publish 1 example"):
        asyncio.run(a_replay(loop).in_lockstep(rows, HOUR_MS))
    assert "b" not in loop.log


@pytest.mark.parametrize("due_n", [0, 30])
def test_no_slice_is_sent_before_the_log_is_read_and_the_trees_that_are_due_are_published(due_n):
    loop, trained_at = Loop(), []
    loop.trees.due_n, loop.trees.lacking = due_n, "the trainer has yet to train the trees"

    def train() -> None:
        trained_at.append(loop.sent)
        loop.trees.lacking = None if len(trained_at) > 3 else loop.trees.lacking

    loop.check = lambda: (loop._tell(), train())
    asyncio.run(a_replay(loop).in_lockstep([a_row("a", 0), a_row("b", 1)], HOUR_MS))
    assert trained_at[:4] == [0] * 4
    assert loop.log == ["a", "b"]


def test_trees_that_never_come_are_waited_for_once(monkeypatch):
    monkeypatch.setattr(lockstep, "LONGEST_TRAINING_S", 0.05)
    loop, told = Loop(), []
    loop.trees.due_n, loop.trees.lacking = 30, "the trainer has yet to train the trees"
    replay = a_replay(loop)
    replay.waits = told.append
    asyncio.run(replay.in_lockstep([a_row("a", 0), a_row("b", 1)], HOUR_MS))
    assert told == ["going on without the trees: the trainer has yet to train the trees"]
    assert loop.log == ["a", "b"]


def test_transactions_go_one_at_a_time_until_a_score_shows_the_newest_trees():
    loop, told = Loop(), []
    loop.observed.trees_n = 30
    replay = a_replay(loop, lambda sent, _: told.append(sent) or setattr(loop.observed, "trees_in_force_n", 10 * sent))
    asyncio.run(replay.in_lockstep([a_row(f"t{number}", 0) for number in range(9)], HOUR_MS))
    assert told == [1, 2, 3, 9]


def test_long_wait_says_what_it_waits_for(monkeypatch):
    monkeypatch.setattr(standstill, "STANDSTILL_S", 0.05)
    monkeypatch.setattr(standstill, "SOME_S", 0.0)
    replay, told = a_replay(Loop(learns=False)), []
    replay.waits = told.append
    with pytest.raises(PartUnavailable):
        asyncio.run(replay.in_lockstep([a_row("a", 0, known_hours=1), a_row("b", 1)], HOUR_MS))
    assert told == ["waiting for the loop: the learner has yet to publish 1 example"]


def test_after_waiting_scores_must_come_from_a_model_that_knows_the_labels():
    loop = Loop()
    asyncio.run(a_replay(loop).in_lockstep([a_row("a", 0, known_hours=1), a_row("b", 1)], HOUR_MS))
    assert loop.observed.required_n == 1


def test_transactions_go_one_at_a_time_until_a_score_shows_the_newest_model():
    loop = Loop(scores_before_in_force=2)
    rows = [a_row("a", 0, known_hours=1), *(a_row(f"t{number}", 1) for number in range(10))]
    told: list[int] = []
    replay = a_replay(loop, lambda sent, _: told.append(sent))
    asyncio.run(replay.in_lockstep(rows, HOUR_MS))
    assert told == [1, 2, 3, 4, 11]


def test_the_number_of_transactions_in_flight_is_bounded(monkeypatch):
    monkeypatch.setattr(lockstep, "MAX_IN_FLIGHT", 1000)
    loop = Loop()
    asyncio.run(a_replay(loop).in_lockstep([a_row(f"t{number}", 0) for number in range(5000)], HOUR_MS))
    assert 500 < loop.most_in_flight <= 1500


def test_progress_ends_at_the_number_of_transactions():
    loop, told = Loop(), []
    asyncio.run(a_replay(loop, lambda *now: told.append(now)).in_lockstep([a_row("a", 0), a_row("b", 3)], HOUR_MS))
    assert told[-1] == (2, START + 3 * HOUR_MS)


def test_by_the_clock_everything_is_sent_in_order_without_waiting_for_learning():
    loop = Loop()
    rows = [a_row("a", 0, known_hours=0.2), a_row("b", 1), a_row("c", 2)]
    clock = Clock(speed=1e9, first_event_ms=START, started_s=0)
    asyncio.run(a_replay(loop).by_the_clock(rows, clock))
    assert [name for name in loop.log if not name.startswith("label")] == ["a", "b", "c"]
    assert loop.labels == 1
