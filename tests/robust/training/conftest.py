"""A small table that nets of a few units learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def table(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """300 rows of 9 columns in [0, 1], and two classes that a line nearly parts."""
    X = rng.random((300, 9))
    return X, np.where(X[:, 0] + 0.5 * X[:, 1] ** 2 > 0.65, "yes", "no")


@pytest.fixture
def fit(table: tuple[np.ndarray, np.ndarray]) -> Callable[..., Any]:
    """Training of a small net, with what a test changes."""
    pytest.importorskip("torch")
    from surrogate.robust.training import train

    def run(**changes: Any) -> Any:
        given = {"sizes": {"hidden": (8,)}, "epochs": 3, "batch": 32, "lr": 0.01, "eps": 0.05}
        if changes.get("architecture", "fc") != "fc":
            del given["sizes"]
        return train(*table, **given | changes)

    return run
