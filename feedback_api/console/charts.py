"""Charts as SVG, without inline styles (the content security policy forbids them) and with every text escaped."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

SPARK_WIDTH, SPARK_HEIGHT = 120, 24
BAR_WIDTH, BAR_HEIGHT = 72, 12
RACE_WIDTH, RACE_HEIGHT, RACE_RIGHT, RACE_TOP, RACE_BOTTOM = 432, 132, 92, 14, 6
LABEL_GAP = 15


class Point(NamedTuple):
    """A point in data units; drawing functions scale it to pixels."""

    x: float
    y: float


class Line(NamedTuple):
    """A named line. `style` is a class of the style sheet."""

    name: str
    style: str
    points: Sequence[Point]


def sparkline(values: Sequence[float], title: str) -> str:
    """A line without axes, from zero upwards."""
    highest, last = max([*values, 1.0]), max(1, len(values) - 1)
    points = " ".join(
        f"{place * SPARK_WIDTH / last:.1f},{SPARK_HEIGHT - 2 - value / highest * (SPARK_HEIGHT - 4):.1f}"
        for place, value in enumerate(values)
    )
    return _svg("spark", SPARK_WIDTH, SPARK_HEIGHT, title, f'<polyline points="{points}"/>')


def evidence_bar(contribution: float, largest: float) -> str:
    """A bar scaled to the largest contribution: filled for fraud, hatched against it, so colour is not the only cue."""
    width = max(2.0, abs(contribution) / max(largest, 1e-9) * BAR_WIDTH)
    if contribution >= 0:
        inside = f'<rect class="for" x="0" y="0" width="{width:.1f}" height="{BAR_HEIGHT}"/>'
        return _svg("bar", BAR_WIDTH, BAR_HEIGHT, "for fraud", inside)
    strokes = "".join(
        f'<line x1="{x}" y1="{BAR_HEIGHT - 1}" x2="{x + 5}" y2="1"/>' for x in range(1, max(2, int(width) - 5), 5)
    )
    frame = f'<rect x="0.5" y="0.5" width="{width:.1f}" height="{BAR_HEIGHT - 1}"/>'
    return _svg("bar", BAR_WIDTH, BAR_HEIGHT, "against fraud", f'<g class="against">{frame}{strokes}</g>')


def race(lines: Sequence[Line], title: str) -> str:
    """Cumulative lines, each named at its end. The area between the first two is shaded."""
    every = [point for line in lines for point in line.points]
    left, right = min(point.x for point in every), max(point.x for point in every)
    highest = max(1.0, *(point.y for point in every))
    placed = [[_placed(point, left, right, highest) for point in line.points] for line in lines]
    names = _apart([points[-1].y for points in placed])
    end, ground = RACE_WIDTH - RACE_RIGHT, RACE_HEIGHT - RACE_BOTTOM
    between = f"{_stairs(placed[0])} {_stairs(placed[1], backwards=True)}"
    inside = [f'<line class="base" x1="0" y1="{ground}" x2="{end}" y2="{ground}"/>']
    inside += [f'<polygon class="gain" points="{between}"/>']
    for line, points, y in reversed(list(zip(lines, placed, names, strict=True))):
        inside += [f'<polyline class="{line.style}" points="{_stairs(points)}"/>']
        inside += [f'<text class="{line.style}" x="{end + 8}" y="{y + 4:.1f}">{escape(line.name)}</text>']
    return _svg("race", RACE_WIDTH, RACE_HEIGHT, title, "".join(inside))


def _placed(point: Point, left: float, right: float, highest: float) -> Point:
    x = (point.x - left) / (right - left or 1.0) * (RACE_WIDTH - RACE_RIGHT)
    return Point(x, RACE_HEIGHT - RACE_BOTTOM - point.y / highest * (RACE_HEIGHT - RACE_TOP - RACE_BOTTOM))


def _stairs(points: Sequence[Point], *, backwards: bool = False) -> str:
    """Points of a step line, which is flat between counts."""
    corners = [points[0]]
    for point in points[1:]:
        corners += [Point(point.x, corners[-1].y), point]
    return " ".join(f"{corner.x:.1f},{corner.y:.1f}" for corner in (corners[::-1] if backwards else corners))


def _apart(heights: Sequence[float]) -> list[float]:
    """Spread label heights: push down until LABEL_GAP apart, then push up from the bottom edge."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed, last = list(heights), float(-LABEL_GAP)
    for index in order:
        placed[index] = last = max(heights[index], last + LABEL_GAP)
    limit = float(RACE_HEIGHT - RACE_BOTTOM)
    for index in reversed(order):
        placed[index] = limit = min(placed[index], limit)
        limit -= LABEL_GAP
    return placed


def _svg(name: str, width: int, height: int, title: str, inside: str) -> str:
    return (
        f'<svg class="{name}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(title)}">{inside}</svg>'
    )
