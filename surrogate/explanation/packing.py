"""Arrays as text in JSON: exact to the bit, column by column, compressed."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError

__all__ = ["AnyArray", "from_text", "raw_bytes", "to_text"]

AnyArray: TypeAlias = npt.NDArray[Any]

TYPES = ("<f8", "<f4", "<f2", "<i8", "<i4", "<u2", "|u1", "|b1")
MOST_BYTES = 1 << 31
"""Largest array that is unpacked."""
_WHOLE = ("|u1", "<u2", "<i4")
_LEVEL = 9


def to_text(array: AnyArray) -> dict[str, Any]:
    """An array of numbers as JSON values that `from_text` gives back bit by bit.

    Little-endian; a narrower type where that loses nothing, one column after the other, the
    bytes of equal weight side by side, zlib, base64.

    Parameters
    ----------
    array : array of floats, whole numbers or bools

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.explanation.packing import from_text, to_text
    >>> packed = to_text(np.array([[0.5, np.nan], [0.25, 3.0]]))
    >>> packed["dtype"], packed["stored"], packed["shape"]
    ('<f8', '<f4', [2, 2])
    >>> from_text(packed).tolist()
    [[0.5, nan], [0.25, 3.0]]
    """
    given = _little(array)
    narrow = _narrow(given)
    columns = np.ascontiguousarray(np.moveaxis(narrow, 0, -1))  # (n, ...) -> (..., n)
    raw = np.frombuffer(columns.tobytes(), dtype=np.uint8).reshape(-1, narrow.dtype.itemsize)
    shuffled = np.ascontiguousarray(raw.T).tobytes()
    return {
        "dtype": given.dtype.str,
        "stored": narrow.dtype.str,
        "shape": list(given.shape),
        "data": base64.b64encode(zlib.compress(shuffled, _LEVEL)).decode("ascii"),
    }


def from_text(packed: Mapping[str, Any]) -> AnyArray:
    """Give back the array that `to_text` was given, read-only.

    Raises
    ------
    InputError
        If it is none, is cut short, or claims to be larger than 2 GiB.
    """
    try:
        kind, stored, shape = packed["dtype"], packed["stored"], packed["shape"]
        sizes = [int(size) for size in shape]
        if kind not in TYPES or stored not in TYPES or not sizes or min(sizes) < 0:
            raise InputError(f"its type is {kind!r}, stored as {stored!r}, its shape {shape!r}")
        width = np.dtype(stored).itemsize
        count = 1
        for size in sizes:
            count *= size
        if count * 8 > MOST_BYTES:
            raise InputError(f"its shape {shape!r} is larger than {MOST_BYTES:,} bytes")
        raw = _inflated(packed["data"], count * width)
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise InputError(f"This is no packed array: {error}.") from error
    planes = np.frombuffer(raw, dtype=np.uint8).reshape(width, count)
    flat = np.frombuffer(np.ascontiguousarray(planes.T).tobytes(), dtype=stored)
    columns = flat.reshape([*sizes[1:], sizes[0]])
    found = np.ascontiguousarray(np.moveaxis(columns, -1, 0)).astype(kind, copy=False)
    found.flags.writeable = False
    return found


def raw_bytes(array: AnyArray) -> bytes:
    """Type, shape and content of an array, for a hash that no compression changes."""
    given = _little(array)
    head = f"{given.dtype.str}{list(given.shape)}".encode("ascii")
    return head + np.ascontiguousarray(given).tobytes()


def _little(array: AnyArray) -> AnyArray:
    """The same in one of the types that are stored."""
    given = np.atleast_1d(np.asarray(array))
    kind = given.dtype.newbyteorder("<").str
    if given.dtype.kind in "iu" and kind not in TYPES:
        kind = "<i8"
    if kind not in TYPES:
        raise InputError(f"Evidence holds floats, whole numbers and bools; got {given.dtype}.")
    return given.astype(kind, copy=False)


def _narrow(given: AnyArray) -> AnyArray:
    """The same numbers in fewer bytes, where each comes back as it was."""
    kinds = {"f": ("<f4",), "i": _WHOLE, "u": _WHOLE}.get(given.dtype.kind, ())
    for kind in kinds:
        if np.dtype(kind).itemsize >= given.dtype.itemsize:
            break
        with np.errstate(over="ignore", invalid="ignore"):
            small = given.astype(kind)
        if small.astype(given.dtype).tobytes() == given.tobytes():
            return small
    return given


def _inflated(text: str, size: int) -> bytes:
    """Exactly so many bytes, and never more in memory."""
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, zlib.error, ValueError, TypeError) as error:
        raise InputError(f"its data cannot be read, {error}") from error
    if len(raw) != size:
        raise InputError(f"its data should be {size:,} bytes, and is not")
    return raw
