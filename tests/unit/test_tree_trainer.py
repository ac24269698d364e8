"""The trainer reads the log, stops at a training that is due, and tries a failed one again."""

import pytest

from learner import kafka_tree_trainer, tree_learner
from learner.kafka_tree_trainer import News, TrainingFailed, TreeTrainer
from learner.tree_learner import TreeLearner
from learner.xgboost_training import train
from tests.builders import DAY_MS
from tests.learning_stream import a_learning_stream, numbered
from weir.errors import BrokenLog
from weir.messages import encode
from weir.settings import LearningSettings, Settings

KEY = "a signing key"
STREAM = a_learning_stream(800)


class AnEntry:
    """An entry of the learning log on Kafka."""

    def __init__(self, offset: int, key: bytes, value: bytes) -> None:
        self.offset, self.key, self.value = lambda: offset, lambda: key, lambda: value
        self.error = lambda: None


class ALog:
    """A consumer of the whole log."""

    def __init__(self, entries: list[AnEntry]) -> None:
        self.left = list(entries)

    def assign(self, _places) -> None:
        pass

    def consume(self, count: int, **_) -> list[AnEntry]:
        batch, self.left = self.left[:count], self.left[count:]
        return batch


def entries(epoch: int = 1) -> list[AnEntry]:
    return [AnEntry(n, b"%d:%d" % (epoch, n), encode(example)) for n, example in numbered(STREAM)]


@pytest.fixture
def trained(monkeypatch):
    """Run a trainer over a log and return its news. `newest_ms` is the event time of the log's last entry."""

    def run(log: list[AnEntry], published_n: int = 0, newest_ms: int = 0, **learning) -> list[News]:
        reader, news = ALog(log), []
        monkeypatch.setattr(kafka_tree_trainer, "consumer", lambda *_: reader)
        monkeypatch.setattr(kafka_tree_trainer, "_newest_ms", lambda _: newest_ms)
        monkeypatch.setattr(kafka_tree_trainer, "RETRY_S", 0.0)
        settings = Settings(signing_key=KEY, learning=LearningSettings(**learning))
        trainer = TreeTrainer(settings, news.append, published_n)
        while reader.left or trainer._unread or trainer._due:
            trainer.step()
        return news

    return run


@pytest.fixture(scope="module")
def expected():
    learner = TreeLearner(epoch=1)
    return {
        n: (learner.clock_ms, learner.train(1, KEY.encode()).digest)
        for n, example in numbered(STREAM)
        if learner.learn(n, example)
    }


def test_the_trees_are_those_of_the_log(trained, expected):
    assert {one.n: one.digest for one in trained(entries())} == {n: digest for n, (_, digest) in expected.items()}


def test_trees_that_are_published_are_not_trained_again(trained, expected):
    known = sorted(expected)[2]
    assert [one.n for one in trained(entries(), published_n=known)] == sorted(expected)[3:]


def test_trees_that_later_ones_supersede_are_left_out(trained, expected):
    newest_ms = STREAM[-1].event_time_ms
    found = {one.n: one.digest for one in trained(entries(), newest_ms=newest_ms)}
    kept = {n: digest for n, (clock_ms, digest) in expected.items() if clock_ms >= newest_ms - 8 * DAY_MS}
    assert found == kept
    assert 0 < len(kept) < len(expected)


def test_entries_of_another_epoch_are_passed_over(trained, expected):
    found = trained([*entries(epoch=1), *entries(epoch=2)], epoch=2)
    assert [one.n for one in found] == list(expected)


def test_a_failed_training_is_reported_and_tried_again_on_the_same_examples(trained, expected, monkeypatch):
    failures = [MemoryError("no room"), ValueError("odd")]

    def train_at_last(*arguments):
        if failures:
            raise failures.pop(0)
        return train(*arguments)

    monkeypatch.setattr(tree_learner, "train", train_at_last)
    first, second, third, *_ = trained(entries())
    n = min(expected)
    assert first == TrainingFailed(n, "MemoryError('no room')")
    assert second == TrainingFailed(n, "ValueError('odd')")
    assert (third.n, third.digest) == (n, expected[n][1])


def test_a_log_that_cannot_be_read_ends_the_trainer(trained):
    with pytest.raises(BrokenLog):
        trained([AnEntry(0, b"1:1", b"{}")])
