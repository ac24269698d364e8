"""The trees' side of the learning log: which examples they are trained on, when, and what comes of it.

    example n --> cache --> due? --> train on the examples up to n --> signed trees with n and a digest

Everything follows from the log, so whoever reads it again finds the same trees at the same positions.
"""

from learner.digest import canonical_digest
from learner.example_cache import ExampleCache
from learner.training_schedule import FIRST_FRAUDS, TrainingSchedule
from learner.xgboost_training import recipe, train
from weir.artefact import sign
from weir.feature_schema import KIND_OF
from weir.messages import Example, TreesPublication
from weir.trees import Trees
from weir.trees_artefact import pack_trees

NAMES = tuple(KIND_OF)
"""The columns that the trees may read."""


class TreeLearner:
    """Follows one epoch of the log to example `n`, whose latest event time is `clock_ms`.

    Without columns it keeps no features: it knows when training is due, and cannot train.
    """

    def __init__(self, epoch: int, columns: tuple[str, ...] = NAMES) -> None:
        self.epoch, self.n = epoch, 0
        self._schedule, self._examples = TrainingSchedule(), ExampleCache(columns)

    @property
    def clock_ms(self) -> int:
        return self._schedule.clock_ms

    def learn(self, n: int, example: Example) -> bool:
        """Keep the next example, and return whether the trees are to be trained now, on all examples so far."""
        self.n = n
        self._examples.add(example)
        return self._schedule.is_due(example) and self._examples.frauds_to_train_on() >= FIRST_FRAUDS

    def train(self, now_ms: int, key: bytes) -> TreesPublication:
        """Train on the examples so far, right after training became due, and return the signed trees."""
        examples = self._examples.training_set()
        trees = train(examples, NAMES)
        artefact = pack_trees(trees)
        return TreesPublication(
            epoch=self.epoch,
            n=self.n,
            clock_ms=self.clock_ms,
            artefact=artefact,
            signature=sign(artefact, key),
            digest=self._digest(trees),
            published_at_ms=now_ms,
            examples=len(examples.frauds),
            frauds=int(examples.frauds.sum()),
        )

    def _digest(self, trees: Trees) -> str:
        """Return the canonical digest of what scores, of the recipe and of the position in the log."""
        learned = [
            list(trees.names),
            trees.base,
            trees.roots.tobytes(),
            *(trees.nodes[name].tobytes() for name in trees.nodes.dtype.names or ()),
        ]
        return canonical_digest(
            {"trees": learned, "recipe": recipe(), "columns": list(NAMES), "at": [self.epoch, self.n]}
        )
