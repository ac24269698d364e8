"""How a feature's values are binned: fixed grids by its kind, fine ones for its own weights and coarse ones for pairs.

Bin 0 is a missing value; bin `k` holds values from edge `k - 1` up to, but not at, edge `k`. Fixed grids were measured
against quantiles learned from the first 10,000 payments: these gain .001 to .004 of average precision on large data sets
and lose .03 on a small one (docs/measurements/additive-model.md).
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from math import log, log1p

from weir.feature_schema import Kind

CODES = 60
"""Values of a code that have a bin of their own; a code is below it."""

_HOUR, _DAY = 3600.0, 86400.0
_COUNTS = (0.5, 1.5, 2.5, 3.5, 5.5, 8.5, 13.5, 21.5, 34.5, 55.5, 89.5, 144.5, 233.5, 377.5, 987.5, 2584.5)
_FEW_COUNTS = (0.5, 1.5, 2.5, 4.5, 8.5, 16.5, 64.5, 256.5)
_TIMES_S = (300.0, _HOUR, 6 * _HOUR, *(_DAY * days for days in (1, 3, 7, 10, 14, 21, 30, 45, 60, 120)))

Edges = tuple[float, ...]


@cache
def fine_edges(kind: Kind) -> Edges:
    """The edges of a feature's own weights."""
    return _GRIDS[kind][0]


@cache
def coarse_edges(kind: Kind) -> Edges:
    """The edges of a feature's part in a pair."""
    return _GRIDS[kind][1]


def bin_of(value: float | None, edges: Sequence[float]) -> int:
    """The bin of a value; None and NaN are missing.

    >>> bin_of(None, (0.0, 1.0)), bin_of(-5.0, (0.0, 1.0)), bin_of(0.0, (0.0, 1.0)), bin_of(9.0, (0.0, 1.0))
    (0, 1, 2, 3)
    """
    if value is None or value != value:  # noqa: PLR0124 -- NaN is the one value unlike itself
        return 0
    return bisect_right(edges, value) + 1


def _geometric(first: float, last: float, ratio: float) -> list[float]:
    steps = int(log(last / first) / log(ratio)) + 1
    return [first * ratio**step for step in range(steps)]


def _even(first: float, last: float, step: float) -> Edges:
    return tuple(first + step * place for place in range(round((last - first) / step) + 1))


def _log1p(values: Sequence[float]) -> Edges:
    return tuple(log1p(value) for value in values)


_GRIDS: dict[Kind, tuple[Edges, Edges]] = {
    "log_amount": (_log1p(_geometric(0.5, 1e6, 1.25)), _log1p(_geometric(0.5, 1e6, 2.0))),
    "log_ratio": (_even(-5, 5, 0.25), (-2, -1, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4)),
    "log_count": (_log1p(_COUNTS), _log1p(_FEW_COUNTS)),
    "log_seconds": (_log1p([1, 5, 15, *_geometric(60, 3.5e7, 1.6)]), _log1p([30, *_TIMES_S])),
    "log_days": (_log1p([s / _DAY for s in _geometric(60, 3.5e7, 1.6)]), _log1p([s / _DAY for s in _TIMES_S])),
    "log_km": (_log1p([1e-3, *_geometric(0.1, 2e4, 1.5)]), _log1p([1e-3, 1, 3, 10, 30, 100, 300, 1000, 3000])),
    "log_kmh": (_log1p([1e-3, *_geometric(1, 1e4, 1.6)]), _log1p([1e-3, 3, 10, 30, 100, 300, 1000])),
    "odds": (_even(-3, 6, 0.4), (-1, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5)),
    "unexplained": ((1e-9, 0.1, 0.3, 0.5, 0.7, 1, 2, 3, 5, 8, 13, 21, 34), (1e-9, 0.3, 0.7, 1.5, 3, 8)),
    "share": (_even(0.02, 0.1, 0.02) + _even(0.15, 2.0, 0.05), (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)),
    "deviations": (_even(-8, 8, 0.25), (-2, -1, 0, 1, 2, 3, 4, 6)),
    "hour": (_even(0.5, 22.5, 1), _even(1.5, 21.5, 2)),
    "weekday": (_even(0.5, 5.5, 1), (3.5, 4.5)),
    "flag": ((0.5,), (0.5,)),
    "code": (_even(0.5, CODES - 1.5, 1), _even(0.5, 28.5, 1)),
}
