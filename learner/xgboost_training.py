"""Train boosted trees with XGBoost, and flatten them into the arrays that score.

Equal examples in equal order give equal trees: one thread, a fixed seed, a pinned XGBoost.

XGBoost is imported at the first training: it takes two seconds of CPU time, and few loops train in their first minute.
"""

import json
from collections.abc import Iterable
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from learner.example_cache import TrainingSet
from weir.trees import NODE, Trees

if TYPE_CHECKING:
    import xgboost

ROUNDS = 100
PARAMETERS: dict[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 5,
    "eta": 0.1,
    "max_bin": 256,
    "seed": 1,
    "nthread": 1,
    "verbosity": 0,
}
"""One setting for all data. Depth 4 and class weights ranked worse on several data sets (docs/adr/0020)."""

LARGEST = float(np.finfo(np.float32).max)
"""XGBoost refuses infinite values, and a number beyond 32 bits would be one."""


def train(examples: TrainingSet, names: tuple[str, ...]) -> Trees:
    """Train on all examples; `names` are those of their columns."""
    import xgboost  # noqa: PLC0415 -- see above

    np.clip(examples.values, -LARGEST, LARGEST, out=examples.values)
    matrix = xgboost.QuantileDMatrix(
        examples.values, label=examples.frauds, weight=examples.weights, max_bin=PARAMETERS["max_bin"], nthread=1
    )
    return flatten(xgboost.train(PARAMETERS, matrix, ROUNDS), names)


def recipe() -> dict[str, Any]:
    """Return what makes trees of examples, for the digest."""
    import xgboost  # noqa: PLC0415 -- see above

    return {"xgboost": xgboost.__version__, "rounds": ROUNDS, **PARAMETERS}


def flatten(booster: "xgboost.Booster", names: tuple[str, ...]) -> Trees:
    """Return the booster as arrays. Features that no tree reads are left out."""
    learned = json.loads(booster.save_raw("json"))["learner"]
    trees = [_Tree(tree) for tree in learned["gradient_booster"]["model"]["trees"]]
    read = sorted({feature for tree in trees for feature in tree.features_read()})
    number_of = {feature: number for number, feature in enumerate(read)}
    sizes = [len(tree.order) for tree in trees]
    roots = np.cumsum([0, *sizes[:-1]], dtype=np.int32)
    rows = [row for tree, root in zip(trees, roots, strict=True) for row in tree.rows(int(root), number_of)]
    return Trees(
        names=tuple(names[feature] for feature in read),
        base=_log_odds(learned["learner_model_param"]["base_score"]),
        roots=roots,
        nodes=np.array(rows, NODE),
    )


class _Tree:
    """A tree of XGBoost's JSON; `order` lists its nodes level by level, so that siblings are neighbours."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._left, self._right = tree["left_children"], tree["right_children"]
        self._feature, self._number = tree["split_indices"], tree["split_conditions"]
        self._default_left, self._cover = tree["default_left"], tree["sum_hessian"]
        self.order = [0]
        for node in self.order:  # the list grows while it is read
            if self._is_inner(node):
                self.order += [self._left[node], self._right[node]]

    def features_read(self) -> Iterable[int]:
        return [self._feature[node] for node in self.order if self._is_inner(node)]

    def rows(self, root: int, number_of: dict[int, int]) -> list[tuple[int, bool, int, float, float]]:
        """Return the nodes as rows of `NODE` that begin at `root`."""
        means, left, rows = self._means(), root + 1, []
        for node in self.order:
            if self._is_inner(node):
                number = number_of[self._feature[node]]
                rows.append((number, bool(self._default_left[node]), left, self._number[node], means[node]))
                left += 2
            else:
                rows.append((-1, False, 0, 0.0, means[node]))
        return rows

    def _is_inner(self, node: int) -> bool:
        return bool(self._left[node] >= 0)

    def _means(self) -> dict[int, float]:
        """Return each node's mean leaf, weighted by the second derivatives of the examples in it, as XGBoost does."""
        means: dict[int, float] = {}
        for node in reversed(self.order):
            if self._is_inner(node):
                left, right = self._left[node], self._right[node]
                total = means[left] * self._cover[left] + means[right] * self._cover[right]
                means[node] = total / (self._cover[left] + self._cover[right])
            else:
                means[node] = float(np.float32(self._number[node]))
        return means


def _log_odds(base_score: str) -> float:
    """Return the log-odds of XGBoost's base score, a probability in brackets. XGBoost bounds it likewise."""
    probability = min(max(float(base_score.strip("[]")), 1e-6), 1 - 1e-6)
    return log(probability / (1 - probability))
