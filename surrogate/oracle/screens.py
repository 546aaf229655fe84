"""Cheap screens: one pass proves what an exact check would take several for.

That ``v @ v``, or the sum of v, is finite proves that every entry of v is. That ``s @ s`` is small
for ``s = P @ 1 - 1`` proves that every row of P sums to one, and that it is finite. Where a
screen fails nothing is known (for large v they overflow), and the exact check decides.

BLAS is kept to sizes that it takes on one thread: its workers cost more to wake than a
screen takes, and milliseconds where the model's own threads are still spinning.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from surrogate._array import is_torch
from surrogate.types import Array

__all__ = ["Host", "host_view", "is_finite", "on_host", "sums_to_one"]

Host = np.ndarray[Any, Any]

ONE_THREAD = 8_192  # entries that OpenBLAS takes on one thread, whatever it does with them
SHARED = 1 << 16  # entries of a tensor from which torch's own threads, still warm, are faster
HALF = ("float16", "torch.float16", "torch.bfloat16")


def host_view(values: Array) -> Host | None:
    """Floats as an array without a copy; None where they lie elsewhere or are half floats."""
    if type(values) is np.ndarray:
        return values if values.itemsize > 2 else None
    if not is_torch(values) or not values.is_cpu or values.element_size() == 2:
        return None
    host: Host = (values.detach() if values.requires_grad else values).numpy()
    return host


def on_host(values: Array) -> Host:
    """Floats as an array that NumPy can compute with, copied where they must be."""
    if is_torch(values):
        values = values.detach()
        return np.asarray((values.float() if str(values.dtype) in HALF else values).cpu().numpy())
    return np.asarray(values.astype(np.float32) if values.dtype == np.float16 else values)


def is_finite(values: Array) -> bool:
    """Whether all entries are shown to be finite; False proves nothing."""
    host = values if type(values) is np.ndarray else _small_view(values)
    if host is None:
        return math.isfinite(values.detach().sum())
    if host.itemsize == 2:
        return bool(np.isfinite(host).all())
    flat = host.ravel(order="K")
    small = flat.size <= ONE_THREAD
    # neither of the two warns of an overflow, as `dot` and `sum` do
    return math.isfinite(np.vdot(flat, flat) if small else np.einsum("i->", flat))


def _small_view(values: Array) -> Host | None:
    """A view of what NumPy screens faster than torch."""
    if is_torch(values) and values.numel() > SHARED:
        return None
    return host_view(values)


def sums_to_one(values: Array, bound: float) -> bool:
    """Whether rows (n, k) are shown to be probabilities within a bound; False proves nothing."""
    host = host_view(values)
    if host is None:
        return is_torch(values) and _sums_there(values, bound)
    if not np.minimum.reduce(host, axis=None) >= 0.0:  # NaN is not
        return False
    if host.shape[1] == 1:
        return bool(np.maximum.reduce(host, axis=None) <= 1.0)
    error = _row_sums(host)
    error -= 1.0
    return bool(np.vdot(error, error) <= bound * bound)


def _row_sums(values: Host) -> Host:
    """Sums of rows: (n, k) -> (n,). `values.sum(axis=1)` takes ten times as long."""
    n, k = values.shape
    if k == 2:
        return np.asarray(values[:, 0] + values[:, 1])
    if n * k <= ONE_THREAD:
        with np.errstate(invalid="ignore", over="ignore"):  # infinite entries are found anyway
            return np.asarray(values.dot(_ones(k, values.dtype)))
    return np.asarray(np.einsum("ij->i", values))


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
