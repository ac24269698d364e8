from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledger.intervals import Intervals

offsets = st.lists(st.integers(0, 60))


def intervals_of(numbers: list[int]) -> Intervals:
    found = Intervals()
    for number in numbers:
        found.add(number)
    return found


def members(found: Intervals) -> set[int]:
    return {number for start, stop in found.pairs() for number in range(start, stop)}


@given(offsets)
def test_intervals_hold_exactly_what_was_added(numbers):
    found = intervals_of(numbers)
    assert members(found) == set(numbers)
    assert len(found) == len(set(numbers))


@given(offsets)
def test_intervals_are_sorted_and_never_touch(numbers):
    pairs = intervals_of(numbers).pairs()
    assert all(stop < start for (_, stop), (start, _) in pairwise(pairs))


@given(offsets)
def test_add_returns_whether_an_offset_is_new(numbers):
    found, seen = Intervals(), set()
    for number in numbers:
        assert found.add(number) == (number not in seen)
        seen.add(number)


@given(offsets, offsets)
def test_common_is_the_intersection(some, others):
    assert members(intervals_of(some).common(intervals_of(others))) == set(some) & set(others)


@given(offsets)
def test_intervals_made_from_pairs_are_the_same_set(numbers):
    found = intervals_of(numbers)
    assert Intervals(found.pairs()).pairs() == found.pairs()
    assert len(Intervals(found.pairs())) == len(found)
