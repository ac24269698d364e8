"""Boosted trees as complete binary trees of one depth, walked all at once: a level at a time, without a branch.

          0              the children of node k are 2k + 1, where numbers below the threshold go, and 2k + 2
       1     2
      3 4   5 6          a leaf above the last level is continued downwards: its value stays, whichever way one goes

A payment that lacks a feature goes where the training sent it. There are two numbers for each feature; for a missing one the
first is the lowest there is and the second the highest, and a node reads the one that goes its way. The walk of one tree
waits for memory and for each branch; when all are walked at once, none waits for another
(docs/measurements/payment-cost.md).
"""

from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from weir.compiled import Floats, Integers, compiled

DEEPEST = 8
"""A complete tree doubles with each level, so deeper ones are refused. Ours have five."""

Reads = NDArray[np.uint16]


class CompleteTrees(NamedTuple):
    """For each inner node, tree by tree, the number that it reads and its threshold; for each node its value.

    Arrays of 16 bits without a sign are walked twice as fast as those of 64 with one.
    """

    reads: Reads
    thresholds: NDArray[np.float32]
    values: Floats


def completed(nodes: NDArray[Any], roots: NDArray[np.int32], features: int) -> CompleteTrees:
    """Return trees of `weir.trees.NODE` as complete ones.

    Raises:
        ValueError: a tree is too deep.
    """
    depth = _depth(nodes, roots)
    inner = 2**depth - 1
    reads, thresholds = np.zeros((len(roots), inner), np.uint16), np.full((len(roots), inner), inf, np.float32)
    values, here = np.empty((len(roots), 2 * inner + 1)), np.array(roots, np.int64)[:, None]
    for level in range(depth + 1):
        first = 2**level - 1
        at = nodes[here]
        values[:, first : 2 * first + 1] = at["value"]
        if level < depth:
            is_inner = at["feature"] >= 0
            number = at["feature"] + np.where(at["default_left"], 0, features)
            reads[:, first : 2 * first + 1] = np.where(is_inner, number, 0)
            thresholds[:, first : 2 * first + 1] = np.where(is_inner, at["threshold"], inf)
            both = np.stack([np.where(is_inner, at["left"], here), np.where(is_inner, at["left"] + 1, here)], axis=2)
            here = both.reshape(len(roots), -1)
    return CompleteTrees(reads.ravel(), thresholds.ravel(), values.ravel())


def _depth(nodes: NDArray[Any], roots: NDArray[np.int32]) -> int:
    """Return the depth of the deepest tree; that of a single leaf is 0."""
    level, depth = nodes[roots], 0
    while (level["feature"] >= 0).any():
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"a tree is deeper than {DEEPEST}")
        left = level["left"][level["feature"] >= 0]
        level = nodes[np.concatenate([left, left + 1])]
    return depth


@compiled
def leaves_of(vector: Floats, places: Integers, trees: CompleteTrees) -> float:
    """Return the sum of the leaves that a payment reaches; `places` are those of the trees' features in the vector."""
    reads, thresholds, values = trees
    count, numbers, total = len(values) - 2 * len(reads), _both(vector, places), 0.0
    inner, at, first = len(reads) // count, np.zeros(count, np.int64), 0
    while first < inner:
        for tree in range(count):
            node = tree * inner + at[tree]
            at[tree] += at[tree] + 1 + (numbers[reads[node]] >= thresholds[node])
        first += first + 1
    for tree in range(count):
        total += values[tree * (2 * inner + 1) + at[tree]]
    return total


@compiled
def attribute(vector: Floats, places: Integers, trees: CompleteTrees, added: Floats) -> None:
    """Add to `added` what each feature changes along the payment's paths."""
    reads, thresholds, values = trees
    count, numbers = len(values) - 2 * len(reads), _both(vector, places)
    inner = len(reads) // count
    for tree in range(count):
        at, value = 0, tree * (2 * inner + 1)
        while at < inner:
            node = tree * inner + at
            child = 2 * at + 1 + (numbers[reads[node]] >= thresholds[node])
            added[reads[node] % len(places)] += values[value + child] - values[value + at]
            at = child


@compiled
def _both(vector: Floats, places: Integers) -> NDArray[np.float32]:
    """Return the features in 32 bits, as training compared them: first with missing ones lowest, then with them highest."""
    features = len(places)
    numbers = np.empty(2 * features, np.float32)
    for nth in range(features):
        number = np.float32(vector[places[nth]]) if places[nth] >= 0 else np.float32(np.nan)
        missing = np.isnan(number)
        numbers[nth] = -np.inf if missing else number
        numbers[features + nth] = np.inf if missing else number
    return numbers
