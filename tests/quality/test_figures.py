"""The scores' quality on a fixed sample does not move unnoticed."""

import json

import pytest

from tests.quality.sample import COMMITTED, TOLERANCES, measured

EXPECTED = json.loads(COMMITTED.read_text())


@pytest.fixture(scope="module")
def figures():
    return measured()


def test_every_contender_has_committed_figures(figures):
    assert list(figures) == list(EXPECTED)


@pytest.mark.parametrize("contender", EXPECTED)
@pytest.mark.parametrize("figure", TOLERANCES)
def test_a_figure_is_the_committed_one(figures, contender, figure):
    expected, found = EXPECTED[contender][figure], figures[contender][figure]
    assert found == pytest.approx(expected, abs=TOLERANCES[figure]), (
        f"{figure} of {contender} moved from {expected} to {found}. "
        "If that is meant, run `python -m tests.quality.sample` and commit figures.json."
    )
