"""Flat trees score and explain as XGBoost itself does."""

import numpy as np
import pytest
import xgboost

from tests.trees import NAMES, examples, features_of, rows, some_trees, the_booster
from weir.complete_trees import attribute, leaves_of
from weir.trees_artefact import pack_trees

ROWS = rows(500, seed=7)
PAYMENTS = [features_of(row) for row in ROWS]


@pytest.fixture(scope="module")
def booster():
    return the_booster()


def test_log_odds_are_xgboosts_own_margin(booster):
    margins = booster.predict(xgboost.DMatrix(ROWS), output_margin=True)
    assert [some_trees().log_odds(payment) for payment in PAYMENTS] == pytest.approx(list(margins), abs=1e-5)
    assert max(margins) - min(margins) > 5


def test_contributions_are_xgboosts_own_approximate_ones(booster):
    expected = booster.predict(xgboost.DMatrix(ROWS), pred_contribs=True, approx_contribs=True)
    trees = some_trees()
    for payment, row in zip(PAYMENTS, expected, strict=True):
        contributions = trees.contributions(payment)
        assert [contributions.get(name, 0.0) for name in NAMES] == pytest.approx(list(row[:-1]), abs=1e-5)
        assert trees.intercept == pytest.approx(row[-1], abs=1e-5)


def test_contributions_and_intercept_add_up_to_the_log_odds():
    trees = some_trees()
    for payment in PAYMENTS:
        total = trees.intercept + sum(trees.contributions(payment).values())
        assert total == pytest.approx(trees.log_odds(payment), abs=1e-9)


def test_plain_python_gives_the_compiled_results():
    trees, places = some_trees(), np.arange(len(some_trees().names))
    for payment in PAYMENTS[:20]:
        vector, plain, compiled = trees.vector(payment), np.zeros(len(trees.names)), np.zeros(len(trees.names))
        assert leaves_of.py_func(vector, places, trees.complete) == leaves_of(vector, places, trees.complete)
        attribute.py_func(vector, places, trees.complete, plain)
        attribute(vector, places, trees.complete, compiled)
        assert plain.tolist() == compiled.tolist()


def test_features_that_no_tree_reads_are_left_out():
    assert some_trees().names == NAMES[:-1]


def test_a_number_beyond_32_bits_is_only_very_large():
    trees, largest = some_trees(), float(np.finfo(np.float32).max)
    assert trees.log_odds({"log_amount": 1e300}) == trees.log_odds({"log_amount": largest})


def test_equal_examples_give_equal_trees():
    assert pack_trees(some_trees.__wrapped__()) == pack_trees(some_trees())
    assert len(examples().frauds) > examples().frauds.sum() > 30
