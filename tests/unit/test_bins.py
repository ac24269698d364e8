"""The grids, and where a payment's weights are."""

import math
from typing import get_args

import pytest

from weir.bins import CODES, Layout, coarse_edges, fine_edges
from weir.feature_schema import KIND_OF, Kind

KINDS = get_args(Kind)


@pytest.mark.parametrize("kind", KINDS)
def test_edges_rise_and_coarse_ones_are_fewer(kind):
    fine, coarse = fine_edges(kind), coarse_edges(kind)
    assert list(fine) == sorted(set(fine))
    assert list(coarse) == sorted(set(coarse))
    assert len(coarse) <= len(fine)


def place(kind, *present):
    """The bin of a value, counted from the feature's own first one; of a missing value without `present`."""
    return Layout({"it": kind}).bins(dict.fromkeys(["it"], *present) if present else {})[1] - 1


def test_missing_values_have_the_first_bin():
    assert place("log_ratio") == place("log_ratio", math.nan) == 0
    assert place("log_ratio", -99.0) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_at_an_edge_belongs_to_the_bin_above(kind):
    edges = fine_edges(kind)
    assert [place(kind, edge) for edge in edges] == list(range(2, len(edges) + 2))
    assert place(kind, math.nextafter(edges[0], -math.inf)) == 1
    assert place(kind, 1e12) == len(edges) + 1


def test_each_code_has_a_bin_of_its_own():
    assert len({place("code", float(code)) for code in range(CODES)}) == CODES


@pytest.mark.parametrize(("kind", "values"), [("hour", range(24)), ("flag", range(2))])
def test_each_hour_and_flag_has_a_bin_of_its_own(kind, values):
    assert sorted(place(kind, float(value)) for value in values) == list(range(1, len(values) + 1))


def test_no_two_weights_share_a_place():
    layout = Layout(KIND_OF, [(0, 1), (0, 7), (1, 7)])
    slices = [layout.bins_of(place) for place in range(len(layout.names))]
    assert [part.start for part in slices] == [1, *[part.stop for part in slices[:-1]]]
    assert slices[-1].stop == layout.bin_count
    cells = [layout.cells_of(pair) for pair in range(3)]
    assert [part.start for part in cells] == [0, *[part.stop for part in cells[:-1]]]
    assert cells[-1].stop == layout.cell_count


def test_each_combination_of_coarse_bins_has_its_cell():
    layout = Layout({"hour": "hour", "night": "flag"}, [(0, 1)])
    hours = [{}, *[{"hour": float(hour)} for hour in range(24)]]
    nights = [{}, {"night": 0.0}, {"night": 1.0}]
    found = {layout.cells(hour | night)[0] for hour in hours for night in nights}
    assert found == set(range(layout.cell_count))
