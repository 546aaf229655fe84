"""Small models and tables for the front doors. Tests are no package; `tests` is on the path."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

CART = {"n_queries": 200}
LIME = {"n_samples": 300}
SMALL = {"fidelity": 60, "stability": 1}
DISTILL = {**SMALL, "options": CART}
AUDIT = {**SMALL, "options": {"cart": CART, "lime": LIME}}
EXPLAIN = {"fidelity": 100, "options": LIME}


def numbers(n: int = 150, d: int = 3) -> np.ndarray:
    """Normal numbers."""
    return np.random.Generator(np.random.Philox(key=11)).normal(size=(n, d))


def people(n: int = 150) -> dict[str, np.ndarray]:
    """Columns of every kind."""
    rng = np.random.Generator(np.random.Philox(key=12))
    return {
        "age": rng.integers(18, 80, n),
        "income": np.round(rng.lognormal(3.5, 0.5, n), 1),
        "job": rng.choice(["clerk", "cook", "smith"], n).astype(object),
        "owns": rng.integers(0, 2, n),
    }


def says(rows: Any) -> np.ndarray:
    """Labels of people: of a mapping, of pandas or of polars."""
    age, job = np.asarray(rows["age"]), np.asarray(rows["job"]).astype(str)
    return np.where((age > 40) & (job != "cook"), "yes", "no")


def probability(rows: Any) -> np.ndarray:
    """Probabilities of two classes, of an array."""
    p = 1 / (1 + np.exp(-2 * np.asarray(rows, dtype=float)[:, 0]))
    return np.column_stack([1 - p, p])


def three_classes(rows: Any) -> np.ndarray:
    """Probabilities of three classes, of an array."""
    odds = np.exp(2 * np.asarray(rows, dtype=float)[:, :3])
    return odds / odds.sum(axis=1, keepdims=True)


def value(rows: Any) -> np.ndarray:
    """A number without bounds, of an array."""
    x = np.asarray(rows, dtype=float)
    return 3 * x[:, 0] - x[:, 1] ** 2


class Counted:
    """A model that counts what it is asked, and may press Ctrl-C or fail at one call."""

    def __init__(
        self,
        model: Callable[[Any], Any],
        *,
        stop_at: int | None = None,
        error: BaseException | None = None,
    ) -> None:
        self.model = model
        self.stop_at = stop_at
        self.error = KeyboardInterrupt() if error is None else error
        self.calls = 0
        self.asked: list[Any] = []

    def __call__(self, rows: Any) -> Any:
        self.calls += 1
        if self.stop_at is not None and self.calls >= self.stop_at:
            raise self.error
        self.asked.append(rows)
        return self.model(rows)

    @property
    def rows(self) -> int:
        return sum(len(next(iter(r.values())) if isinstance(r, dict) else r) for r in self.asked)


def timeless(result: Any) -> Any:
    """A result's JSON without the time that the model took, and the hash of all."""
    return drop_seconds(json.loads(result.to_json()))


def drop_seconds(value: Any) -> Any:
    """Nested values without what tells of time, and without the hash of all."""
    if isinstance(value, dict):
        kept = [key for key in value if key not in ("seconds", "asking", "integrity")]
        return {key: drop_seconds(value[key]) for key in kept}
    return [drop_seconds(item) for item in value] if isinstance(value, list) else value


def pipeline() -> tuple[Any, Any]:
    """A scikit-learn pipeline with string classes, fitted on a DataFrame, and the frame."""
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame = pd.DataFrame(people())
    coded = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    model = make_pipeline(coded, LogisticRegression(max_iter=5000))
    return model.fit(frame, says(people())), frame


def module() -> Any:
    """A torch module of three inputs and two logits."""
    import torch

    torch_module = torch.nn.Sequential(torch.nn.Linear(3, 2))
    with torch.no_grad():
        torch_module[0].weight[:] = torch.tensor([[0.0, 0.0, 0.0], [2.0, -1.0, 0.0]])
        torch_module[0].bias[:] = 0.0
    return torch_module


def onnx_file(folder: Path) -> Path:
    """A file of the same net, with softmax."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weight = np.array([[0.0, 2.0], [0.0, -1.0], [0.0, 0.0]], dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["p"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path = folder / "net.onnx"
    onnx.save(model, path)
    return path
