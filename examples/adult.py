"""From a row as people read it to the numbers that the demo's net wants.

The net of ``adult.onnx`` takes 49 numbers a row: standardised amounts and one-hot categories.
``prepare`` makes them from columns in raw units, so that explanations speak of years and hours.
Its constants lie in ``adult.json``; both files are written by ``train_adult.py``.

Command line: ``--preprocess examples/adult.py:prepare``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent


@cache
def constants(path: Path = HERE / "adult.json") -> dict[str, Any]:
    """Means and scales of the amounts, and the categories in their order."""
    return json.loads(path.read_text(encoding="utf-8"))


def encode(columns: Mapping[str, Any], numbers: dict[str, Any]) -> np.ndarray:
    """Standardise the amounts and spread the categories: columns of n values -> (n, 49)."""
    parts = []
    for name, (mean, scale) in numbers["amounts"].items():
        parts.append((np.asarray(columns[name], dtype=np.float64)[:, None] - mean) / scale)
    for name, categories in numbers["categories"].items():
        values = np.asarray(columns[name], dtype=object)[:, None]
        parts.append(values == np.asarray(categories, dtype=object))  # (n, 1) -> (n, categories)
    return np.hstack(parts).astype(np.float32)


def prepare(columns: Mapping[str, Any]) -> np.ndarray:
    """What the net takes, from a DataFrame or a mapping of column names to values."""
    return encode(columns, constants())
