"""The trees follow from the log: the same log gives the same trees at the same positions."""

import pytest

from learner.tree_learner import NAMES, TreeLearner
from tests.learning_stream import a_learning_stream, numbered
from weir.messages import TreesPublication
from weir.trees_artefact import unpack_trees

KEY = b"a signing key"
STREAM = a_learning_stream(800)


def trained(*, skip: int = 0, epoch: int = 1) -> list[TreesPublication]:
    """Train wherever it is due, except the first `skip` times."""
    learner, found, due = TreeLearner(epoch), [], 0
    for n, example in numbered(STREAM):
        if learner.learn(n, example):
            due += 1
            if due > skip:
                found.append(learner.train(now_ms=n, key=KEY))
    return found


@pytest.fixture(scope="module")
def publications():
    return trained()


def test_trees_are_trained_several_times_and_know_their_position(publications):
    positions = [publication.n for publication in publications]
    assert len(positions) > 3
    assert positions == sorted(positions)
    assert publications[-1].clock_ms == max(example.event_time_ms for example in STREAM[: positions[-1]])
    assert publications[0].frauds >= 28
    assert publications[0].examples < publications[-1].examples


def test_the_published_trees_verify_and_read_the_schemas_features(publications):
    last = publications[-1]
    trees = unpack_trees(last.artefact, last.signature, KEY)
    assert set(trees.names) <= set(NAMES)
    amounts = [trees.log_odds({"log_amount": amount, "device_new": 0.0, "count_1h": 1.0}) for amount in (2.0, 6.5)]
    assert amounts[0] + 2 < amounts[1]


def test_the_same_log_gives_the_same_bytes_and_digests(publications):
    again = trained()
    assert [(one.n, one.digest, one.artefact) for one in again] == [
        (one.n, one.digest, one.artefact) for one in publications
    ]


def test_trainings_that_are_left_out_change_no_later_one(publications):
    assert [one.digest for one in trained(skip=2)] == [one.digest for one in publications[2:]]


def test_the_position_is_in_the_digest(publications):
    other = trained(epoch=2)
    assert other[0].artefact == publications[0].artefact
    assert other[0].digest != publications[0].digest
    assert len({one.digest for one in publications}) == len(publications)
