"""The trees that the learner publishes: those the trainer has made, once the fold has come as far."""

from collections.abc import Callable, Iterable

import structlog

from learner.kafka_tree_trainer import News, TrainingFailed
from weir.messages import TreesPublication

REPEAT_AFTER_RECORDS = 200
"""Control records after which the trees are written once more, so that who reads only the end of the topic, as the console
and the registrar do, finds them. One record in 200 adds less than half a percent."""

_log = structlog.get_logger()


class TreesVoice:
    """The trees in force, and newer ones that wait. `hear` returns the trainer's news, given the newest known `n`."""

    def __init__(self, epoch: int, published: TreesPublication | None, hear: Callable[[int], Iterable[News]]) -> None:
        self._hear = hear
        self.published = published if published is not None and published.epoch == epoch else None
        self._waiting: TreesPublication | None = None
        self._records_since, self._failures = 0, 0

    def due(self, n: int) -> TreesPublication | None:
        """Return newly trained trees to publish when the fold is at example `n`; None if there are none."""
        for news in self._hear(_n_of(self._waiting or self.published)):
            self._note(news)
        if self._waiting is None or self._waiting.n > n:
            return None
        self.published, self._waiting, self._records_since = self._waiting, None, 0
        return self.published

    def repeated(self, records: int) -> TreesPublication | None:
        """Note that so many control records are written; return the trees if they are to be written once more."""
        self._records_since += records
        if self.published is None or self._records_since < REPEAT_AFTER_RECORDS:
            return None
        self._records_since = 0
        return self.published

    def metrics(self) -> dict[str, float]:
        """Return the trees' last example, 0 without trees, and the trainings that failed since the last that did not."""
        return {"trees_n": float(_n_of(self.published)), "trainings_failed": float(self._failures)}

    def _note(self, news: News) -> None:
        if isinstance(news, TrainingFailed):
            self._failures += 1
            _log.warning("training_failed", n=news.n, attempts=self._failures, problem=news.problem)
            return
        self._failures, self._waiting = 0, news
        _log.info("trees_trained", n=news.n, examples=news.examples, frauds=news.frauds, digest=news.digest[:12])


def _n_of(trees: TreesPublication | None) -> int:
    return 0 if trees is None else trees.n
