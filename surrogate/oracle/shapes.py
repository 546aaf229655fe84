"""The shape of an answer: one row for each row asked."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from surrogate._array import is_torch, to_numpy
from surrogate.errors import AnswerError
from surrogate.types import Array, Reply

__all__ = ["ROUNDED", "Answered", "as_columns", "is_whole", "label_column", "rounding", "tolerance"]

ROUNDED = 1e-3  # models that print three or four decimals still sum to one


class Answered(NamedTuple):
    """A reply, the number of rows that were asked, and the number of the first of them."""

    reply: Reply
    n: int
    start: int = 0


def rounding(dtype: Any, k: int) -> float:
    """How far rounding moves a probability, or a sum of k of them, of a dtype."""
    if str(dtype) == "torch.bfloat16":
        return 8.0 * 2.0**-7 * math.sqrt(k)
    return 8.0 * float(np.finfo(str(dtype).removeprefix("torch.")).eps) * math.sqrt(k)


def tolerance(dtype: Any, k: int) -> float:
    """How far a sum of k probabilities of a dtype may lie from one."""
    return max(ROUNDED, rounding(dtype, k))


def is_whole(values: Array) -> bool:
    """Whether an array holds whole numbers by its dtype."""
    if is_torch(values):
        return not bool(values.dtype.is_floating_point)
    return bool(getattr(values, "dtype", np.dtype(float)).kind in "iu")


def as_columns(name: str, answered: Answered) -> Array:
    """The values of a reply as floats of shape (n, k), or an error that says what they are."""
    values: Any = answered.reply.values
    shape = getattr(values, "shape", None)
    if shape is None or len(shape) not in (1, 2) or shape[0] != answered.n:
        raise _wrong_shape(name, values, answered.n)
    if len(shape) == 1:
        values = values[:, None]
    elif shape[1] == 0:
        raise AnswerError(f"{name} answered {answered.n:,} rows without columns, {tuple(shape)}.")
    if is_torch(values):
        return values if values.dtype.is_floating_point else values.double()
    kind = values.dtype.kind
    if kind == "f":
        return values
    if kind in "iub":
        return values.astype(np.float64)
    raise AnswerError(
        f"{name} answered an array of {values.dtype} (such as {values[0].tolist()[0]!r}) where "
        "numbers were expected; say output='labels' if these are labels."
    )


def label_column(name: str, answered: Answered) -> np.ndarray[Any, Any]:
    """The labels of a reply, of shape (n,), or an error that says what they are."""
    reply = answered.reply
    labels = reply.labels if reply.labels is not None else reply.values
    if labels is None:
        raise AnswerError(f"{name} answered nothing: a reply without values and without labels.")
    labels = to_numpy(labels)
    if labels.shape == (answered.n, 1):
        labels = labels[:, 0]
    if labels.shape != (answered.n,):
        raise _wrong_shape(name, labels, answered.n, what="labels", wanted=f"({answered.n},)")
    return labels


def _wrong_shape(
    name: str, values: Any, n: int, *, what: str = "an array", wanted: str = ""
) -> AnswerError:
    """Say what came, and guess why."""
    if values is None:
        return AnswerError(f"{name} answered nothing (None) to {n:,} rows.")
    shape = tuple(getattr(values, "shape", ()))
    if not hasattr(values, "shape"):
        came = f"a {type(values).__name__}"
    else:
        came = f"{what} of shape {shape}"
    hint = ""
    if len(shape) == 2 and shape[1] == n:
        hint = " It looks transposed."
    elif len(shape) > 2:
        hint = " Pick or average the other axes in the function that answers."
    elif len(shape) in (1, 2):
        hint = f" That is {shape[0]:,} answers to {n:,} rows."
    return AnswerError(
        f"{name} answered {came} to {n:,} rows; {wanted or f'({n}, k) or ({n},)'} was "
        f"expected, one answer for each row in the order asked.{hint}"
    )
