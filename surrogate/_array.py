"""NumPy and torch through one door: the array API, and the ways between the two."""

from __future__ import annotations

from typing import Any

import array_api_compat
import numpy as np

from surrogate.types import Array

__all__ = ["device_name", "is_torch", "namespace", "on_library", "to_numpy"]


def is_torch(array: Array) -> bool:
    """Whether an array is torch's, found out without importing torch."""
    kind = type(array)
    known = _OF_TORCH.get(kind)  # asked several times for every batch
    if known is None:
        known = _OF_TORCH[kind] = kind.__module__.partition(".")[0] == "torch"
    return known


_OF_TORCH: dict[type, bool] = {}


def namespace(*arrays: Array) -> Any:
    """The array API namespace that the arrays share.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate._array import namespace
    >>> namespace(np.zeros(3)).sum(np.ones(3)).item()
    3.0
    """
    return array_api_compat.array_namespace(*arrays)


def to_numpy(array: Array) -> np.ndarray[Any, Any]:
    """The array in host memory, without a copy where it lies there already."""
    if is_torch(array):
        return np.asarray(array.detach().cpu().numpy())
    return np.asarray(array)


def device_name(array: Array) -> str:
    """Where an array lies: "cpu", "cuda:0"."""
    return str(array.device) if is_torch(array) else "cpu"


def on_library(array: Array, library: str, device: str = "cpu") -> Array:
    """The array as one of `library` ("numpy" or "torch") on `device`.

    Zero-copy between NumPy and torch on the CPU, so the result may share memory.
    """
    if library == "numpy":
        return to_numpy(array)
    from surrogate._optional import require

    torch = require("torch", extra="torch")
    if not is_torch(array):
        array = np.ascontiguousarray(array)
        array = torch.from_numpy(array if array.flags.writeable else array.copy())
    return array.to(device)
