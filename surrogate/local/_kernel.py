"""The exponential kernel of LIME: how near a perturbed row is to the explained one."""

from __future__ import annotations

import math

import numpy as np

from surrogate.types import FloatArray

__all__ = ["default_width", "effective_size", "exponential"]


def default_width(n_columns: int) -> float:
    """Kernel width of lime: .75 · sqrt(columns), in units of z."""
    return 0.75 * math.sqrt(n_columns)


def exponential(squared_distance: FloatArray, width: float) -> FloatArray:
    """Weights exp(-distance² / (2 width²)), of the shape of the distances."""
    return np.exp(-squared_distance / (2.0 * width**2))


def effective_size(weight: FloatArray, square: FloatArray) -> FloatArray:
    """Effective sample size (sum w)² / sum w², 0 where every weight is 0."""
    return np.divide(weight**2, square, out=np.zeros_like(weight), where=square > 0)
