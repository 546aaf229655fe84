"""Whatever an attack hands over, what is kept lies in its ball and box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.domain import Domain
from surrogate.domain.rounding import to_precision
from surrogate.robust.attacks import Limits
from surrogate.robust.attacks.projection import Space, lengths
from surrogate.types import Feature

NORMS = st.sampled_from(["linf", "l2"])
DTYPES = st.sampled_from(["float64", "float32", "float16", "bfloat16"])


@st.composite
def spaces(draw: Any) -> tuple[Space, np.ndarray]:
    """A space of three rows, and rows that were made from them anyhow."""
    d = draw(st.integers(1, 5))
    kinds = draw(st.lists(st.sampled_from(["continuous", "integer"]), min_size=d, max_size=d))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    clean = rng.normal(0, 10.0 ** rng.integers(-2, 3, d), (3, d))
    whole = np.array(kinds) == "integer"
    clean[:, whole] = np.rint(clean[:, whole])
    dtype = draw(DTYPES)
    clean = to_precision(clean, dtype)
    room = rng.choice([0.0, 0.5, 30.0, np.inf], size=(2, d))
    features = tuple(
        Feature(f"x{j}", kinds[j], clean[:, j].min() - room[0, j], clean[:, j].max() + room[1, j])
        for j in range(d)
    )
    mutable = rng.random(d) < 0.8
    mutable[rng.integers(d)] = True
    limits = Limits(
        low=np.array([f.low for f in features]),
        high=np.array([f.high for f in features]),
        mutable=mutable,
        unit=10.0 ** rng.uniform(-2, 2, d),
    )
    rows = clean + rng.normal(0, 10.0 ** rng.integers(-6, 4, d), (3, d))
    return Space(Domain(features), limits, clean, dtype), rows


@given(spaces(), NORMS, st.floats(1e-4, 100))
def test_kept_rows_are_in_ball_and_box(
    made: tuple[Space, np.ndarray], norm: Any, radius: float
) -> None:
    space, rows = made
    kept = space.keep(rows, norm=norm, radius=radius)
    limits, clean = space.limits, space.clean
    steps = np.abs(kept - clean) / limits.unit
    far = steps.max(axis=1) if norm == "linf" else np.sqrt((steps**2).sum(axis=1))
    assert (far <= radius).all()
    assert (kept >= limits.low).all()
    assert (kept <= limits.high).all()
    assert (kept[:, ~limits.mutable] == clean[:, ~limits.mutable]).all()
    whole = [feature.kind == "integer" for feature in space.domain.features]
    assert (kept[:, whole] == np.rint(kept[:, whole])).all()
    assert (kept == to_precision(kept, space.dtype)).all()


@given(spaces(), NORMS)
def test_without_a_radius_the_box_holds(made: tuple[Space, np.ndarray], norm: Any) -> None:
    space, rows = made
    kept = space.keep(rows, norm=norm)
    free = space.limits.mutable
    inside = (rows >= space.limits.low) & (rows <= space.limits.high) & free
    if space.dtype == "float64":
        numbers = [feature.kind == "continuous" for feature in space.domain.features]
        np.testing.assert_array_equal(kept[inside & numbers], rows[inside & numbers])
    assert (kept >= space.limits.low).all()
    assert (kept <= space.limits.high).all()


@given(spaces(), NORMS, st.floats(0.01, 10))
def test_what_may_be_is_kept_as_it_is(
    made: tuple[Space, np.ndarray], norm: Any, radius: float
) -> None:
    space, rows = made
    kept = space.keep(rows, norm=norm, radius=radius)
    np.testing.assert_array_equal(space.keep(kept, norm=norm, radius=radius), kept)


def one(**said: Any) -> Space:
    features = tuple(Feature(f"x{j}", kind) for j, kind in enumerate(said["kinds"]))
    clean = np.array([said["clean"]], dtype=np.float64)
    d = len(features)
    unit = np.array(said.get("unit", np.ones(d)), dtype=np.float64)
    limits = Limits(np.full(d, -np.inf), np.full(d, np.inf), np.ones(d, dtype=bool), unit)
    return Space(Domain(features), limits, clean, said.get("dtype", "float64"))


def test_whole_columns_round_to_the_nearest_that_the_ball_holds() -> None:
    space = one(kinds=["integer", "continuous"], clean=[10.0, 0.0], unit=[2.0, 1.0])
    kept = space.keep(np.array([[12.9, 3.0]]), norm="linf", radius=1.3)
    assert kept.tolist() == [[12.0, 1.3]]  # 2.6 / 2 units; 13 would be 1.5 of them
    near = space.keep(np.array([[10.6, 0.0]]), norm="l2", radius=1.0)
    assert near.tolist() == [[11.0, 0.0]]


def test_a_unit_of_radius_is_the_same_for_every_column() -> None:
    space = one(kinds=["continuous"] * 2, clean=[0.0, 0.0], unit=[1000.0, 0.001])
    kept = space.keep(np.array([[9e9, -9e9]]), norm="linf", radius=0.5)
    np.testing.assert_allclose(kept, [[500.0, -0.0005]])
    assert lengths(space.steps(kept), "l2")[0] == pytest.approx(0.5 * 2**0.5)


def test_a_missing_value_stays_missing() -> None:
    features = (Feature("a", missing=True), Feature("b"))
    limits = Limits(np.full(2, -9.0), np.full(2, 9.0), np.ones(2, dtype=bool), np.ones(2))
    space = Space(Domain(features), limits, np.array([[np.nan, 1.0]]), "float32")
    kept = space.keep(np.array([[3.0, 4.0]]), norm="l2", radius=2.0)
    assert np.isnan(kept[0, 0])
    assert kept[0, 1] == 3.0
    assert space.distance(kept, "l2").tolist() == [2.0]


def test_derived_columns_follow_and_do_not_count() -> None:
    features = (Feature("a"), Feature("double"))
    domain = Domain(features, derived={"double": lambda columns: 2 * columns["a"]})
    limits = Limits.of(domain)
    assert limits.mutable.tolist() == [True, False]
    space = Space(domain, limits, np.array([[1.0, 2.0]]))
    kept = space.keep(np.array([[3.0, 99.0]]), norm="linf", radius=0.5)
    assert kept.tolist() == [[1.5, 3.0]]
    assert space.distance(kept, "linf").tolist() == [0.5]


def test_rows_that_cannot_exist_go_back_until_they_can() -> None:
    domain = Domain(
        (Feature("a"), Feature("b")), constraint=lambda rows: rows[:, 0] + rows[:, 1] < 3
    )
    space = Space(domain, Limits.of(domain), np.array([[1.0, 1.0], [2.0, 0.99]]))
    found = space.possible(np.array([[2.5, 1.0], [2.5, 1.5]]), norm="linf", radius=2.0)
    assert found[0].tolist() == [1.75, 1.0]
    assert domain.feasible(found).all()
    assert found[1].tolist() == [2.0, 0.99]


def test_limits_say_what_moves() -> None:
    domain = Domain(
        (
            Feature("age", "integer", 18, 90, protected=True),
            Feature("pay", low=0),
            Feature("job", "categorical", categories=("a", "b")),
            Feature("level", "ordinal", categories=("low", "high")),
            Feature("member", "binary"),
            Feature("still"),
        )
    )
    limits = Limits.of(domain, scale={"pay": 100.0, "still": 0.0})
    assert limits.mutable.tolist() == [True, True, False, False, False, False]
    assert limits.unit.tolist() == [1.0, 100.0, 1.0, 1.0, 1.0, 1.0]
    assert limits.bounded
    guarded = Limits.of(domain, protected=True, immutable=["still"])
    assert guarded.mutable.tolist() == [False, True, False, False, False, False]
    assert not Limits.of(Domain((Feature("a"),))).bounded
