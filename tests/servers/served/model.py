"""The model that every server serves, made of weights that the test has learnt.

Run in a server's own environment: python model.py WEIGHTS.json FOLDER. The weights go as text at
full precision, so that the same model stands in every version of scikit-learn.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression


def build(weights: dict[str, Any]) -> LogisticRegression:
    """A fitted classifier."""
    model = LogisticRegression()
    model.coef_ = np.array(weights["coef"])  # (classes, features)
    model.intercept_ = np.array(weights["intercept"])
    model.classes_ = np.arange(len(model.coef_))
    model.n_features_in_ = model.coef_.shape[1]
    return model


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    joblib.dump(build(given), Path(sys.argv[2]) / "model.joblib")
