"""A published scorer as MLflow's pyfunc: `mlflow.pyfunc.load_model("models:/weir-champion@champion").predict(frame)`.

The artefact is data, not code: loading one runs nothing that it brings along.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weir.artefact import LinearScorer, probability, read_artefact


class ScorerModel:
    """What MLflow wraps: probabilities for a frame whose columns are features and whose gaps are missing features."""

    def __init__(self, scorer: LinearScorer) -> None:
        self.scorer = scorer

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The probability of fraud, one for each row."""
        rows = frame.to_dict("records")
        return np.array([probability(self.scorer.log_odds(_known(row))) for row in rows])


def _known(row: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items() if value is not None and value == value}  # noqa: PLR0124 -- NaN


def _load_pyfunc(path: str) -> ScorerModel:
    """MLflow's entry point for a loader module."""
    return ScorerModel(read_artefact(Path(path).read_bytes()))
