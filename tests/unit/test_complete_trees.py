"""Complete trees give each payment the leaf that the trees as trained give it."""

from math import inf, nan

import numpy as np
import pytest

from tests.trees import features_of, rows, some_trees
from weir.complete_trees import DEEPEST, completed, leaves_of
from weir.trees import NODE, STUMP, Trees

LEAF = (-1, False, 0, 0.0)


def leaf_by_hand(trees: Trees, root: int, vector: np.ndarray) -> float:
    """Walk one tree as XGBoost describes it."""
    node = trees.nodes[root]
    while node["feature"] >= 0:
        number = np.float32(vector[node["feature"]])
        left = node["default_left"] if np.isnan(number) else number < node["threshold"]
        node = trees.nodes[node["left"] + (not left)]
    return float(node["value"])


def some_tree(*nodes: tuple, names: tuple[str, ...] = ("amount", "hour")) -> Trees:
    return Trees(names=names, base=0.0, roots=np.zeros(1, np.int32), nodes=np.array(list(nodes), NODE))


def a_chain(depth: int) -> Trees:
    """A tree whose right child is a leaf at each level."""
    inner = [(0, True, 1 + 2 * level, 10.0 - level, 0.0) for level in range(depth)]
    nodes = [inner[0]]
    for level in range(depth):
        nodes += [inner[level + 1] if level + 1 < depth else (*LEAF, -1.0), (*LEAF, float(level))]
    return some_tree(*nodes)


def test_trained_trees_keep_their_leaves():
    trees = some_trees()
    for row in rows(300, seed=19):
        vector = trees.vector(features_of(row))
        expected = sum(leaf_by_hand(trees, int(root), vector) for root in trees.roots)
        assert trees.log_odds_of(vector) == pytest.approx(trees.base + expected, abs=1e-12)


@pytest.mark.parametrize("depth", range(1, DEEPEST + 1))
@pytest.mark.parametrize("amount", [-inf, 0.0, 2.0, 5.5, 9.99, 10.0, 11.0, inf, nan])
def test_a_leaf_above_the_last_level_is_reached_from_both_sides(depth, amount):
    trees = a_chain(depth)
    vector = np.array([amount, nan])
    assert trees.log_odds_of(vector) == leaf_by_hand(trees, 0, vector)


@pytest.mark.parametrize(("default_left", "leaf"), [(True, 1.0), (False, 2.0)])
def test_a_missing_feature_goes_where_the_training_sent_it(default_left, leaf):
    trees = some_tree((1, default_left, 1, 12.0, 0.0), (*LEAF, 1.0), (*LEAF, 2.0))
    assert trees.log_odds({"amount": 5.0}) == leaf
    assert trees.contributions({"amount": 5.0}) == {"amount": 0.0, "hour": leaf}


def test_a_stump_reads_nothing():
    assert STUMP.log_odds({}) == STUMP.log_odds({"amount": 7.0}) == 0.0
    assert leaves_of(np.empty(0), np.empty(0, np.int64), completed(STUMP.nodes, STUMP.roots, 0)) == 0.0


def test_a_tree_that_is_too_deep_is_refused():
    with pytest.raises(ValueError, match=f"deeper than {DEEPEST}"):
        a_chain(DEEPEST + 1).log_odds({})
