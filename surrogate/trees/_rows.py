"""From what a user calls rows to the internal matrix, by scikit-learn's rules of naming."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from surrogate.domain import Domain
from surrogate.types import FloatArray, Kind

__all__ = ["encode_rows", "fit_rows"]


def fit_rows(estimator: Any, X: Any, domain: Domain | None) -> tuple[Domain, FloatArray]:
    """The domain and matrix (n, d) of rows to fit; sets `n_features_in_` and names.

    A domain that is not given is inferred; of a numeric array every column is then
    continuous, since nothing says that later rows will hold whole numbers too.
    """
    X = _checked(estimator, X, reset=True)
    if domain is None:
        numeric = isinstance(X, np.ndarray) and X.dtype.kind == "f"
        kinds: dict[Any, Kind] = dict.fromkeys(range(X.shape[1]), "continuous") if numeric else {}
        domain = Domain.infer(X, kinds=kinds)
    return domain, domain.encode(X)


def encode_rows(estimator: Any, X: Any) -> FloatArray:
    """The matrix (n, d) of rows to predict."""
    matrix: FloatArray = estimator.domain_.encode(_checked(estimator, X, reset=False))
    return matrix


def _checked(estimator: Any, X: Any, *, reset: bool) -> Any:
    """Rows whose width and names fit; numeric ones as a float64 array."""
    if isinstance(X, Mapping):
        _check_names(estimator, X, reset=reset)
        return X
    if hasattr(X, "columns") or _has_strings(X):
        return validate_data(estimator, X, reset=reset, skip_check_array=True)
    return validate_data(estimator, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")


def _check_names(estimator: Any, X: Mapping[Any, Any], *, reset: bool) -> None:
    """Remember a mapping's columns; the domain finds missing and unknown ones itself."""
    if reset:
        estimator.n_features_in_ = len(X)
        estimator.feature_names_in_ = np.array([str(name) for name in X], dtype=object)


def _has_strings(X: Any) -> bool:
    """Whether an array of objects holds a string, so that its columns may be categories."""
    array = X if isinstance(X, np.ndarray) else None
    if isinstance(X, list):
        first = X[0] if X else None
        return isinstance(first, list | tuple) and any(isinstance(x, str) for x in first)
    if array is None or array.ndim != 2:
        return False
    return array.dtype.kind == "U" or (
        array.dtype == object and any(isinstance(x, str) for x in array.flat)
    )
