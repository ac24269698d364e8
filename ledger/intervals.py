"""Sets of offsets as intervals. A topic's offsets are nearly dense, so a few intervals hold millions of them."""

from bisect import bisect_right
from collections.abc import Iterable

Interval = tuple[int, int]
"""Half open: the first offset and the one after the last."""


class Intervals:
    """A set of integers, kept as sorted, disjoint intervals that never touch.

    >>> offsets = Intervals()
    >>> [offsets.add(offset) for offset in (5, 7, 6, 5)]
    [True, True, True, False]
    >>> offsets.pairs()
    [(5, 8)]
    """

    __slots__ = ("_size", "_starts", "_stops")

    def __init__(self, pairs: Iterable[Interval] = ()) -> None:
        ordered = list(pairs)
        self._starts = [start for start, _ in ordered]
        self._stops = [stop for _, stop in ordered]
        self._size = sum(stop - start for start, stop in ordered)

    def __len__(self) -> int:
        return self._size

    def __contains__(self, offset: int) -> bool:
        at = bisect_right(self._starts, offset) - 1
        return at >= 0 and offset < self._stops[at]

    def add(self, offset: int) -> bool:
        """Add an offset; return whether it is new. The usual case, extending the last interval, needs no search."""
        stops = self._stops
        if stops and stops[-1] == offset:
            stops[-1] = offset + 1
        elif offset in self:
            return False
        else:
            self._insert(offset)
        self._size += 1
        return True

    def _insert(self, offset: int) -> None:
        """Insert a new offset and join the intervals that it connects."""
        starts, stops = self._starts, self._stops
        after = bisect_right(starts, offset)
        joins_left = after > 0 and stops[after - 1] == offset
        joins_right = after < len(starts) and starts[after] == offset + 1
        if joins_left and joins_right:
            stops[after - 1] = stops.pop(after)
            starts.pop(after)
        elif joins_left:
            stops[after - 1] = offset + 1
        elif joins_right:
            starts[after] = offset
        else:
            starts.insert(after, offset)
            stops.insert(after, offset + 1)

    def pairs(self) -> list[Interval]:
        """Return the intervals in order."""
        return list(zip(self._starts, self._stops, strict=True))

    def first_outside(self, *others: "Intervals") -> int | None:
        """Return the first offset that none of the others has; None if there is none.

        >>> Intervals([(0, 9)]).first_outside(Intervals([(0, 3), (4, 9)]), Intervals([(3, 4)]))
        >>> Intervals([(2, 9)]).first_outside(Intervals([(0, 3), (7, 9)]), Intervals([(3, 6)]))
        6
        """
        for start, stop in self.pairs():
            offset = start
            while offset < stop:
                ends = [end for other in others if (end := other.end_of(offset)) is not None]
                if not ends:
                    return offset
                offset = max(ends)
        return None

    def end_of(self, offset: int) -> int | None:
        """Return the end of the interval that holds an offset; None if none does."""
        at = bisect_right(self._starts, offset) - 1
        return self._stops[at] if at >= 0 and offset < self._stops[at] else None

    def common(self, other: "Intervals") -> "Intervals":
        """Return the intersection, in one pass over both."""
        mine, theirs, both = self.pairs(), other.pairs(), []
        at, at_other = 0, 0
        while at < len(mine) and at_other < len(theirs):
            start = max(mine[at][0], theirs[at_other][0])
            stop = min(mine[at][1], theirs[at_other][1])
            if start < stop:
                both.append((start, stop))
            if mine[at][1] < theirs[at_other][1]:
                at += 1
            else:
                at_other += 1
        return Intervals(both)


class Positions:
    """A set of positions in one topic: intervals of offsets by partition."""

    __slots__ = ("by_partition",)

    def __init__(self, pairs: dict[int, list[Interval]] | None = None) -> None:
        self.by_partition = {partition: Intervals(some) for partition, some in (pairs or {}).items()}

    def __len__(self) -> int:
        return sum(len(offsets) for offsets in self.by_partition.values())

    def add(self, partition: int, offset: int) -> bool:
        """Add a position; return whether it is new."""
        offsets = self.by_partition.get(partition)
        if offsets is None:
            offsets = self.by_partition[partition] = Intervals()
        return offsets.add(offset)

    def pairs(self) -> dict[int, list[Interval]]:
        """Return the intervals by partition, ready to be encoded."""
        return {partition: offsets.pairs() for partition, offsets in self.by_partition.items()}

    def common(self, other: "Positions") -> "Positions":
        mine, theirs = self.by_partition, other.by_partition
        both = {partition: mine[partition].common(theirs[partition]) for partition in mine.keys() & theirs.keys()}
        return Positions({partition: offsets.pairs() for partition, offsets in both.items()})
