"""Rows as the box can see them: whole numbers whole, one 1 per group, the box's floats.

Written once for NumPy and torch, on the library and device that the matrix lies on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate._array import device_name, is_torch, namespace
from surrogate.domain.layout import Layout, place
from surrogate.errors import DataError, OptionError
from surrogate.types import Array, BoolArray, Feature, FloatArray

__all__ = ["DTYPES", "round_matrix", "to_precision"]

DTYPES = ("float64", "float32", "float16", "bfloat16")


def round_matrix(
    matrix: Array, features: tuple[Feature, ...], layout: Layout, *, dtype: str, clip: bool
) -> Array:
    """Round a matrix to its features' kinds, then to what `dtype` can hold."""
    if dtype not in DTYPES:
        raise OptionError(
            f"The `dtype` parameter of Domain.round must be one of {', '.join(DTYPES)}; "
            f"got {dtype!r}."
        )
    xp = namespace(matrix)
    if not clip and not len(layout.whole):  # numbers only: nothing to round but their dtype
        out = to_precision(matrix, dtype)
        _check_held(out, features, dtype, xp)
        return out
    out = xp.asarray(matrix, copy=True)
    _clip(out, layout, dtype, clip, xp)
    if len(layout.whole):
        at = place(layout.whole)
        out[:, at] = xp.round(out[:, at])
    for members in layout.groups.values():
        out[:, members] = _one_hot(matrix[:, members], xp)
    if len(layout.numeric):
        at = place(layout.numeric)
        out[:, at] = to_precision(out[:, at], dtype)
    _check_held(out, features, dtype, xp)
    return out


def _clip(out: Array, layout: Layout, dtype: str, clip: bool, xp: Any) -> None:
    """In place: to what can be held and, if asked, to the declared bounds."""
    low, high = layout.can_low, layout.can_high
    if clip:
        low, high = np.maximum(low, layout.low), np.minimum(high, layout.high)
        low[layout.whole] = np.ceil(low[layout.whole])
        high[layout.whole] = np.floor(high[layout.whole])
    limited = np.flatnonzero(np.isfinite(low) | np.isfinite(high))
    if not len(limited):
        return
    at = place(limited)
    codes = ~np.isin(limited, layout.numeric)  # never rounded to the dtype
    inner_low = _beside(_inward(low[limited], np.inf, dtype, codes), out, xp)
    inner_high = _beside(_inward(high[limited], -np.inf, dtype, codes), out, xp)
    out[:, at] = xp.minimum(xp.maximum(out[:, at], inner_low), inner_high)  # NaN stays


def _inward(bounds: FloatArray, inside: float, dtype: str, codes: BoolArray) -> FloatArray:
    """Bounds that `dtype` can hold: the next ones inside, so that rounding keeps within."""
    with np.errstate(over="ignore"):
        held = to_precision(bounds, dtype)
    outside = (held < bounds if inside > 0 else held > bounds) & ~codes
    held = np.where(codes, bounds, held)
    if not outside.any():
        return np.asarray(held)
    if dtype == "bfloat16":  # eight bits: its next one lies within 2**-7 of the value
        nudged = to_precision(bounds + np.abs(bounds) * 2.0**-8 * np.sign(inside), dtype)
    else:
        single = held.astype(dtype)
        nudged = np.nextafter(single, single.dtype.type(inside)).astype(np.float64)
    return np.asarray(np.where(outside, nudged, held))


def _beside(bounds: FloatArray, out: Array, xp: Any) -> Array:
    """Bounds of shape (1, columns) on the matrix's library, device and dtype."""
    if is_torch(out):
        return xp.asarray(bounds[None, :], dtype=out.dtype, device=out.device)
    return bounds[None, :]


def _one_hot(block: Array, xp: Any) -> Array:
    """The largest of each row as 1, the others as 0: (n, members) -> (n, members)."""
    largest = xp.argmax(block, axis=1)
    members = xp.arange(block.shape[1], **_device(block))
    return xp.astype(largest[:, None] == members[None, :], block.dtype)


def _device(array: Array) -> dict[str, Any]:
    return {"device": device_name(array)} if is_torch(array) else {}


def to_precision(values: Array, dtype: str) -> Array:
    """Values rounded to what a floating dtype can hold; dtype and device stay.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain.rounding import to_precision
    >>> to_precision(np.array([0.1]), "float16").tolist()
    [0.0999755859375]
    """
    if dtype == "float64":
        return values
    xp = namespace(values)
    with np.errstate(over="ignore"):
        single = xp.astype(values, xp.float32)  # on the way to shorter ones too, as torch does
        if dtype == "float32":
            short = single
        elif dtype == "bfloat16" and not is_torch(values):
            short = _to_bfloat16(single)
        else:
            short = xp.astype(single, getattr(xp, dtype))
        return xp.astype(short, values.dtype)


def _to_bfloat16(single: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Round to the upper half of float32, ties to even, as torch does."""
    single = np.ascontiguousarray(single)
    bits = single.view(np.uint32)
    kept = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(
        0xFFFF0000
    )
    return np.where(np.isnan(single), np.float32(np.nan), kept.view(np.float32))


def _check_held(out: Array, features: tuple[Feature, ...], dtype: str, xp: Any) -> None:
    if dtype == "float64":
        return
    infinite = xp.isinf(out)
    if bool(xp.any(infinite)):
        j = int(xp.argmax(xp.astype(xp.any(infinite, axis=0), xp.int8)))
        raise DataError(
            f"Column {features[j].name!r} has values that {dtype}, in which the model computes, "
            f"cannot hold. Scale the column, or give the model as one of a wider dtype."
        )
