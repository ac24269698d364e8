"""Compiled binning, scoring and learning give what the same functions give as plain Python, to the last bit."""

from bisect import bisect_right
from itertools import combinations
from math import fsum, inf, isnan, nan

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from learner.additive_model import FIRST_SQUARED_GRADIENT, descend
from tests.plain import plain
from weir.artefact import AdditiveScorer, contributions_of, log_odds_of, probability
from weir.bins import Layout, coarse_edges, fine_edges, places_of
from weir.exponential import exponential
from weir.feature_schema import KIND_OF

names = st.lists(st.sampled_from(list(KIND_OF)), unique=True, max_size=20)
an_edge = st.sampled_from(list(KIND_OF.values())).flatmap(
    lambda kind: st.sampled_from([*fine_edges(kind), *coarse_edges(kind)])
)
values = st.one_of(st.floats(-20, 20), an_edge, st.sampled_from([nan, inf, -inf, 0.0, -0.0, 5e-324, 1e308]))
every_example = settings(deadline=None, max_examples=100)


@st.composite
def layouts(draw):
    chosen = draw(names)
    every_pair = list(combinations(range(len(chosen)), 2))
    pairs = draw(st.lists(st.sampled_from(every_pair), unique=True, max_size=12)) if every_pair else []
    return Layout({name: KIND_OF[name] for name in chosen}, pairs)


@st.composite
def payments(draw):
    """A layout, a vector, and weights for every bin and cell."""
    layout = draw(layouts())
    vector = np.array([draw(values) for _ in layout.names], np.float64)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return layout, vector, rng.normal(size=layout.bin_count), rng.normal(size=layout.cell_count)


def binned(value, edges):
    return 0 if isnan(value) else 1 + bisect_right(edges, value)


@every_example
@given(payments())
def test_places_are_those_of_plain_python(payment):
    layout, vector, _, _ = payment
    assert np.array_equal(places_of(vector, *layout.tables), plain(places_of)(vector, *layout.tables))


@every_example
@given(payments())
def test_bins_are_those_of_the_standard_librarys_bisection(payment):
    layout, vector, _, _ = payment
    bins = [binned(value, fine_edges(kind)) for value, kind in zip(vector, layout.kinds.values(), strict=True)]
    first = [layout.bins_of(place).start for place in range(len(bins))]
    places = places_of(vector, *layout.tables)
    assert [place - start for place, start in zip(places[1:], first, strict=False)] == bins


@every_example
@given(payments())
def test_cells_are_those_of_the_standard_librarys_bisection(payment):
    layout, vector, _, _ = payment
    grids = [coarse_edges(kind) for kind in layout.kinds.values()]
    cells = [
        layout.cells_of(nth).start
        + binned(vector[one], grids[one]) * (len(grids[other]) + 2)
        + binned(vector[other], grids[other])
        for nth, (one, other) in enumerate(layout.pairs)
    ]
    assert list(places_of(vector, *layout.tables)[1 + len(layout.names) :]) == cells


@every_example
@given(payments())
def test_log_odds_and_contributions_are_those_of_plain_python(payment):
    layout, vector, bins, cells = payment
    arguments = vector, *layout.tables, bins, cells
    assert log_odds_of(*arguments) == plain(log_odds_of)(*arguments)
    assert np.array_equal(contributions_of(*arguments), plain(contributions_of)(*arguments))


@every_example
@given(payments())
def test_log_odds_are_the_exact_sum_within_a_billionth(payment):
    layout, vector, bins, cells = payment
    places, own = places_of(vector, *layout.tables), 1 + len(layout.names)
    exact = fsum([*bins[places[:own]], *cells[places[own:]]])
    scorer = AdditiveScorer(layout=layout, bins=bins, cells=cells, trust=1.0)
    assert abs(scorer.log_odds_of(vector) - exact) <= 1e-9


@every_example
@given(payments(), st.booleans(), st.floats(0.1, 5), st.integers(10, 100_000))
def test_learning_is_that_of_plain_python(payment, fraud, weight, labels):
    layout, vector, bins, cells = payment
    found = []
    for function in (descend, plain(descend)):
        weights = bins.copy(), np.full_like(bins, FIRST_SQUARED_GRADIENT), np.arange(len(bins)) % 10.0
        of_pairs = cells.copy(), np.full_like(cells, FIRST_SQUARED_GRADIENT), np.arange(len(cells)) % 10.0
        for n in range(3):
            function(vector, *layout.tables, *weights, *of_pairs, float(fraud), weight, labels + n, 0.1)
        found.append(np.concatenate([*weights, *of_pairs]))
    assert np.array_equal(*found)


@every_example
@given(st.floats(-800, 800))
def test_a_probability_is_that_of_plain_python(log_odds):
    assert probability(log_odds) == plain(probability)(log_odds)


@every_example
@given(st.floats(-700, 700))
def test_the_exponential_is_the_librarys_within_a_unit_in_the_last_place(x):
    assert abs(exponential(x) - np.exp(x)) <= np.spacing(np.exp(x))


@every_example
@given(payments())
def test_a_dictionary_of_the_present_features_scores_as_the_vector(payment):
    layout, vector, bins, cells = payment
    scorer = AdditiveScorer(layout=layout, bins=bins, cells=cells, trust=1.0)
    present = {name: value for name, value in zip(layout.names, vector, strict=True) if not isnan(value)}
    assert np.array_equal(layout.vector(present | {"unknown": 1.0}), vector, equal_nan=True)
    assert scorer.log_odds(present | {"unknown": 1.0}) == scorer.log_odds_of(vector)
    assert list(scorer.contributions(present).values()) == list(scorer.contributions_of(vector))
