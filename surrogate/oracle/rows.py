"""Rows on their way to the box: checked before they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import is_torch
from surrogate.errors import DataError
from surrogate.oracle.screens import is_finite, on_host
from surrogate.types import Array

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["RowCheck", "missing_columns", "row_text"]

SHOWN_COLUMNS = 8


class RowCheck:
    """Raises unless rows are rows of a domain: their shape, and finite where they must be.

    Parameters
    ----------
    domain : Domain
    """

    def __init__(self, domain: Domain) -> None:
        self._features = domain.features
        self._width = len(domain.features)
        self._may_miss = np.array([f.missing for f in domain.features], dtype=np.bool_)

    def __call__(self, matrix: Array, *, screened: bool = True) -> Array:
        """The rows as floats in C order; finiteness is left out where not `screened`."""
        if not is_torch(matrix):
            matrix = np.ascontiguousarray(matrix)
            if matrix.dtype.kind != "f":
                matrix = self._floats(matrix)
        shape = matrix.shape
        if len(shape) != 2 or shape[1] != self._width:
            raise self._wrong_shape(tuple(shape))
        if shape[0] == 0:
            raise DataError("There are no rows to ask; give at least one.")
        if screened and not is_finite(matrix):
            self.check_finite(matrix)
        return matrix

    def check_finite(self, matrix: Array) -> None:
        """The exact check: finite, or missing where the feature may be."""
        host = on_host(matrix)
        wrong = ~np.isfinite(host) & ~(np.isnan(host) & self._may_miss)
        if not wrong.any():
            return
        i, j = np.argwhere(wrong)[0]
        name, value = self._features[j].name, host[i, j]
        hint = (
            f"Fill it, or declare that {name!r} may be missing (missing= of Domain.infer)."
            if np.isnan(value)
            else "Values must be finite."
        )
        raise DataError(
            f"Row {i:,} holds {value} in column {name!r}; {int(wrong.any(axis=1).sum()):,} of "
            f"{len(host):,} rows are so. {hint}"
        )

    def _floats(self, matrix: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if matrix.dtype.kind in "iub":
            return matrix.astype(np.float64)
        raise DataError(
            f"Internal rows are floats; got an array of {matrix.dtype}. Encode the rows first: "
            "domain.encode(rows)."
        )

    def _wrong_shape(self, shape: tuple[int, ...]) -> DataError:
        if len(shape) == 1:
            return DataError(
                f"Expected 2D array, got 1D array instead, with {shape[0]} entries. Reshape your "
                "data either using array.reshape(-1, 1) if your data has a single feature or "
                "array.reshape(1, -1) if it contains a single sample."
            )
        return DataError(
            f"Rows must have shape (n, {self._width}), one column for each feature of the domain; "
            f"got {shape}."
        )


def missing_columns(domain: Domain, matrix: Array) -> list[str]:
    """Names of the columns in which rows hold missing values."""
    absent = np.any(np.isnan(on_host(matrix)), axis=0)
    return [feature.name for feature, gone in zip(domain.features, absent) if gone]


def row_text(domain: Domain, row: Array) -> str:
    """One row (d,) in words, its first columns: "age = 31, job = cook"."""
    shown = []
    for feature, x in zip(domain.features[:SHOWN_COLUMNS], on_host(row).tolist()):
        missing = x != x
        value = feature.categories[int(x)] if feature.is_coded and not missing else f"{x:.6g}"
        shown.append(f"{feature.name} = {'missing' if missing else value}")
    more = len(domain.features) - SHOWN_COLUMNS
    return ", ".join(shown) + (f" and {more} more columns" if more > 0 else "")
