"""Serve the model with BentoML; the folder of the model is in MODEL_FOLDER."""

from __future__ import annotations

import os
from pathlib import Path

import bentoml
import joblib
import numpy as np


@bentoml.service(workers=1)
class Iris:
    """Rows in, probabilities out."""

    def __init__(self) -> None:
        self.model = joblib.load(Path(os.environ["MODEL_FOLDER"]) / "model.joblib")

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list[list[float]]:
        """Probabilities (n, 3)."""
        return self.model.predict_proba(np.array(rows)).tolist()
