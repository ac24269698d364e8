"""The pictures of an evaluation: precision over recall, calibration, average precision over time."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from operations.evaluate.measures import average_precision_over_time, calibration
from operations.replay.quality import Protocol
from weir.errors import DeploymentError

LONG_DAYS = 28
"""From here on average precision is drawn by week, since single days have few frauds."""

LEAST_SCORE = 1e-4
"""Where the calibration's logarithmic axes begin."""


def write_plots(folder: Path, judged: Mapping[str, pd.DataFrame], protocol: Protocol) -> list[Path]:
    """Write three PNG files into the folder, each with all contenders.

    Raises:
        DeploymentError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [
            _precision_recall(folder / "precision_recall.png", judged),
            _calibration(folder / "calibration.png", judged),
            _over_time(folder / "average_precision_over_time.png", judged, protocol),
        ]
    except OSError as error:
        raise DeploymentError(f"The plots cannot be written: {error}.", "Give --plots another folder.") from error


def _precision_recall(file: Path, judged: Mapping[str, pd.DataFrame]) -> Path:
    figure, axes = _axes("recall", "precision")
    for name, scored in judged.items():
        if scored["fraud"].any():
            precision, recall, _ = precision_recall_curve(scored["fraud"], scored["score"])
            axes.plot(recall, precision, label=name)
    return _written(figure, axes, file)


def _calibration(file: Path, judged: Mapping[str, pd.DataFrame]) -> Path:
    """Both axes are logarithmic; a bin without a fraud lies on the lower edge."""
    figure, axes = _axes("mean score", "share of frauds")
    axes.plot([LEAST_SCORE, 1], [LEAST_SCORE, 1], color="grey", linestyle=":", label="calibrated")
    for name, scored in judged.items():
        points = [(max(one.mean_score, LEAST_SCORE), max(one.fraud_rate, LEAST_SCORE)) for one in calibration(scored)]
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    return _written(figure, axes, file)


def _over_time(file: Path, judged: Mapping[str, pd.DataFrame], protocol: Protocol) -> Path:
    days = 7 if protocol.last_day - protocol.first_day + 1 >= LONG_DAYS else 1
    figure, axes = _axes("first day of the week" if days > 1 else "day", "average precision")
    for name, scored in judged.items():
        points = average_precision_over_time(scored, protocol, days)
        axes.plot([pd.Timestamp(day) for day, _ in points], [ap for _, ap in points], marker="o", label=name)
    figure.autofmt_xdate()
    return _written(figure, axes, file)


def _axes(across: str, up: str) -> tuple[Figure, Axes]:
    """A picture that needs no display."""
    figure = Figure(figsize=(8, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel=across, ylabel=up)
    axes.grid(alpha=0.3)
    return figure, axes


def _written(figure: Figure, axes: Axes, file: Path) -> Path:
    axes.legend()
    figure.savefig(file, dpi=120)
    return file
