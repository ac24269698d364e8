"""The champion's model: a weight for each bin of each feature and for each cell of the most important pairs.

    example --> bins, cells --> log-odds = sum of their weights --> one AdaGrad step on just these weights
                                    |
                100, 200, 400, 800 ... frauds learned: choose the pairs anew

The recipe was measured on several data sets with one set of constants (docs/adr/0018); none is tuned to one of them.
"""

import struct
from collections.abc import Iterable, Mapping
from itertools import combinations
from math import fsum, sqrt
from typing import Any

from river import base

from weir.artefact import AdditiveScorer, probability
from weir.bins import GridKind, Layout
from weir.feature_schema import Kind
from weir.settings import LearningSettings

INTERCEPT = -5.0
"""Log-odds before anything is learned: a probability of .007, about the base rate of fraud."""

CELLS_SHARE = 0.3
"""The cells' share in the learning rate: a payment uses about as many cells as bins, and cells repeat them."""

FIRST_SQUARED_GRADIENT = 1.0
"""AdaGrad's start: a weight's first step is at most about seven tenths of the rate."""

MOST_DECAY, DECAY_LABELS = 0.01, 100.0
"""L2 is `min(.01, 100 / labels)`: a fixed .01 costs .03 of average precision on a large set, none .02 on a small one."""

PAIRED_FEATURES = 12
"""All pairs among the most important features are learned, 66. From 10 to 14 features the results are level."""

FIRST_CHOICE_FRAUDS = 100
"""Frauds learned when the pairs are first chosen, and again at each doubling. Choosing only once was worse."""


class Weights:
    """A flat list of weights, with AdaGrad's sum of squared gradients beside each."""

    def __init__(self, count: int = 0) -> None:
        self.values, self.squares = [0.0] * count, [FIRST_SQUARED_GRADIENT] * count

    def extend(self, other: "Weights") -> None:
        self.values += other.values
        self.squares += other.squares

    def part(self, where: slice) -> "Weights":
        """Copy a part."""
        part = Weights()
        part.values, part.squares = self.values[where], self.squares[where]
        return part

    def total(self, places: Iterable[int]) -> float:
        return fsum(map(self.values.__getitem__, places))

    def descend(self, places: Iterable[int], slope: float, decay: float, rate: float) -> None:
        """Take one step down the gradient `slope + decay * weight` of each weight."""
        values, squares = self.values, self.squares
        for place in places:
            value = values[place]
            gradient = slope + decay * value
            squares[place] = square = squares[place] + gradient * gradient
            values[place] = value - rate * gradient / sqrt(square)

    def importance(self) -> float:
        """Return how much the weights, as a feature's bins, decide: squares of weights, by the gradient they met.

        A feature that has been in one bin only acts as another intercept and decides nothing, so it has none.
        """
        met = [square - FIRST_SQUARED_GRADIENT for square in self.squares]
        if sum(gradient > 0 for gradient in met) < 2:  # noqa: PLR2004 -- to vary takes two
            return 0.0
        return fsum(gradient * value * value for gradient, value in zip(met, self.values, strict=True))

    def __getstate__(self) -> tuple[bytes, bytes]:
        return _doubles(self.values), _doubles(self.squares)

    def __setstate__(self, state: tuple[bytes, bytes]) -> None:
        self.values, self.squares = (list(struct.unpack(f">{len(part) // 8}d", part)) for part in state)


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
        bins, cells, fraud = self.layout.bins(x), self.layout.cells(x), bool(y)
        slope = w * (probability(self.bins.total(bins) + self.cells.total(cells)) - fraud)
        self.labels += 1
        self.frauds += fraud
        decay = w * min(MOST_DECAY, DECAY_LABELS / self.labels)
        self.bins.descend(bins, slope, decay, self.learning_rate)
        self.cells.descend(cells, slope, decay, self.learning_rate * CELLS_SHARE)
        if self.frauds >= self._choose_at:
            self._choose_at *= 2
            self._choose_pairs()

    def log_odds_one(self, x: Mapping[str, float]) -> float:
        return self.bins.total(self.layout.bins(x)) + self.cells.total(self.layout.cells(x))

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
        new: dict[str, GridKind] = {name: "number" for name in sorted(x) if name not in self.layout.kinds}
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


def compile_scorer(model: AdditiveModel, trust: float) -> AdditiveScorer:
    """Compile the model into the detector's form; it shares nothing that changes with the model."""
    return AdditiveScorer(
        layout=model.layout, bins=tuple(model.bins.values), cells=tuple(model.cells.values), trust=trust
    )


def _doubles(values: list[float]) -> bytes:
    return struct.pack(f">{len(values)}d", *values)
