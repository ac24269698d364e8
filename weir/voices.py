"""The model's two voices in one: the plain mean of the log-odds of the additive model and of the trees (docs/adr/0020).

    age of the trees    0 ............. 14 days ............. 28 days .....
    their share         1/2             1/2   fading          0

The age is event time of the learning log: from what the trees knew to what the additive model has learned. It grows only
if training fails while learning goes on. So a score depends on nothing but the two models and the payment.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from weir.artefact import AdditiveScorer, contributions_of, log_odds_of
from weir.bins import Layout
from weir.compiled import Floats, Integers, compiled, warm_up
from weir.complete_trees import CompleteTrees, attribute, leaves_of
from weir.feature_schema import NAMES
from weir.packed_arrays import Bytes, packed, part_of
from weir.topics import DAY_MS
from weir.trees import STUMP, Trees
from weir.vectors import arranged, places_of, vector_of

HALF = 0.5
"""The trees' share while they are fresh. Shares from .3 to .7 rank alike; no learned weighting was better."""

FRESH_DAYS, GONE_DAYS = 14, 28
"""Trees are trained at least weekly, so after two weeks two trainings are missing. After 60 days without, the mean of both
ranked below the additive model alone (AP .73 for .75); between two weeks and that nothing was measured."""


(
    _NUMBERS,
    _ADDITIVE_PLACES,
    _EDGES,
    _FINE,
    _COARSE,
    _PAIRS,
    _BINS,
    _CELLS,
    _TREES_PLACES,
    _READS,
    _THRESHOLDS,
    _VALUES,
) = range(12)
"""The parts of a packed model: `Voices.packed` writes them in this order."""


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
        return log_odds_by(self.packed, vector)

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
        return dict(zip(_NAMED, contributions_by(self.packed, vector).tolist(), strict=True))

    @cached_property
    def packed(self) -> Bytes:
        """The model as compiled code reads it, with a stump for trees if there are none."""
        trees = self.trees or STUMP
        numbers = np.array([self.trust, self.share, trees.base])
        additive = (self._additive_places, *self.additive.layout.tables, self.additive.bins, self.additive.cells)
        return packed((numbers, *additive, self._trees_places, *trees.complete))

    @cached_property
    def _additive_places(self) -> Integers:
        return places_of(self.additive.layout.names)

    @cached_property
    def _trees_places(self) -> Integers:
        return places_of(self.trees.names if self.trees else ())

    def _mean(self, additive: float, trees: float) -> float:
        return (1 - self.share) * additive + self.share * trees


@compiled
def log_odds_by(model: Bytes, vector: Floats) -> float:
    """Return the log-odds of fraud by a packed model."""
    _, share, base = _numbers_in(model)
    additive = log_odds_of(arranged(vector, _integers(model, _ADDITIVE_PLACES)), *_additive_in(model))
    return (1 - share) * additive + share * (
        base + leaves_of(vector, _integers(model, _TREES_PLACES), _trees_in(model))
    )


@compiled
def contributions_by(model: Bytes, vector: Floats) -> Floats:
    """Return what each feature adds by a packed model, in the schema's order; the last number is `FORMER`'s."""
    _, share, _ = _numbers_in(model)
    additive_places, trees_places = _integers(model, _ADDITIVE_PLACES), _integers(model, _TREES_PLACES)
    added, by_trees = np.zeros(len(vector) + 1), np.zeros(len(trees_places))
    by_weights = contributions_of(arranged(vector, additive_places), *_additive_in(model))
    for nth in range(len(additive_places)):
        added[additive_places[nth]] += (1 - share) * by_weights[nth]  # the place -1 is the last
    attribute(vector, trees_places, _trees_in(model), by_trees)
    for nth in range(len(trees_places)):
        added[trees_places[nth]] += share * by_trees[nth]
    return added


@compiled
def risk_by(model: Bytes, rules_log_odds: float, vector: Floats) -> float:
    """Return the log-odds that the detector scores: rules and a packed model, weighted by trust."""
    trust, _, _ = _numbers_in(model)
    return (1 - trust) * rules_log_odds + trust * log_odds_by(model, vector)


@compiled
def _numbers_in(model: Bytes) -> tuple[float, float, float]:
    """Return the trust in the model, the trees' share and their base."""
    numbers = _floats(model, _NUMBERS)
    return numbers[0], numbers[1], numbers[2]


@compiled
def _additive_in(model: Bytes) -> tuple[Floats, Integers, Integers, Integers, Floats, Floats]:
    """Return the layout's tables, the bins and the cells."""
    fine, coarse, pairs = _rows(model, _FINE, 3), _rows(model, _COARSE, 3), _rows(model, _PAIRS, 4)
    return _floats(model, _EDGES), fine, coarse, pairs, _floats(model, _BINS), _floats(model, _CELLS)


@compiled
def _trees_in(model: Bytes) -> CompleteTrees:
    thresholds = part_of(model, _THRESHOLDS).view(np.float32)
    return CompleteTrees(part_of(model, _READS).view(np.uint16), thresholds, _floats(model, _VALUES))


@compiled
def _floats(model: Bytes, nth: int) -> Floats:
    return part_of(model, nth).view(np.float64)


@compiled
def _integers(model: Bytes, nth: int) -> Integers:
    return part_of(model, nth).view(np.int64)


@compiled
def _rows(model: Bytes, nth: int, columns: int) -> Integers:
    numbers = _integers(model, nth)
    return numbers.reshape(len(numbers) // columns, columns)


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
    return risk_by((model or SILENT).packed, rules_log_odds, vector)


@warm_up
def _speak() -> None:
    risk(None, 0.0, vector_of({}))
    SILENT.contributions(vector_of({}))
    SILENT.log_odds(vector_of({}))
