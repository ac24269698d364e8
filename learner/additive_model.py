"""The champion's model: a weight for each bin of each feature and for each cell of the most important pairs.

    example --> bins, cells --> log-odds = sum of their weights --> one AdaGrad step on just these weights;
                                    |                               the intercept keeps the average payment in place
                100, 200, 400, 800 ... frauds learned: choose the pairs anew

The recipe was measured on several data sets with one set of constants (docs/adr/0018); none is tuned to one of them.
"""

from collections.abc import Mapping
from itertools import combinations
from math import fsum, sqrt
from typing import Any

import numpy as np
from river import base

from weir.artefact import AdditiveScorer, log_odds_of, probability, sum_at
from weir.bins import Layout, places_of
from weir.compiled import Floats, Integers, compiled, warm_up
from weir.feature_schema import Kind
from weir.settings import LearningSettings

INTERCEPT = -5.0
"""Log-odds before anything is learned: a probability of .007, about the base rate of fraud."""

CELLS_SHARE = 0.3
"""The cells' share in the learning rate: a payment uses about as many cells as bins, and cells repeat them."""

FIRST_SQUARED_GRADIENT = 1.0
"""AdaGrad's start: a weight's first step is at most about seven tenths of the rate."""

SHARE_PRIOR = 30.0
"""Labels that used no weight, counted before the first real one, so that the first labels keep nearly their full effect.

From 10 to 30 a cold start ranks alike. At 1 the first labels teach too little, from 100 on the bins of features that never
vary disturb the first week again, and 10 was worse on simulated traffic (docs/measurements/two-voices.md).
"""

MOST_DECAY, DECAY_LABELS = 0.01, 100.0
"""L2 is `min(.01, 100 / labels)`: a fixed .01 costs .03 of average precision on a large set, none .02 on a small one."""

PAIRED_FEATURES = 12
"""All pairs among the most important features are learned, 66. From 10 to 14 features the results are level."""

FIRST_CHOICE_FRAUDS = 100
"""Frauds learned when the pairs are first chosen, and again at each doubling. Choosing only once was worse."""


class Weights:
    """An array of weights, with AdaGrad's sum of squared gradients and the number of steps beside each."""

    def __init__(self, count: int = 0) -> None:
        self.values, self.squares, self.steps = np.zeros(count), np.full(count, FIRST_SQUARED_GRADIENT), np.zeros(count)

    @property
    def arrays(self) -> tuple[Floats, Floats, Floats]:
        return self.values, self.squares, self.steps

    def extend(self, other: "Weights") -> None:
        both = zip(self.arrays, other.arrays, strict=True)
        self.values, self.squares, self.steps = (np.concatenate(pair) for pair in both)

    def part(self, where: slice) -> "Weights":
        """Copy a part."""
        part = Weights()
        part.values, part.squares, part.steps = (array[where].copy() for array in self.arrays)
        return part

    def importance(self) -> float:
        """Return how much the weights, as a feature's bins, decide: squares of weights, by the gradient they met.

        A feature that has been in one bin only acts as another intercept and decides nothing, so it has none.
        """
        met = self.squares - FIRST_SQUARED_GRADIENT
        if np.count_nonzero(met > 0) < 2:  # noqa: PLR2004 -- to vary takes two
            return 0.0
        return fsum(met * self.values * self.values)

    def __getstate__(self) -> tuple[bytes, ...]:
        return tuple(array.astype(">f8").tobytes() for array in self.arrays)

    def __setstate__(self, state: tuple[bytes, ...]) -> None:
        self.values, self.squares, self.steps = (np.frombuffer(part, ">f8").astype(np.float64) for part in state)


class AdditiveModel(base.Classifier):  # type: ignore[misc] # River's base classes are untyped
    """An additive model on binned features, with pairs that it chooses itself.

    `kinds` names the features and their grids; others are ignored. Without `kinds`, every feature that comes is learned
    on a signed logarithmic grid.

    >>> model = AdditiveModel()
    >>> model.learn_one({"amount": 3.0}, True)
    >>> model.predict_proba_one({"amount": 3.0})[True] < 0.05
    True
    """

    def __init__(
        self, learning_rate: float = LearningSettings().learning_rate, kinds: Mapping[str, Kind] | None = None
    ) -> None:
        self.learning_rate = learning_rate
        self.kinds = kinds
        self.layout = Layout(kinds or {})
        self.bins, self.cells = Weights(self.layout.bin_count), Weights()
        self.bins.values[0] = INTERCEPT
        self.labels, self.frauds = 0, 0
        self._choose_at = FIRST_CHOICE_FRAUDS

    def learn_one(self, x: Mapping[str, float], y: Any, w: float = 1.0) -> None:
        """Learn one example, whose weight `w` multiplies its gradient."""
        if self.kinds is None:
            self._admit(x)
        self.learn_vector(self.layout.vector(x), bool(y), w)

    def learn_vector(self, vector: Floats, fraud: bool, weight: float = 1.0) -> float:
        """Learn one example whose features are in the layout's order; return its log-odds before that."""
        self.labels += 1
        self.frauds += fraud
        weights, rate = (*self.bins.arrays, *self.cells.arrays), float(self.learning_rate)
        before = descend(vector, *self.layout.tables, *weights, float(fraud), float(weight), self.labels, rate)
        if self.frauds >= self._choose_at:
            self._choose_at *= 2
            self._choose_pairs()
        return before

    def log_odds_one(self, x: Mapping[str, float]) -> float:
        return self.log_odds_of(self.layout.vector(x))

    def log_odds_of(self, vector: Floats) -> float:
        """Return the log-odds of a payment whose features are in the layout's order."""
        return log_odds_of(vector, *self.layout.tables, self.bins.values, self.cells.values)

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[bool, float]:
        fraud = probability(self.log_odds_one(x))
        return {False: 1.0 - fraud, True: fraud}

    def importances(self) -> list[float]:
        """Return each feature's importance, in the layout's order."""
        return [self.bins.part(self.layout.bins_of(place)).importance() for place in range(len(self.layout.names))]

    def learned_state(self) -> dict[str, Any]:
        """Return everything that scores or learns as plain values, for the digest."""
        return {
            "kind": "additive",
            "rate": self.learning_rate,
            "features": list(self.layout.kinds.items()),
            "pairs": self.layout.pairs,
            "bins": self.bins.__getstate__(),
            "cells": self.cells.__getstate__(),
            "labels": self.labels,
            "frauds": self.frauds,
            "choose_at": self._choose_at,
        }

    def _admit(self, x: Mapping[str, float]) -> None:
        """Add the features that are new, by name, because an example has no order."""
        new: dict[str, Kind] = {name: "number" for name in sorted(x) if name not in self.layout.kinds}
        if new:
            self.layout = Layout(self.layout.kinds | new, self.layout.pairs)
            self.bins.extend(Weights(self.layout.bin_count - len(self.bins.values)))

    def _choose_pairs(self) -> None:
        """Pair the most important features, ties by place. Pairs that stay keep their weights."""
        importances = self.importances()
        ranked = sorted(range(len(importances)), key=lambda place: (-importances[place], place))
        chosen = sorted(place for place in ranked[:PAIRED_FEATURES] if importances[place] > 0)
        old, self.layout = self.layout, Layout(self.layout.kinds, list(combinations(chosen, 2)))
        kept = {pair: self.cells.part(old.cells_of(nth)) for nth, pair in enumerate(old.pairs)}
        self.cells = Weights()
        for nth, pair in enumerate(self.layout.pairs):
            where = self.layout.cells_of(nth)
            self.cells.extend(kept[pair] if pair in kept else Weights(where.stop - where.start))


@compiled
def descend(  # noqa: PLR0917 -- as `log_odds_of`
    vector: Floats,
    edges: Floats,
    fine: Integers,
    coarse: Integers,
    pairs: Integers,
    bins: Floats,
    bins_squares: Floats,
    bins_steps: Floats,
    cells: Floats,
    cells_squares: Floats,
    cells_steps: Floats,
    fraud: float,
    weight: float,
    labels: int,
    rate: float,
) -> float:
    """Take one step down the gradient of each weight that a payment uses; return its log-odds before that.

    `labels` counts this example, too.

    What a step adds to the average payment is taken from the intercept, which alone learns the level. Otherwise a bin
    that every payment is in would be another intercept, and where a data set lacks fifty features, the level would be
    learned fifty times too fast.
    """
    places, own = places_of(vector, edges, fine, coarse, pairs), 1 + fine.shape[0]
    log_odds = sum_at(places, pairs.shape[0], bins, cells)
    slope = weight * (probability(log_odds) - fraud)
    decay, before = weight * min(MOST_DECAY, DECAY_LABELS / labels), labels - 1
    step(bins, bins_squares, 0, slope, decay, rate)
    for place in places[1:own]:
        moved = step(bins, bins_squares, place, slope, decay, rate)
        bins[0] -= share(bins_steps[place], before) * moved
        bins_steps[place] += 1
    for place in places[own:]:
        moved = step(cells, cells_squares, place, slope, decay, rate * CELLS_SHARE)
        bins[0] -= share(cells_steps[place], before) * moved
        cells_steps[place] += 1
    return log_odds


@compiled
def step(  # noqa: PLR0917 -- numbers and arrays only
    values: Floats, squares: Floats, place: int, slope: float, decay: float, rate: float
) -> float:
    """Take AdaGrad's step down the gradient `slope + decay * weight` of one weight, and return by how much it moved."""
    gradient = slope + decay * values[place]
    squares[place] += gradient * gradient
    moved: float = -rate * gradient / sqrt(squares[place])
    values[place] += moved
    return moved


@compiled
def share(steps: float, labels: int) -> float:
    """Return the share of payments that use a weight, from the steps that it has taken and the labels so far."""
    return steps / (labels + SHARE_PRIOR)


@warm_up
def _learn() -> None:
    model = AdditiveModel(kinds={"night": "flag"})
    model.learn_one({"night": 1.0}, y=True)
    model.predict_proba_one({})


def compile_scorer(model: AdditiveModel, trust: float) -> AdditiveScorer:
    """Compile the model into the detector's form; it shares nothing that changes with the model."""
    return AdditiveScorer(layout=model.layout, bins=model.bins.values, cells=model.cells.values, trust=trust)
