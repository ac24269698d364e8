"""Rehearsal: the latest legitimate examples come back beside frauds, in turn and unchanged."""

import pickle
from math import nan

import numpy as np

from learner.rehearsal import BESIDE_EACH_FRAUD, KEPT, Rehearsal


def a_rehearsal(count):
    rehearsal = Rehearsal()
    for number in range(count):
        rehearsal.keep(np.array([number, nan]), weight=5.0)
    return rehearsal


def amounts(rehearsal):
    return [amount for (amount, _), _ in rehearsal.next()]


def test_nothing_comes_back_before_anything_is_kept():
    assert list(Rehearsal().next()) == []


def test_an_example_comes_back_with_its_weight_and_its_missing_features():
    [(vector, weight)] = a_rehearsal(1).next()
    assert np.array_equal(vector, [0.0, nan], equal_nan=True)
    assert weight == 5.0


def test_each_example_comes_back_before_one_comes_back_again():
    rehearsal = a_rehearsal(3 * BESIDE_EACH_FRAUD)
    found = [amount for _ in range(3) for amount in amounts(rehearsal)]
    assert sorted(found) == list(range(3 * BESIDE_EACH_FRAUD))


def test_the_oldest_examples_are_forgotten():
    rehearsal = a_rehearsal(KEPT + 7)
    found = {amount for _ in range(KEPT // BESIDE_EACH_FRAUD) for amount in amounts(rehearsal)}
    assert found == set(range(7, KEPT + 7))


def test_pickling_changes_nothing():
    rehearsal = a_rehearsal(KEPT + 7)
    amounts(rehearsal)
    copy = pickle.loads(pickle.dumps(rehearsal))  # noqa: S301 -- pickled on this line
    assert copy.learned_state() == rehearsal.learned_state()
    assert amounts(copy) == amounts(rehearsal)
