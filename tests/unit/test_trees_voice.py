"""What the learner does with the trainer's news."""

import pytest

from learner.kafka_tree_trainer import News, TrainingFailed
from learner.trees_voice import REPEAT_AFTER_RECORDS, TreesVoice
from tests.builders import NOON_MS
from weir.messages import TreesPublication


def trees(n: int, epoch: int = 1) -> TreesPublication:
    return TreesPublication(
        epoch=epoch,
        n=n,
        clock_ms=NOON_MS,
        artefact=b"",
        signature="",
        digest="d",
        published_at_ms=1,
        examples=n,
        frauds=30,
    )


class ATrainer:
    """Says what it was given, once, and keeps which trees it was told of."""

    def __init__(self, *news: News) -> None:
        self.news, self.told = list(news), []

    def __call__(self, published_n: int) -> list[News]:
        self.told.append(published_n)
        news, self.news = self.news, []
        return news


def a_voice(*news: News, published: TreesPublication | None = None) -> TreesVoice:
    return TreesVoice(1, published, ATrainer(*news))


def test_trees_wait_until_the_fold_has_learned_as_much():
    voice = a_voice(trees(50))
    assert (voice.due(49), voice.published) == (None, None)
    assert voice.due(50) == trees(50) == voice.published
    assert voice.due(60) is None


def test_the_newest_of_several_sets_is_published():
    assert a_voice(trees(50), trees(60)).due(100) == trees(60)


def test_the_old_trees_stay_in_force_while_training_fails():
    voice = a_voice(TrainingFailed(60, "no memory"), TrainingFailed(60, "no memory"), published=trees(50))
    assert (voice.due(100), voice.published) == (None, trees(50))
    assert voice.metrics() == {"trees_n": 50.0, "trainings_failed": 2.0}


def test_a_training_that_succeeds_ends_the_count_of_failures():
    voice = a_voice(TrainingFailed(60, "no memory"), trees(60))
    voice.due(100)
    assert voice.metrics() == {"trees_n": 60.0, "trainings_failed": 0.0}


def test_trees_of_another_epoch_are_not_in_force():
    assert a_voice(published=trees(50, epoch=2)).metrics()["trees_n"] == 0.0


def test_a_new_trainer_is_told_of_the_newest_trees_even_if_they_wait():
    trainer = ATrainer(trees(90))
    voice = TreesVoice(1, trees(50), trainer)
    voice.due(60)
    voice.due(60)
    assert trainer.told == [50, 90]


@pytest.mark.parametrize("published", [None, trees(50)])
def test_trees_are_repeated_after_so_many_control_records(published):
    voice = a_voice(published=published)
    assert voice.repeated(REPEAT_AFTER_RECORDS - 1) is None
    assert voice.repeated(1) == published
    assert voice.repeated(1) is None
