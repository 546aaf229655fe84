"""Thresholds: the shortest number that parts the rows, and scikit-learn's made exact."""

from __future__ import annotations

import math

import numpy as np

from surrogate.types import FloatArray

__all__ = ["between", "exact_threshold", "shortest"]


def between(left: FloatArray, right: FloatArray) -> float:
    """The shortest threshold that parts the known values of two sides; infinite if one has none.

    Parameters
    ----------
    left, right : float arrays
        Values of a column that go left and right, NaN where missing; every known one on
        the left is less than every known one on the right.
    """
    left, right = left[~np.isnan(left)], right[~np.isnan(right)]
    if not right.size:
        return math.inf
    return shortest(float(left.max()) if left.size else -math.inf, float(right.min()))


def shortest(low: float, high: float) -> float:
    """The number of fewest decimals in [low, high), nearest the middle.

    Parameters
    ----------
    low, high : float
        With low < high: the greatest value that goes left, the least that goes right.

    Examples
    --------
    >>> from surrogate.trees import shortest
    >>> shortest(37.2, 37.9), shortest(2.0, 3.0), shortest(0.1234, 0.1236)
    (37.5, 2.0, 0.1235)
    """
    middle = low + (high - low) / 2 if math.isfinite(low) else high
    for decimals in range(17):
        candidate = round(middle, decimals)
        step = 10.0**-decimals
        for shift in (0.0, -step, step):
            number = round(candidate + shift, decimals)
            if low <= number < high:
                return number + 0.0
    return middle if low <= middle < high else low


def exact_threshold(threshold: float) -> float:
    """The float64 threshold that routes every float64 as scikit-learn's float32 does.

    A tree of scikit-learn sends x left if float32(x) <= threshold. With f the greatest
    float32 that is at most the threshold and g the next one, that is every x that rounds
    to f or less: every x up to the middle of f and g, the middle itself if a tie rounds
    to f.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.trees import exact_threshold
    >>> x, threshold = 0.1, 0.1
    >>> float(np.float32(x)) <= threshold, x <= exact_threshold(threshold)
    (False, False)
    """
    if not math.isfinite(threshold):
        return threshold
    with np.errstate(over="ignore"):  # past the greatest float32 lies infinity
        f = np.float32(threshold)
        if float(f) > threshold:
            f = np.nextafter(f, np.float32(-np.inf))
        g = np.nextafter(f, np.float32(np.inf))
        if not np.isfinite(f) or not np.isfinite(g):
            return threshold
        middle = float(f) + (float(g) - float(f)) / 2  # exact: float64 has 29 bits to spare
        goes_left = float(np.float32(middle)) <= threshold
    return middle if goes_left else float(np.nextafter(middle, -np.inf))
