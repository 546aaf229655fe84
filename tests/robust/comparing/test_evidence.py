"""Figures and verdicts of a comparison, computed again from sums by source row."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from surrogate import compare, verify
from surrogate.explanation import Comparison
from surrogate.explanation.serial import integrity

X = np.random.Generator(np.random.Philox(key=3)).uniform(-1, 1, (120, 3))
Y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int)


def model(wave: float) -> Callable[[Any], np.ndarray]:
    def answer(rows: Any) -> np.ndarray:
        score = 4 * (rows[:, 0] + 0.5 * rows[:, 1]) + wave * np.sin(37 * rows.sum(axis=1))
        p = 1 / (1 + np.exp(-score))
        return np.column_stack([1 - p, p])

    return answer


@pytest.fixture(scope="module")
def found() -> Comparison:
    options = {"cart": {"n_queries": 200, "max_leaves": 8}, "lime": {"n_samples": 100}}
    models = {"rough": model(6.0), "smooth": model(0.0)}
    job: dict[str, Any] = {"methods": ["cart", "lime"], "widths": [0.5], "local_rows": 10}
    job |= {"radii": [0.2], "stability": 0, "fidelity": 36, "attacks": (), "options": options}
    return compare(models, X, y=Y, **job)


@pytest.fixture(scope="module")
def document(found: Comparison) -> Any:
    return json.loads(found.to_json())


class _Text:
    """A document as whoever forges it with its hash writes it."""

    def __init__(self, document: Any) -> None:
        self._document = {**document, "integrity": {"sha256": integrity(document)}}

    def to_json(self) -> str:
        return json.dumps(self._document)


def test_every_figure_and_verdict_is_computed_again(found: Comparison) -> None:
    checked = verify(found)
    assert checked.ok, str(checked)
    assert {"measured", "rows", "models", "test"} <= set(checked.recomputed)
    assert not {"measured", "rows"} & set(checked.by_hash)
    assert Comparison.from_json(found.to_json()) == found
    assert "computes its figures again" in found.to_markdown()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["measured"][0]["score"].update(value=d["measured"][0]["score"]["value"] + 0.01),
        lambda d: d["measured"].pop(),
        lambda d: d["rows"][0].update(effect=0.5),
        lambda d: d["rows"][0].update(p_holm=0.9),
        lambda d: d["rows"][0].update(reason="because"),
        lambda d: d["models"][0]["spread"][0][1].update(value=0.5),
        lambda d: d["test"].update(family=1),
        lambda d: d["evidence"]["facts"]["family"].update(level=0.5),
    ],
)
def test_what_is_forged_with_its_hash_is_caught(document: Any, change: Any) -> None:
    changed = copy.deepcopy(document)
    change(changed)
    assert not verify(_Text(changed)).ok


def test_it_keeps_no_row(found: Comparison) -> None:
    assert found.evidence is not None
    assert found.evidence.kind == "answers"
    kept = np.concatenate([one.ravel().astype(float) for one in found.evidence.arrays.values()])
    assert not np.isin(np.round(X.ravel(), 10), np.round(kept, 10)).any()
