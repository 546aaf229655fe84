"""SP-LIME: which rows together show most of what matters."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.errors import OptionError
from surrogate.explanation import LocalExplanations
from surrogate.explanation.row_pick import _greedy


def plain_greedy(ids: np.ndarray, size: np.ndarray, n: int) -> list[float]:
    """What each pick adds, by the definition, looking at every row every time."""
    weights: dict[int, float] = {}
    for row, sizes in zip(ids.tolist(), size.tolist()):
        for term, value in zip(row, sizes):
            weights[term] = weights.get(term, 0.0) + value
    importance = {term: value**0.5 for term, value in weights.items()}
    shows = [
        {term for term, value in zip(row, sizes) if value > 0}
        for row, sizes in zip(ids.tolist(), size.tolist())
    ]
    covered: set[int] = set()
    gains = []
    for _ in range(n):
        adds = [sum(importance[term] for term in one - covered) for one in shows]
        best = int(np.argmax(adds))
        if adds[best] <= 1e-12:
            break
        gains.append(adds[best] / sum(importance.values()))
        covered |= shows[best]
    return gains


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 25), top=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_it_is_greedy(seed: int, rows: int, top: int) -> None:
    rng = np.random.Generator(np.random.Philox(key=seed))
    ids = np.array([rng.choice(9, size=top, replace=False) for _ in range(rows)])
    size = rng.random((rows, top)) * (rng.random((rows, top)) < 0.8)
    picked, gained, _ = _greedy(ids, size, 6)
    assert len(set(picked)) == len(picked)
    np.testing.assert_allclose(gained, plain_greedy(ids, size, 6))


def lime_like(W: np.ndarray) -> Any:
    """lime's own pick on a matrix of explanations: rows of names and weights."""
    submodular = pytest.importorskip("lime.submodular_pick")

    class One:
        mode = "regression"

        def __init__(self, row: np.ndarray) -> None:
            self.row = row

        def as_list(self, label: int = 1) -> list[tuple[str, float]]:
            return [(f"x{j}", float(w)) for j, w in enumerate(self.row) if w]

    class Explainer:
        def explain_instance(self, row: np.ndarray, *_: Any, **__: Any) -> One:
            return One(row)

    return submodular.SubmodularPick(Explainer(), W, None, method="full", num_exps_desired=4).V


@pytest.mark.parametrize("seed", range(6))
def test_the_same_matrix_the_same_picks_as_lime(seed: int, demo: ModuleType) -> None:
    rng = np.random.Generator(np.random.Philox(key=seed))
    W = rng.normal(size=(25, 20)) * (rng.random((25, 20)) < 0.25)  # no two rows show the same
    ids = np.broadcast_to(np.arange(20), W.shape)
    picked, _, n_terms = _greedy(ids, np.abs(W), 4)
    theirs = lime_like(W)
    assert picked[:3] == theirs[:3]  # later, several rows may add the same one term
    shown = [(W[rows] != 0).any(axis=0) for rows in (picked, theirs)]
    importance = np.sqrt(np.abs(W).sum(axis=0))
    assert importance[shown[0]].sum() == pytest.approx(importance[shown[1]].sum())
    assert n_terms == int((W != 0).any(axis=0).sum())


@pytest.fixture(scope="module")
def many(demo: ModuleType) -> LocalExplanations:
    explanations = demo.local(40)
    rng = np.random.Generator(np.random.Philox(key=1))
    return replace(explanations, coef=rng.normal(size=explanations.coef.shape))


def test_bins_and_categories_are_terms_of_their_own(many: LocalExplanations) -> None:
    found = many.pick(30, top=5)
    features = tuple(many.domain.features)
    shown = {
        term.text(features) for row in many.rows for term in many.encoding.terms(features, row)
    }
    assert found.n_terms == len(shown)
    assert found.coverage == pytest.approx(1.0)
    assert 1 < len(found) < 30  # no more than what shows something new
    assert list(found.gained) == sorted(found.gained, reverse=True)


def test_picked_rows_can_be_taken(many: LocalExplanations) -> None:
    found = many.pick(3)
    part = many.take(found.positions)
    assert part.index == found.index == tuple(many.index[i] for i in found.positions)
    np.testing.assert_array_equal(part.coef, many.coef[list(found.positions)])
    assert part.fidelity.score(1, 0) == many.fidelity.score(found.positions[1], 0)
    text = " ".join(str(found).split())
    assert "3 rows of 40" in text
    pytest.importorskip("pandas")
    assert found.to_frame()["coverage"].iloc[-1] == pytest.approx(found.coverage)


def test_a_class_may_be_named(many: LocalExplanations) -> None:
    other = replace(many, coef=np.stack([np.zeros_like(many.coef[:, 0]), many.coef[:, 1]], axis=1))
    assert len(other.pick(3, label="refused")) == 0
    assert len(other.pick(3, label="granted")) == 3
    with pytest.raises(OptionError, match="Class 'maybe' was not explained"):
        many.pick(3, label="maybe")


@pytest.mark.parametrize(("name", "value"), [("n", 0), ("top", 0)])
def test_numbers_are_checked(many: LocalExplanations, name: str, value: int) -> None:
    with pytest.raises(OptionError, match=rf"`{name}` .* must be an int in \[1"):
        many.pick(**{name: value})


def test_numbers_are_one_term_however_they_are(demo: ModuleType) -> None:
    scaled = demo.scaled_local()
    found = scaled.pick(5, top=2)
    assert found.n_terms <= scaled.coef.shape[2]
