"""Save the model as MLflow does, with probabilities as its answer and columns by name.

Run: python mlflow_model.py WEIGHTS.json FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from model import build

if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = build(given)
    frame = pd.DataFrame(np.ones((2, len(given["names"]))), columns=given["names"])
    mlflow.sklearn.save_model(
        model,
        Path(sys.argv[2]) / "mlflow",
        signature=infer_signature(frame, model.predict_proba(frame.to_numpy())),
        pyfunc_predict_fn="predict_proba",
        pip_requirements=["scikit-learn"],
        serialization_format="cloudpickle",
    )
