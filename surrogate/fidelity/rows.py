"""The rows that a fidelity is measured on, and the checks of what is given for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import InputError
from surrogate.types import FloatArray, IntArray

__all__ = ["Rows", "are_probabilities", "codes", "matrix"]


@dataclass(frozen=True, eq=False)
class Rows:
    """What every metric needs to know of the rows."""

    n: int
    n_sources: int
    index: IntArray
    weights: FloatArray | None
    level: float
    guarantee: bool
    seed: int

    @property
    def groups(self) -> int:
        """Sources that the intervals count."""
        return int(self.index.max()) + 1


def matrix(name: str, given: np.ndarray[Any, Any]) -> FloatArray:
    """A finite (n, k) matrix of float64."""
    if given.ndim != 2:
        raise InputError(f"{name} must have shape (n, k); got {given.shape}.")
    found = given.astype(np.float64, copy=False)
    if not np.isfinite(found).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(found))[0])
        raise InputError(f"{name} must be finite; got {found[row, column]} at {row}, {column}.")
    return found


def codes(name: str, given: Any, n: int) -> IntArray:
    """Codes of decisions (n,)."""
    if given is None:
        raise InputError(f"{name} is needed to measure agreement; got None.")
    found = to_numpy(given)
    if found.shape != (n,) or not np.issubdtype(found.dtype, np.integer):
        raise InputError(
            f"{name} must be {n} whole numbers, the codes of the classes; got {found.dtype} "
            f"of shape {found.shape}."
        )
    return found.astype(np.intp, copy=False)


def are_probabilities(values: FloatArray) -> bool:
    """Whether rows are distributions, up to the rounding of single precision."""
    inside = values.min() >= -1e-6 and values.max() <= 1 + 1e-6
    return bool(inside and (np.abs(values.sum(axis=1) - 1) < 1e-3).all())
