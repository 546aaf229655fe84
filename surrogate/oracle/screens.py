"""Cheap screens: one product proves what an exact check would take ten times as long for.

That ``v @ v`` is finite proves that every entry is. That ``s @ s`` is small for
``s = P @ 1 - 1`` proves that every row of P sums to one, and that it is finite. Where a
screen fails nothing is known (``v @ v`` overflows for large v), and the exact check decides.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from surrogate._array import is_torch
from surrogate.types import Array

__all__ = ["host_view", "is_finite", "on_host", "sums_to_one"]

Host = np.ndarray[Any, Any]

HALF = ("torch.float16", "torch.bfloat16")


def host_view(values: Array) -> Host | None:
    """Floats as an array without a copy; None where they lie elsewhere or are half floats."""
    if not is_torch(values):
        return values if values.dtype != np.float16 else None
    if values.device.type != "cpu" or str(values.dtype) in HALF:
        return None
    return np.asarray(values.detach().numpy())


def on_host(values: Array) -> Host:
    """Floats as an array that NumPy can compute with, copied where they must be."""
    if is_torch(values):
        values = values.detach()
        return np.asarray((values.float() if str(values.dtype) in HALF else values).cpu().numpy())
    return np.asarray(values.astype(np.float32) if values.dtype == np.float16 else values)


def is_finite(values: Array) -> bool:
    """Whether all entries are shown to be finite; False proves nothing."""
    host = host_view(values)
    if host is not None:
        flat = host.ravel(order="K")
        return math.isfinite(flat.dot(flat))
    if is_torch(values):
        flat = values.detach().flatten()
        return math.isfinite(float(flat.dot(flat)))
    return bool(np.isfinite(values).all())


def sums_to_one(values: Array, bound: float) -> bool:
    """Whether rows (n, k) are shown to be probabilities within a bound; False proves nothing."""
    host = host_view(values)
    if host is None:
        return is_torch(values) and _sums_there(values, bound)
    if host.shape[1] == 1:
        return bool(host.min() >= 0.0 and host.max() <= 1.0)
    error = host.dot(_ones(host.shape[1], host.dtype))
    error -= 1.0
    return bool(error.dot(error) <= bound * bound and host.min() >= 0.0)


def _sums_there(values: Array, bound: float) -> bool:
    """The same where torch's values lie, read back once."""
    if values.shape[1] == 1:
        low, high = values.aminmax()
        return bool((low >= 0.0) & (high <= 1.0))
    error = values.float().sum(dim=1) - 1.0
    return bool((error.dot(error) <= bound * bound) & (values.min() >= 0.0))


_ONES: dict[tuple[int, np.dtype[Any]], Host] = {}


def _ones(k: int, dtype: np.dtype[Any]) -> Host:
    """A vector of ones, made once."""
    found = _ONES.get((k, dtype))
    if found is None:
        found = _ONES[k, dtype] = np.ones(k, dtype)
    return found
