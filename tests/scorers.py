"""Scorers for tests: as close to linear as bins allow."""

from itertools import pairwise

from weir.artefact import AdditiveScorer
from weir.bins import Layout, fine_edges
from weir.feature_schema import KIND_OF


def a_scorer(trust: float = 1.0, intercept: float = -3.0, **slopes: float) -> AdditiveScorer:
    """Make a model whose bins weigh `slope` times the middle of the bin; a missing feature weighs nothing."""
    layout = Layout({name: KIND_OF.get(name, "number") for name in slopes})
    weights = [intercept]
    for name, slope in slopes.items():
        edges = fine_edges(layout.kinds[name])
        middles = [edges[0] - 0.5, *[(low + high) / 2 for low, high in pairwise(edges)], edges[-1] + 0.5]
        weights += [0.0, *[slope * middle for middle in middles]]
    return AdditiveScorer(layout=layout, bins=weights, cells=(), trust=trust)
