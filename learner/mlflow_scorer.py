"""A published model, both voices, as an MLflow pyfunc model.

    mlflow.pyfunc.load_model("models:/weir-champion@champion").predict(frame)

The artefacts are data: loading them runs no code from them.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weir.artefact import probability, read_artefact
from weir.champion import VerifiedModel, VerifiedTrees, champion_of
from weir.messages import CONTROL, Publication, TreesPublication, decode_with
from weir.trees_artefact import read_trees
from weir.vectors import vector_of
from weir.voices import Voices


class ScorerModel:
    """The model that MLflow wraps. A frame's columns are features; None and NaN are missing features."""

    def __init__(self, voices: Voices) -> None:
        self.voices = voices

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the probability of fraud of each row."""
        rows = frame.to_dict("records")
        return np.array([probability(self.voices.log_odds(vector_of(_known(row)))) for row in rows])


def _known(row: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items() if value is not None and value == value}  # noqa: PLR0124 -- NaN


def _load_pyfunc(path: str) -> ScorerModel:
    """MLflow's entry point for a loader module."""
    publication: Publication = decode_with(CONTROL, (Path(path) / "publication.json").read_bytes())
    model, file = VerifiedModel(publication, read_artefact(publication.artefact)), Path(path) / "trees.json"
    if not file.exists():
        return ScorerModel(champion_of(model, None).scorer)
    trees: TreesPublication = decode_with(CONTROL, file.read_bytes())
    return ScorerModel(champion_of(model, VerifiedTrees(trees, read_trees(trees.artefact))).scorer)
