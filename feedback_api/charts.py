"""Charts as SVG: attributes and classes only, so that a strict content security policy holds; every text is escaped."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

SPARK_WIDTH, SPARK_HEIGHT = 120, 24
BAR_WIDTH, BAR_HEIGHT = 112, 12
RACE_WIDTH, RACE_HEIGHT, RACE_RIGHT, RACE_TOP, RACE_BOTTOM = 432, 132, 92, 14, 6
LABEL_GAP = 15


class Point(NamedTuple):
    """A place in a chart, in its own units."""

    x: float
    y: float


def sparkline(values: Sequence[float], title: str) -> str:
    """A line without axes; its baseline is zero."""
    highest, last = max([*values, 1.0]), max(1, len(values) - 1)
    points = " ".join(
        f"{place * SPARK_WIDTH / last:.1f},{SPARK_HEIGHT - 2 - value / highest * (SPARK_HEIGHT - 4):.1f}"
        for place, value in enumerate(values)
    )
    return _svg("spark", SPARK_WIDTH, SPARK_HEIGHT, title, f'<polyline points="{points}"/>')


def evidence_bar(contribution: float, largest: float) -> str:
    """A bar as long as its evidence is strong: for fraud it is filled, against it it is hatched and hangs back."""
    width = max(2.0, abs(contribution) / max(largest, 1e-9) * BAR_WIDTH)
    if contribution >= 0:
        inside = f'<rect class="for" x="0" y="0" width="{width:.1f}" height="{BAR_HEIGHT}"/>'
        return _svg("bar", BAR_WIDTH, BAR_HEIGHT, "for fraud", inside)
    strokes = "".join(
        f'<line x1="{x}" y1="{BAR_HEIGHT - 1}" x2="{x + 5}" y2="1"/>' for x in range(1, max(2, int(width) - 5), 5)
    )
    frame = f'<rect x="0.5" y="0.5" width="{width:.1f}" height="{BAR_HEIGHT - 1}"/>'
    return _svg("bar", BAR_WIDTH, BAR_HEIGHT, "against fraud", f'<g class="against">{frame}{strokes}</g>')


def race(live: Sequence[Point], frozen: Sequence[Point], names: tuple[str, str], title: str) -> str:
    """Two cumulative lines with their names at their ends; the area between them is what learning caught."""
    every = [*live, *frozen]
    left, right = min(point.x for point in every), max(point.x for point in every)
    highest = max(1.0, *(point.y for point in every))
    live_at = [_placed(point, left, right, highest) for point in live]
    frozen_at = [_placed(point, left, right, highest) for point in frozen]
    live_y, frozen_y = _apart(live_at[-1].y, frozen_at[-1].y)
    end = RACE_WIDTH - RACE_RIGHT
    inside = (
        f'<line class="base" x1="0" y1="{RACE_HEIGHT - RACE_BOTTOM}" x2="{end}" y2="{RACE_HEIGHT - RACE_BOTTOM}"/>'
        f'<polygon class="gain" points="{_stairs(live_at)} {_stairs(frozen_at, backwards=True)}"/>'
        f'<polyline class="frozen" points="{_stairs(frozen_at)}"/><polyline class="live" points="{_stairs(live_at)}"/>'
        f'<text class="live" x="{end + 8}" y="{live_y + 4:.1f}">{escape(names[0])}</text>'
        f'<text class="frozen" x="{end + 8}" y="{frozen_y + 4:.1f}">{escape(names[1])}</text>'
    )
    return _svg("race", RACE_WIDTH, RACE_HEIGHT, title, inside)


def _placed(point: Point, left: float, right: float, highest: float) -> Point:
    x = (point.x - left) / (right - left or 1.0) * (RACE_WIDTH - RACE_RIGHT)
    return Point(x, RACE_HEIGHT - RACE_BOTTOM - point.y / highest * (RACE_HEIGHT - RACE_TOP - RACE_BOTTOM))


def _stairs(points: Sequence[Point], *, backwards: bool = False) -> str:
    """A cumulative line steps up where something is counted."""
    corners = [points[0]]
    for point in points[1:]:
        corners += [Point(point.x, corners[-1].y), point]
    return " ".join(f"{corner.x:.1f},{corner.y:.1f}" for corner in (corners[::-1] if backwards else corners))


def _apart(upper: float, lower: float) -> tuple[float, float]:
    """Where two names stand without touching each other."""
    missing = LABEL_GAP - abs(lower - upper)
    if missing <= 0:
        return upper, lower
    up, down = (-missing / 2, missing / 2) if upper <= lower else (missing / 2, -missing / 2)
    shift = min(0.0, RACE_HEIGHT - RACE_BOTTOM - max(upper + up, lower + down))
    return upper + up + shift, lower + down + shift


def _svg(name: str, width: int, height: int, title: str, inside: str) -> str:
    return (
        f'<svg class="{name}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(title)}">{inside}</svg>'
    )
