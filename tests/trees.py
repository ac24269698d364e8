"""Trees for tests, trained on a small sample with gaps."""

from functools import cache
from typing import Any

import numpy as np
import xgboost

from learner.example_cache import TrainingSet
from learner.xgboost_training import PARAMETERS, ROUNDS, train
from tests.builders import NOON_MS
from weir.artefact import sign
from weir.messages import TreesPublication
from weir.trees import Trees
from weir.trees_artefact import pack_trees

NAMES = ("log_amount", "hour", "device_new", "count_1h", "night")
"""`night` is never present, so no tree reads it."""


def rows(count: int, seed: int) -> np.ndarray:
    """Return random rows; a third of the values is missing, and some are whole numbers."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, len(NAMES))).astype(np.float32)
    values[:, 1] = np.round(3 * values[:, 1])
    values[rng.random(values.shape) < 0.3] = np.nan
    values[:, 4] = np.nan
    return values


def examples(count: int = 3000, seed: int = 1) -> TrainingSet:
    """Return rows whose verdict depends on pairs of features."""
    values, rng = rows(count, seed), np.random.default_rng(seed + 1)
    known = np.nan_to_num(values)
    frauds = known[:, 0] + known[:, 1] * known[:, 2] + rng.normal(size=count) > 3
    return TrainingSet(values, frauds, np.where(frauds, 1, 5).astype(np.float32))


@cache
def some_trees() -> Trees:
    return train(examples(), NAMES)


def the_booster() -> xgboost.Booster:
    """Return XGBoost's own model of the same examples."""
    values, frauds, weights = examples()
    matrix = xgboost.QuantileDMatrix(values, label=frauds, weight=weights, max_bin=256, nthread=1)
    return xgboost.train(PARAMETERS, matrix, ROUNDS)


def features_of(row: np.ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(NAMES, row, strict=True) if not np.isnan(value)}


def trees_published(n: int, key: bytes, **fields: Any) -> TreesPublication:
    """Return a publication of these trees, trained on the examples up to `n` of epoch 1."""
    artefact = pack_trees(some_trees())
    defaults = {"epoch": 1, "clock_ms": NOON_MS, "digest": "d", "published_at_ms": 1, "examples": 9, "frauds": 3}
    signed = {"artefact": artefact, "signature": sign(artefact, key)}
    return TreesPublication(**defaults | signed | {"n": n} | fields)
