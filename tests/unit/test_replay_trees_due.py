"""Which trees a replay waits for: those that the learner's own trainer would train on the same log."""

from learner.training_schedule import FIRST_FRAUDS
from learner.tree_learner import TreeLearner
from operations.replay.trees_due import TreesDue
from tests.learning_stream import a_learning_stream, numbered
from weir.messages import encode


def test_trees_are_due_where_the_trainer_trains_them():
    due, trainer, positions = TreesDue(1), TreeLearner(1), [0]
    for n, example in numbered(a_learning_stream(800)):
        due.read(f"1:{n}".encode(), encode(example))
        if trainer.learn(n, example):
            positions.append(n)
        assert due.due_n == positions[-1]
    assert positions[1] > FIRST_FRAUDS


def test_what_is_missing():
    due = TreesDue(1)
    for n, example in numbered(a_learning_stream(800)):
        due.read(f"1:{n}".encode(), encode(example))
    assert due.missing(801, due.due_n) == "the replay has yet to read 1 example of the learning log"
    assert due.missing(800, due.due_n) is None
    assert (
        due.missing(800, due.due_n - 1) == f"the trainer has yet to train the trees on the first {due.due_n:,} examples"
    )


def test_another_epoch_and_records_that_are_no_examples_change_nothing():
    due = TreesDue(2)
    for n, example in numbered(a_learning_stream(800)):
        due.read(f"1:{n}".encode(), encode(example))
    due.read(None, b"{}")
    due.read(b"2:1", b"{}")
    assert (due.due_n, due.missing(0, 0)) == (0, None)


def test_nothing_is_taken_for_known_while_an_example_is_read(monkeypatch):
    due, seen = TreesDue(1), []
    frauds = TreeLearner.learn
    monkeypatch.setattr(
        TreeLearner, "learn", lambda self, n, one: (frauds(self, n, one), seen.append(due.missing(n, 0)))[0]
    )
    for n, example in numbered(a_learning_stream(300)):
        due.read(f"1:{n}".encode(), encode(example))
    assert due.due_n > 0
    assert set(seen) == {"the replay has yet to read 1 example of the learning log"}
