"""From rows to the named inputs of an ONNX model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.adapters._rows import column, matrix, names_of, numbers, select
from surrogate.errors import AbilityError, DataError

__all__ = ["Slot", "feeds", "slots_of"]

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(string)": "object",
    "tensor(bool)": "bool",
    **{f"tensor({kind})": kind for kind in ("int8", "int16", "int32", "int64")},
    **{f"tensor({kind})": kind for kind in ("uint8", "uint16", "uint32", "uint64")},
}


@dataclass(frozen=True)
class Slot:
    """One input of a model.

    Parameters
    ----------
    name : str
    dtype : str
        NumPy name; "object" for strings.
    shape : tuple of int or None, or None
        Shape of one row, None for axes of any length; None where not even the number of
        axes is known.
    batch : int or None
        Number of rows that the model was exported for; None: any.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None
    batch: int | None

    @property
    def width(self) -> int | None:
        """Numbers in one row, where the shape tells."""
        known = [length for length in self.shape or () if length is not None]
        return (
            math.prod(known) if self.shape is not None and len(known) == len(self.shape) else None
        )

    def __str__(self) -> str:
        shape = "any shape"
        if self.shape is not None:
            axes = [str(self.batch or "n"), *("?" if a is None else str(a) for a in self.shape)]
            shape = "x".join(axes)
        return f"{self.name} ({'string' if self.dtype == 'object' else self.dtype}, {shape})"


def slots_of(session: Any, *, who: str) -> tuple[Slot, ...]:
    """What the inputs of a session want."""
    slots = []
    for value in session.get_inputs():
        if value.type not in _DTYPES:
            raise AbilityError(f"{who} takes {value.type} at its input {value.name!r}; not known.")
        axes = [a if isinstance(a, int) and a > 0 else None for a in value.shape or ()]
        shape = tuple(axes[1:]) if axes else None
        slots.append(Slot(value.name, _DTYPES[value.type], shape, axes[0] if axes else None))
    return tuple(slots)


def feeds(rows: Any, slots: Sequence[Slot], *, who: str) -> dict[str, np.ndarray[Any, Any]]:
    """What each input gets.

    Inputs get the columns of their names where all of them are columns, else all columns
    in order: one input the whole, several as many columns as they are wide.
    """
    names = names_of(rows)
    if names is not None and set(names) >= {slot.name for slot in slots}:
        # a mapping may hold whole arrays (n, ...), as a preprocess makes them
        take = _entry if isinstance(rows, Mapping) else column
        parts = [take(rows, slot.name) for slot in slots]
    elif len(slots) == 1:
        parts = [rows]
    else:
        parts = _split(rows, slots, names, who=who)
    return {slot.name: _fitted(part, slot, who=who) for slot, part in zip(slots, parts)}


def _entry(rows: Mapping[str, Any], name: str) -> np.ndarray[Any, Any]:
    return to_numpy(rows[name])


def _split(
    rows: Any, slots: Sequence[Slot], names: tuple[str, ...] | None, *, who: str
) -> list[Any]:
    """Columns in order, as many for each input as it is wide."""
    widths = [slot.width for slot in slots]
    wanted = ", ".join(str(slot) for slot in slots)
    if any(width is None for width in widths):
        raise DataError(
            f"{who} has the inputs {wanted}; give columns of those names, or a preprocess that"
            " returns a mapping from these names to arrays."
        )
    bounds = np.cumsum([0, *widths]).tolist()
    values = matrix(rows) if names is None else None
    have = values.shape[1] if values is not None else len(names or ())
    if have != bounds[-1]:
        raise DataError(
            f"{who} has the inputs {wanted}, {bounds[-1]} columns together; the rows have {have}"
            + (f": {', '.join(map(repr, names))}." if names else ".")
        )
    if values is not None:
        return [values[:, a:b] for a, b in pairwise(bounds)]
    return [select(rows, (names or ())[a:b], who=who) for a, b in pairwise(bounds)]


def _fitted(part: Any, slot: Slot, *, who: str) -> np.ndarray[Any, Any]:
    """Values in the dtype and shape of an input."""
    who = f"The input {slot.name!r} of {who}"
    kind = np.dtype(slot.dtype).kind
    if kind == "O":
        values = _strings(matrix(part), who=who)
    elif kind == "f":
        values = numbers(part, who=who).astype(slot.dtype, copy=False)
    else:
        values = _whole(numbers(part, who=who), slot.dtype, who=who)
    return np.ascontiguousarray(_shaped(values, slot, who=who))


def _shaped(values: np.ndarray[Any, Any], slot: Slot, *, who: str) -> np.ndarray[Any, Any]:
    """Flat rows (n, d) -> (n, *shape), as a model for images wants them, or images -> flat rows.

    Images keep the order of their axes: (n, 28, 28) may become (n, 1, 28, 28), but colours that
    stand last are not where a model that wants them first would look.
    """
    shape = slot.shape
    if shape is None:
        return values
    same = values.ndim == len(shape) + 1
    if same and all(want in (None, have) for want, have in zip(shape, values.shape[1:])):
        return values
    axes, wants = ([a for a in given if a != 1] for given in (values.shape[1:], shape))
    if len(axes) > 1 and len(wants) > 1:
        fits = len(axes) == len(wants) and all(w in (None, a) for w, a in zip(wants, axes))
        if not fits:
            moved = axes[-1:] + axes[:-1]
            turned = len(axes) == len(wants) and all(w in (None, a) for w, a in zip(wants, moved))
            hint = " Give images with the colours first: (n, c, h, w)." if turned else ""
            raise _other_shape(values, shape, who=who, hint=hint)
    have = math.prod(values.shape[1:])
    known = math.prod(length for length in shape if length is not None)
    open_axes = sum(length is None for length in shape)
    if open_axes > 1 or (open_axes == 0 and have != known) or have % known:
        raise _other_shape(values, shape, who=who)
    return values.reshape(len(values), *(-1 if length is None else length for length in shape))


def _other_shape(
    values: np.ndarray[Any, Any], shape: Sequence[int | None], *, who: str, hint: str = ""
) -> DataError:
    """The error of rows that do not fit an input."""
    wanted = "x".join("?" if length is None else str(length) for length in shape) or "1"
    got = "x".join(map(str, values.shape[1:])) or "1"
    return DataError(f"{who} takes rows of {wanted} numbers; these have {got}.{hint}")


def _whole(values: np.ndarray[Any, Any], dtype: str, *, who: str) -> np.ndarray[Any, Any]:
    """Numbers as integers or booleans, if they are such."""
    if values.dtype == np.dtype(dtype):
        return values
    with np.errstate(invalid="ignore"):
        cast = values.astype(dtype)
    wrong = np.argwhere(cast != values)  # NaN too
    if len(wrong):
        place = tuple(wrong[0])
        kind = "True or False" if dtype == "bool" else f"whole numbers ({dtype})"
        raise DataError(f"{who} takes {kind}, but got {values[place]} in row {place[0]}.")
    return cast


def _strings(values: np.ndarray[Any, Any], *, who: str) -> np.ndarray[Any, Any]:
    """Values as strings, if they are such."""
    if values.dtype.kind == "U":
        return values.astype(object)
    for place in np.ndindex(values.shape):
        if not isinstance(values[place], str):
            raise DataError(f"{who} takes strings, but got {values[place]!r} in row {place[0]}.")
    return values
