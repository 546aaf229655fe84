"""LIME of several models at several widths: what it finds where the truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate import compare, wrap
from surrogate.explanation import Comparison, Region

X = np.random.Generator(np.random.Philox(key=8)).normal(size=(120, 3))
SAID: dict[str, Any] = {"methods": ["lime"], "stability": 1, "local_rows": 10}


def plane(rows: Any) -> np.ndarray:
    return 2 * rows[:, 0] - rows[:, 1]


def bowl(rows: Any) -> np.ndarray:
    return (rows**2).sum(axis=1)


def r2(found: Comparison, model: str, width: float, scale: str) -> float:
    (one,) = (
        m.score.value
        for m in found.measured
        if (m.model, m.region, m.scale, m.score.metric)
        == (model, Region("local", width), scale, "R2")
    )
    return one


@pytest.mark.parametrize("sampling", ["neighbours", "gaussian"])
def test_a_plane_is_followed_exactly_and_a_bowl_less_the_wider_one_looks(sampling: str) -> None:
    boxes = {name: wrap(f, task="regression") for name, f in (("plane", plane), ("bowl", bowl))}
    options = {"lime": {"sampling": sampling, "n_samples": 400}}
    found = compare(boxes, X, widths=[0.3, 3.0], options=options, radii=[0.1], **SAID)
    assert r2(found, "plane", 0.3, "value") == pytest.approx(1.0)
    assert r2(found, "plane", 3.0, "value") == pytest.approx(1.0)
    assert r2(found, "bowl", 3.0, "value") < r2(found, "bowl", 0.3, "value") < 1
    sizes = {(one.model, one.size["features"]) for one in found.sizes}
    assert sizes == {("plane", 3.0), ("bowl", 3.0)}
    assert all(one.stability.metric.startswith("top-") for one in found.sizes)


def test_a_logistic_model_is_linear_on_the_logit_scale() -> None:
    def soft(rows: Any) -> np.ndarray:
        return np.c_[0 * rows[:, 0], 3 * plane(rows)]

    def hard(rows: Any) -> np.ndarray:
        return np.c_[0 * rows[:, 0], 6 * plane(rows)]

    boxes = {name: wrap(f, output="scores") for name, f in (("soft", soft), ("hard", hard))}
    options = {"lime": {"n_samples": 400}}
    found = compare(boxes, X, widths=[1.0], options=options, radii=[0.1], **SAID)
    for name in boxes:
        assert r2(found, name, 1.0, "margin") == pytest.approx(1.0)
        assert r2(found, name, 1.0, "probability") < 0.95
    assert r2(found, "hard", 1.0, "probability") < r2(found, "soft", 1.0, "probability")


def test_models_are_fitted_together_as_they_are_alone() -> None:
    def others(names: str) -> dict[str, Any]:
        return {name: wrap(bowl if name < "c" else plane, task="regression") for name in names}

    said = {**SAID, "widths": [1.0], "options": {"lime": {"n_samples": 200}}, "radii": [0.1]}
    two, many = compare(others("ac"), X, **said), compare(others("abcdefghijk"), X, **said)
    for name in "ac":
        assert r2(two, name, 1.0, "value") == pytest.approx(r2(many, name, 1.0, "value"))
