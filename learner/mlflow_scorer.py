"""A published scorer as an MLflow pyfunc model.

    mlflow.pyfunc.load_model("models:/weir-champion@champion").predict(frame)

The artefact is data: loading it runs no code from it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weir.artefact import AdditiveScorer, probability, read_artefact


class ScorerModel:
    """The model that MLflow wraps. A frame's columns are features; None and NaN are missing features."""

    def __init__(self, scorer: AdditiveScorer) -> None:
        self.scorer = scorer

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the probability of fraud of each row."""
        rows = frame.to_dict("records")
        return np.array([probability(self.scorer.log_odds(_known(row))) for row in rows])


def _known(row: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items() if value is not None and value == value}  # noqa: PLR0124 -- NaN


def _load_pyfunc(path: str) -> ScorerModel:
    """MLflow's entry point for a loader module."""
    return ScorerModel(read_artefact(Path(path).read_bytes()))
