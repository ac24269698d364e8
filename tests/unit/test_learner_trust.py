import pytest

from learner.trust import trust_in


def test_trust_grows_with_the_verdicts_of_both_kinds():
    assert trust_in(frauds=0, legitimate=10_000) == 0.0
    assert trust_in(frauds=1000, legitimate=0) < 0.01
    assert trust_in(frauds=2000, legitimate=200_000) == pytest.approx(0.99, abs=0.001)
