"""The canonical digest: digests are equal if and only if values are."""

import pytest

from learner.digest import canonical_digest


def test_order_of_a_dictionary_does_not_change_the_digest():
    assert canonical_digest({"a": 1, "b": [2.0]}) == canonical_digest({"b": [2.0], "a": 1})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1], [1.0]),
        ([1], [True]),
        (["ab", "c"], ["a", "bc"]),
        ([[1], 2], [[1, 2]]),
        ({"a": None}, {}),
        (0.1 + 0.2, 0.3),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        ("1", 1),
    ],
)
def test_different_values_differ(one, other):
    assert canonical_digest(one) != canonical_digest(other)


def test_value_without_an_encoding_is_refused():
    with pytest.raises(TypeError, match="set"):
        canonical_digest({"a": {1, 2}})


def test_digest_is_stable_across_releases():
    expected = "31ee7819a38c63d8aadd4c86a80b0d6106dfdab6a2e76a8610cb8a0fe93d1ea8"
    assert canonical_digest({"weights": {"a": 0.5}, "steps": 3}) == expected
