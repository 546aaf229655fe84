"""Rows come out as the model can be asked them, on NumPy and torch alike."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.domain import Domain
from surrogate.domain.rounding import to_precision
from surrogate.errors import DataError, OptionError

QUICK = settings(max_examples=60, deadline=None)
VALUES = st.one_of(st.floats(-300, 300, allow_nan=False), st.just(np.nan))


def every_kind(**options: Any) -> Domain:
    data = {
        "x": [0.5, np.nan, 2.0],
        "n": np.array([3.0, np.nan, 149.0]),
        "c": ["a", "b", "c"],
        "b": [0, 1, 0],
        "g1": [1, 0, 0],
        "g2": [0, 1, 0],
        "g3": [0, 0, 1],
        "u": np.array([0, 90, 99], dtype=np.uint8),
    }
    return Domain.infer(data, groups={"g": ["g1", "g2", "g3"]}, missing=["c", "b"], **options)


def rows_of(domain: Domain) -> st.SearchStrategy[Any]:
    shape = st.tuples(st.integers(1, 5), st.just(len(domain)))
    rows = hnp.arrays(np.float64, shape, elements=VALUES)

    def with_groups(X: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        X[:, 4:8] = np.nan_to_num(X[:, 4:8])
        return X

    return rows.map(with_groups)


@QUICK
@given(
    X=rows_of(every_kind()), dtype=st.sampled_from(["float64", "float32", "float16", "bfloat16"])
)
def test_rounded_rows_are_rows(X: np.ndarray[Any, Any], dtype: str) -> None:
    domain = every_kind()
    before = X.copy()
    rounded = domain.round(X, dtype)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(domain.round(rounded, dtype), rounded)  # nothing left to do
    np.testing.assert_array_equal(domain.encode(domain.decode(rounded)), rounded)
    np.testing.assert_array_equal(np.isnan(rounded), np.isnan(X))
    numbers = rounded[:, [0, 1, 7]]
    np.testing.assert_array_equal(to_precision(numbers, dtype), numbers)
    if dtype == "float64":
        np.testing.assert_array_equal(rounded[:, 0], X[:, 0])
        np.testing.assert_array_equal(rounded[:, 1], np.rint(X[:, 1]))


@QUICK
@given(
    X=rows_of(every_kind()),
    dtype=st.sampled_from(["float64", "float32", "float16", "bfloat16"]),
    clip=st.booleans(),
)
def test_torch_agrees_with_numpy(X: np.ndarray[Any, Any], dtype: str, clip: bool) -> None:
    torch = pytest.importorskip("torch")
    domain = every_kind(bounds={"x": (0.1, 2.3), "n": (-3.5, 150.2), "u": (None, 99)})
    rounded = domain.round(torch.from_numpy(X), dtype, clip=clip)
    assert rounded.dtype == torch.float64
    np.testing.assert_array_equal(rounded.numpy(), domain.round(X, dtype, clip=clip))


@QUICK
@given(
    X=rows_of(every_kind()), dtype=st.sampled_from(["float64", "float32", "float16", "bfloat16"])
)
def test_clipped_rows_keep_their_bounds(X: np.ndarray[Any, Any], dtype: str) -> None:
    domain = every_kind()
    low, high = np.array([0.1, -3.5]), np.array([2.3, 150.2])
    bounded = Domain(
        tuple(
            feature
            if feature.name not in ("x", "n")
            else type(feature)(
                feature.name,
                feature.kind,
                low=low["xn".index(feature.name)],
                high=high["xn".index(feature.name)],
                missing=True,
            )
            for feature in domain.features
        ),
        groups=domain.groups,
        frame=domain.frame,
    )
    clipped = bounded.round(X, dtype, clip=True)
    inside = np.isnan(clipped[:, :2]) | ((clipped[:, :2] >= low) & (clipped[:, :2] <= high))
    assert inside.all()
    bounded.encode(bounded.decode(clipped))


def test_numbers_round_to_what_the_model_computes_in() -> None:
    domain = Domain.infer(np.array([[0.1], [0.2]]))
    assert domain.round(np.array([[0.1]]), "float32")[0, 0] == np.float32(0.1)
    assert domain.round(np.array([[0.1]]), "float16")[0, 0] == np.float16(0.1)
    assert domain.round(np.array([[0.1]]), "bfloat16")[0, 0] == 0.10009765625
    assert domain.round(np.array([[0.1]]))[0, 0] == 0.1


def test_codes_are_not_rounded_to_a_narrow_type() -> None:
    names = [f"c{i:04}" for i in range(600)]
    domain = Domain.infer({"c": names})
    codes = np.array([[301.0], [599.0]])
    np.testing.assert_array_equal(domain.round(codes, "bfloat16"), codes)


def test_what_the_columns_cannot_hold_is_moved_inside() -> None:
    domain = every_kind()
    X = np.array([[0.5, 1.0, 7.2, -0.7, 0.2, 0.9, 0.4, 300.0], [0.5, 1, -2, 3, 0, 0, 0, -4.0]])
    assert domain.round(X).tolist() == [[0.5, 1, 2, 0, 0, 1, 0, 255], [0.5, 1, 0, 1, 1, 0, 0, 0]]
    assert domain.decode(X)["u"].tolist() == [255, 0]


def test_bounds_clip_only_when_asked() -> None:
    domain = Domain.infer(np.array([[0.5, 3.0], [1.5, 4.0]]), bounds={0: (0, 2), 1: (0.5, 4.5)})
    X = np.array([[7.5, 9.0], [-1.0, 0.1]])
    np.testing.assert_array_equal(domain.round(X), [[7.5, 9], [-1, 0]])
    np.testing.assert_array_equal(domain.round(X, clip=True), [[2, 4], [0, 1]])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_values_that_the_type_cannot_hold(dtype: str, library: str) -> None:
    domain = Domain.infer(np.array([[0.5, 1e39], [1.5, 2e39]]), names=["small", "large"])
    X: Any = np.array([[0.5, 1e39]])
    if library == "torch":
        X = pytest.importorskip("torch").from_numpy(X)
    with pytest.raises(DataError, match=f"'large' has values that {dtype}.*cannot hold. Scale"):
        domain.round(X, dtype)


def test_unknown_dtype() -> None:
    with pytest.raises(OptionError, match=r"`dtype` .* one of float64, .* got 'int8'"):
        Domain.infer(np.array([[0.5]])).round(np.array([[0.5]]), "int8")


def test_float32_tensors_stay_so() -> None:
    torch = pytest.importorskip("torch")
    domain = Domain.infer(np.array([[0.5, 2.0], [1.5, 3.0]]))
    rounded = domain.round(torch.tensor([[0.1, 2.7]]), "float32")
    assert rounded.dtype == torch.float32
    assert rounded.tolist() == [[np.float32(0.1), 3.0]]


def test_bfloat16_ties_go_to_even_as_in_torch() -> None:
    torch = pytest.importorskip("torch")
    ties = np.array([[1 + 2.0**-8], [1 + 3 * 2.0**-8], [-1 - 2.0**-8], [3e-40], [0.0], [-0.0]])
    domain = Domain.infer(np.array([[0.5]]))
    rounded = domain.round(ties, "bfloat16")
    assert rounded[:3, 0].tolist() == [1.0, 1 + 2.0**-6, -1.0]
    np.testing.assert_array_equal(rounded, torch.from_numpy(ties).to(torch.bfloat16).double())
