"""The model's two voices in one: the plain mean of the log-odds of the additive model and of the trees (docs/adr/0020).

    age of the trees    0 ............. 14 days ............. 28 days .....
    their share         1/2             1/2   fading          0

The age is event time of the learning log: from what the trees knew to what the additive model has learned. It grows only
if training fails while learning goes on. So a score depends on nothing but the two models and the payment.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from weir.artefact import AdditiveScorer, contributions_of, log_odds_of
from weir.bins import Layout
from weir.compiled import Floats, Integers, compiled, warm_up
from weir.feature_schema import NAMES
from weir.topics import DAY_MS
from weir.trees import STUMP, Trees, attribute, leaves_of
from weir.vectors import arranged, places_of, vector_of

HALF = 0.5
"""The trees' share while they are fresh. Shares from .3 to .7 rank alike; no learned weighting was better."""

FRESH_DAYS, GONE_DAYS = 14, 28
"""Trees are trained at least weekly, so after two weeks two trainings are missing. After 60 days without, the mean of both
ranked below the additive model alone (AP .73 for .75); between two weeks and that nothing was measured."""


@dataclass(frozen=True, eq=False)
class Voices:
    """The model that scores: the additive model and trees of some age. Without trees the additive model speaks alone."""

    additive: AdditiveScorer
    trees: Trees | None = None
    trees_age_ms: int = 0

    @cached_property
    def share(self) -> float:
        """The trees' share in the log-odds."""
        return 0.0 if self.trees is None else share_of_trees(self.trees_age_ms)

    @cached_property
    def intercept(self) -> float:
        return self._mean(self.additive.intercept, self.trees.intercept if self.trees else 0.0)

    @property
    def trust(self) -> float:
        """The model's share in the score, 0 to 1; the rules have the rest (docs/adr/0008)."""
        return self.additive.trust

    def log_odds(self, vector: Floats) -> float:
        """Return the log-odds of fraud by the model alone; `vector` has the features in the schema's order."""
        return log_odds_by(self.arrays, vector)

    def additive_log_odds(self, vector: Floats) -> float:
        """Return the log-odds by the additive model alone."""
        return self.additive.log_odds_of(arranged(vector, self._additive_places))

    def trees_log_odds(self, vector: Floats) -> float:
        """Return the log-odds by the trees alone; 0 without trees."""
        return 0.0 if self.trees is None else self.trees.log_odds_of(arranged(vector, self._trees_places))

    def contributions(self, vector: Floats) -> dict[str, float]:
        """Return what each feature of the schema adds to the log-odds. With the intercept they sum to `log_odds`.

        What features add that the schema no longer has stands under `FORMER`.
        """
        return dict(zip(_NAMED, contributions_by(self.arrays, vector).tolist(), strict=True))

    @cached_property
    def arrays(self) -> tuple[Any, ...]:
        """The model as compiled code reads it: a tuple of the same types with and without trees."""
        trees = self.trees or STUMP
        numbers = np.array([self.trust, self.share, trees.base])
        additive = (self._additive_places, *self.additive.layout.tables, self.additive.bins, self.additive.cells)
        return (numbers, *additive, self._trees_places, trees.nodes, trees.roots)

    @cached_property
    def _additive_places(self) -> Integers:
        return places_of(self.additive.layout.names)

    @cached_property
    def _trees_places(self) -> Integers:
        return places_of(self.trees.names if self.trees else ())

    def _mean(self, additive: float, trees: float) -> float:
        return (1 - self.share) * additive + self.share * trees


@compiled
def log_odds_by(model: tuple[Any, ...], vector: Floats) -> float:
    """Return the log-odds of fraud by the model of these arrays."""
    numbers, additive_places, edges, fine, coarse, pairs, bins, cells, trees_places, nodes, roots = model
    share: float = numbers[1]
    base: float = numbers[2]
    additive = log_odds_of(arranged(vector, additive_places), edges, fine, coarse, pairs, bins, cells)
    return (1 - share) * additive + share * (base + leaves_of(arranged(vector, trees_places), nodes, roots))


@compiled
def contributions_by(model: tuple[Any, ...], vector: Floats) -> Floats:
    """Return what each feature adds by the model of these arrays, in the schema's order; the last number is `FORMER`'s."""
    numbers, additive_places, edges, fine, coarse, pairs, bins, cells, trees_places, nodes, roots = model
    share, added, by_trees = numbers[1], np.zeros(len(vector) + 1), np.zeros(len(trees_places))
    by_weights = contributions_of(arranged(vector, additive_places), edges, fine, coarse, pairs, bins, cells)
    for nth in range(len(additive_places)):
        added[additive_places[nth]] += (1 - share) * by_weights[nth]  # the place -1 is the last
    attribute(arranged(vector, trees_places), nodes, roots, by_trees)
    for nth in range(len(trees_places)):
        added[trees_places[nth]] += share * by_trees[nth]
    return added


@compiled
def risk_by(model: tuple[Any, ...], rules_log_odds: float, vector: Floats) -> float:
    """Return the log-odds that the detector scores: rules and the model of these arrays, weighted by trust."""
    trust: float = model[0][0]
    return (1 - trust) * rules_log_odds + trust * log_odds_by(model, vector)


def share_of_trees(age_ms: int) -> float:
    """Return the trees' share in the model's log-odds.

    >>> [share_of_trees(days * DAY_MS) for days in (0, 14, 21, 28, 60)]
    [0.5, 0.5, 0.25, 0.0, 0.0]
    """
    left_days = GONE_DAYS - age_ms / DAY_MS
    return HALF * min(max(left_days / (GONE_DAYS - FRESH_DAYS), 0.0), 1.0)


FORMER = "former features"

_NAMED = (*NAMES, FORMER)

SILENT = Voices(AdditiveScorer(layout=Layout({}), bins=[0.0], cells=[], trust=0.0))
"""Stands in for a model before there is one: without trust the rules score alone."""


def risk(model: Voices | None, rules_log_odds: float, vector: Floats) -> float:
    """Return the log-odds that the detector scores; without a model those of the rules alone."""
    return risk_by((model or SILENT).arrays, rules_log_odds, vector)


@warm_up
def _speak() -> None:
    risk(None, 0.0, vector_of({}))
    SILENT.contributions(vector_of({}))
    SILENT.log_odds(vector_of({}))
