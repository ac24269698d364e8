"""Boosted trees, the second voice beside the additive model (docs/adr/0020), as they are trained and published.

A node is a row. A payment goes left at a node if its feature is below the threshold, or missing where the training sent
missing values left; the children of a node are neighbours. `value` is a leaf's log-odds, and at an inner node the mean of
its leaves over the training examples. What a feature adds is the sum of the changes of that mean along the path:

    root -1.2 --amount < 40?--> -1.0 --hour < 6?--> 0.4        amount adds .2, hour 1.4, the root belongs to the intercept

These attributions, Saabas's (XGBoost calls them `approx_contribs`), add up to the log-odds exactly. What scores are the
same trees in another form (`weir.complete_trees`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weir.compiled import Floats, Integers, warm_up
from weir.complete_trees import CompleteTrees, attribute, completed, leaves_of

NODE = np.dtype(
    [("feature", "<i2"), ("default_left", "?"), ("left", "<i4"), ("threshold", "<f4"), ("value", "<f8")], align=True
)
"""A leaf has the feature -1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trees:
    """A trained set of trees. `names` are the features that it reads, in the order of their numbers in `nodes`.

    `base` is the log-odds before any tree, and `roots` are the places of the trees' first nodes.
    """

    names: tuple[str, ...]
    base: float
    roots: NDArray[np.int32]
    nodes: NDArray[Any]

    @property
    def intercept(self) -> float:
        """The mean log-odds over the training examples: what attributions start from."""
        return self.base + float(self.nodes["value"][self.roots].sum())

    def log_odds(self, features: Mapping[str, float]) -> float:
        """Return the log-odds of fraud by the trees alone; within 1e-5 of XGBoost's own."""
        return self.log_odds_of(self.vector(features))

    def log_odds_of(self, vector: Floats) -> float:
        """Return the log-odds of a payment whose features are in the order of the names."""
        return self.base + float(leaves_of(vector, self._places, self.complete))

    def contributions(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return what each feature, present or missing, adds to the log-odds. With the intercept they sum to it."""
        added = self.contributions_of(self.vector(features))
        return dict(zip(self.names, added.tolist(), strict=True))

    def contributions_of(self, vector: Floats) -> Floats:
        """Return the contributions, in the order of the names, of a payment whose features are in that order."""
        added = np.zeros(len(self.names))
        attribute(vector, self._places, self.complete, added)
        return added

    def vector(self, features: Mapping[str, float]) -> Floats:
        """Return the features that the trees read, in the order of the names; missing ones are NaN."""
        return np.array([features.get(name, nan) for name in self.names])

    @cached_property
    def complete(self) -> CompleteTrees:
        """The trees as they are walked.

        Raises:
            ValueError: a tree is too deep.
        """
        return completed(self.nodes, self.roots, len(self.names))

    @property
    def _places(self) -> Integers:
        """The places of the features in a vector that has them in the order of the names."""
        return np.arange(len(self.names))


STUMP = Trees(names=("amount",), base=0.0, roots=np.zeros(1, np.int32), nodes=np.array([(-1, True, 0, 0, 0)], NODE))
"""A tree that is a leaf."""


@warm_up
def _score() -> None:
    STUMP.log_odds({})
    STUMP.contributions({})
