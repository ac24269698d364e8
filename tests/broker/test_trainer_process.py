"""The trainer beside the learner on a real broker: it publishes what the log says, and comes back when it dies."""

import signal
from functools import cache

import psutil
import pytest

from learner.tree_learner import TreeLearner
from tests.learner_on_kafka import KEY, a_learner, a_namespace, control, last_n, publications, send_entries
from tests.learning_stream import a_learning_stream, numbered
from tests.waiting import eventually
from weir.messages import TreesPublication
from weir.settings import Settings
from weir.trees_artefact import unpack_trees

STREAM = a_learning_stream(800)
PATIENCE_S = 90.0


@pytest.fixture
def settings(broker):
    return a_namespace(broker)


def trees(settings: Settings) -> list[TreesPublication]:
    return [record for record in control(settings) if isinstance(record, TreesPublication)]


@cache
def expected() -> dict[int, str]:
    """The digest of the trees at each position where the log makes training due."""
    learner, found = TreeLearner(epoch=1), {}
    for n, example in numbered(STREAM):
        if learner.learn(n, example):
            found[n] = learner.train(1, KEY.encode()).digest
    return found


def in_force(settings: Settings) -> int:
    return max((publication.n for publication in trees(settings)), default=0)


def the_trainer(learner: psutil.Popen) -> psutil.Process | None:
    """The learner's child that trains; the other one tracks resources for Python."""
    children = psutil.Process(learner.pid).children()
    return next((child for child in children if "spawn_main" in " ".join(child.cmdline())), None)


def reach(settings: Settings, n: int) -> None:
    """Wait until the last training that is due by example `n` is published."""
    last = max(due for due in expected() if due <= n)
    eventually(lambda: in_force(settings) == last, PATIENCE_S)


def test_trees_are_published_with_the_position_and_digest_that_the_log_gives(settings):
    send_entries(settings, STREAM, 1, 801)
    with a_learner(settings):
        reach(settings, 800)
    found = trees(settings)
    assert {publication.n: publication.digest for publication in found}.items() <= expected().items()
    assert unpack_trees(found[-1].artefact, found[-1].signature, KEY.encode()).names


def test_publications_say_which_trees_are_in_force(settings):
    with a_learner(settings):
        send_entries(settings, STREAM, 1, 701)
        reach(settings, 700)
        send_entries(settings, STREAM, 701, 702)
        eventually(lambda: last_n(settings) == 701)
    metrics = [publication.metrics for publication in publications(settings) if publication.n == 701]
    assert metrics[-1]["trees_n"] == in_force(settings)
    assert metrics[-1]["trainings_failed"] == 0


def test_a_killed_learner_ends_its_trainer_and_its_successor_finds_the_trees(settings):
    send_entries(settings, STREAM, 1, 601)
    with a_learner(settings) as process:
        reach(settings, 600)
        trainer = the_trainer(process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        eventually(lambda: not trainer.is_running() or trainer.status() == psutil.STATUS_ZOMBIE, 30)
    before = len(trees(settings))
    with a_learner(settings):
        send_entries(settings, STREAM, 601, 801)
        reach(settings, 800)
    later = trees(settings)[before:]
    assert later[0].n > max(due for due in expected() if due <= 600)
    assert {publication.n: publication.digest for publication in later}.items() <= expected().items()


def test_a_trainer_that_dies_is_started_again(settings):
    with a_learner(settings) as process:
        send_entries(settings, STREAM, 1, 101)
        first = eventually(lambda: the_trainer(process), PATIENCE_S)
        first.kill()
        send_entries(settings, STREAM, 101, 801)
        eventually(lambda: "training_failed" in process.stderr.readline(), PATIENCE_S)
        reach(settings, 800)
        assert the_trainer(process).pid != first.pid
