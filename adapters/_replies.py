"""From whatever a model answers to a Reply: the one place of output translation.

Answers are translated here, never judged: whether they are answers at all is the oracle's
question, except where nothing could be handed to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from surrogate._array import is_torch, to_numpy
from surrogate.errors import AnswerError
from surrogate.types import Array, Label, Reply, Traits

__all__ = ["rename", "to_reply"]


def to_reply(answer: Any, traits: Traits) -> Reply:
    """Translate one answer.

    Parameters
    ----------
    answer : Reply, array, tensor, frame, series, sequence, or sequence of mappings
        One entry or row for each row asked. Columns with names, and mappings from classes
        to numbers (ONNX's ZipMap), are put in the order of the classes.
    traits : Traits
        What is known of the model.

    Returns
    -------
    Reply
        Labels are NumPy arrays; values are arrays of ``traits.library``.

    Raises
    ------
    AnswerError
        If no array can be made of the answer.
    """
    if _passes(answer, traits):
        return Reply(values=answer)
    if isinstance(answer, Reply):
        reply = answer
        if _is_sequence_of_mappings(answer.values):
            reply = replace(_from_mappings(answer.values, traits), labels=answer.labels)
    elif _has_named_columns(answer):
        reply = _from_columns(answer, traits)
    elif _is_sequence_of_mappings(answer):
        reply = _from_mappings(answer, traits)
    else:
        array = _as_array(answer, traits)
        reply = Reply(labels=array) if _are_labels(array, traits) else Reply(values=array)
    return _settled(reply, traits)


def _passes(answer: Any, traits: Traits) -> bool:
    """Whether an answer is floats as they should be: nearly all are, and asking is often brief."""
    if traits.output == "labels":
        return False
    if type(answer) is np.ndarray:
        return answer.dtype.kind == "f" and answer.ndim > 0
    floats = traits.library == "torch" and is_torch(answer) and hasattr(answer, "detach")
    return floats and answer.is_floating_point() and not answer.requires_grad


def _settled(reply: Reply, traits: Traits) -> Reply:
    """The reply on the box's library, in the order and by the names of its classes."""
    values, labels = reply.values, reply.labels
    if labels is not None:
        labels = _flat(to_numpy(labels))
        if traits.classes is not None:
            labels = _named(labels, traits.classes)
        if values is not None and traits.threshold is not None:
            labels = None  # the user's threshold decides, not the model
    if is_torch(values) and traits.library == "numpy":
        values = to_numpy(_widened(values))
    elif values is not None and not is_torch(values):
        values = np.asarray(values)
    if reply.classes is None or traits.classes is None:
        return Reply(values, labels, reply.classes)
    return Reply(_in_order(values, reply.classes, traits), labels)


def rename(
    labels: np.ndarray[Any, Any], own: Sequence[Label], declared: Sequence[Label]
) -> np.ndarray[Any, Any]:
    """A model's own labels by the names that the user declared for them."""
    names = dict(zip(own, declared, strict=True))
    renamed = np.empty(labels.shape, dtype=object)
    renamed[:] = [names.get(label, label) for label in labels.tolist()]
    return renamed


def _has_named_columns(answer: Any) -> bool:
    """Whether an answer is a frame, or a mapping from class to column."""
    return isinstance(answer, Mapping) or (
        hasattr(answer, "columns") and hasattr(answer, "to_numpy")
    )


def _is_sequence_of_mappings(answer: Any) -> bool:
    return isinstance(answer, list | tuple) and bool(answer) and isinstance(answer[0], Mapping)


def _from_columns(answer: Any, traits: Traits) -> Reply:
    """One column for each class, or one column of labels or values."""
    names = tuple(answer) if isinstance(answer, Mapping) else tuple(answer.columns)
    if not names:
        raise AnswerError(f"{traits.name} answered a table without columns.")
    columns = [_as_array(answer[name], traits) for name in names]
    if len(columns) == 1:
        return to_reply(columns[0], traits)
    if len({column.shape for column in columns}) > 1 or columns[0].ndim != 1:
        shapes = ", ".join(str(column.shape) for column in columns)
        raise AnswerError(f"{traits.name} answered columns of unequal shapes: {shapes}.")
    return Reply(values=np.column_stack([to_numpy(column) for column in columns]), classes=names)


def _from_mappings(answer: Any, traits: Traits) -> Reply:
    """One mapping from class to number for each row."""
    classes = traits.classes
    if classes is None or set(classes) != set(answer[0]):
        try:
            classes = tuple(sorted(answer[0]))
        except TypeError:
            classes = tuple(answer[0])
    try:
        values = np.array([[row[name] for name in classes] for row in answer], dtype=np.float64)
    except KeyError as error:
        row = next(i for i, row in enumerate(answer) if set(row) != set(classes))
        raise AnswerError(
            f"{traits.name} answered row {row} without the class {error.args[0]!r}."
        ) from None
    except (TypeError, ValueError) as error:
        raise AnswerError(
            f"{traits.name} answered mappings that hold no numbers: {error}"
        ) from None
    return Reply(values=values, classes=classes)


def _as_array(answer: Any, traits: Traits) -> Array:
    """Anything array-like as an array that holds numbers, booleans or labels."""
    if is_torch(answer) and hasattr(answer, "detach"):
        return answer.detach()
    if hasattr(answer, "toarray"):
        answer = answer.toarray()  # scipy's sparse matrices
    if answer is None or isinstance(answer, tuple | str | bytes):
        raise _untranslatable(answer, traits)
    try:
        array = np.asarray(answer)
    except (TypeError, ValueError) as error:
        raise _untranslatable(answer, traits) from error
    if array.dtype.kind == "O":
        array = _narrow(array)
    if array.ndim == 0 or array.dtype.kind in "cmMV":
        raise _untranslatable(answer, traits)
    return array


def _narrow(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of objects as numbers or booleans, where it holds only such."""
    kinds = {type(entry) for entry in array.ravel().tolist()}
    if kinds <= {bool, np.bool_}:
        return array.astype(bool)
    if any(issubclass(kind, str | bytes | bool | np.bool_) for kind in kinds):
        return array
    whole = all(issubclass(kind, int | np.integer) for kind in kinds)
    try:
        return array.astype(np.int64 if whole else np.float64)
    except (TypeError, ValueError, OverflowError):
        return array


def _untranslatable(answer: Any, traits: Traits) -> AnswerError:
    """Say what came instead of an array."""
    kind = type(answer).__name__
    if isinstance(answer, tuple):
        kind = f"a tuple of {len(answer)}"
    return AnswerError(
        f"{traits.name} answered {kind}, which is no array with one entry or row for each row"
        " asked; give a function that picks one, or returns surrogate.types.Reply(values=...,"
        " labels=...)."
    )


def _are_labels(array: Array, traits: Traits) -> bool:
    """Whether an answer is decisions rather than numbers, as far as it can be seen."""
    one_column = len(array.shape) == 1 or (len(array.shape) == 2 and array.shape[1] == 1)
    kind = _kind(array)
    if not one_column:
        return False
    if kind in "USO" or traits.output == "labels":
        return True
    if kind == "b":
        return traits.task != "regression"
    return kind in "iu" and traits.task == "classification" and traits.output is None


def _kind(array: Array) -> str:
    """NumPy's letter for the kind of an array's dtype, torch's included."""
    if not is_torch(array):
        return str(array.dtype.kind)
    if array.dtype.is_floating_point:
        return "f"
    return "b" if str(array.dtype) == "torch.bool" else "i"


def _flat(labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Labels (n, 1) -> (n,)."""
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def _named(labels: np.ndarray[Any, Any], classes: Sequence[Label]) -> np.ndarray[Any, Any]:
    """Whole numbers as codes into the classes, where no class is a number itself."""
    if labels.dtype.kind not in "iufb" or any(isinstance(c, bool | int | float) for c in classes):
        return labels
    if labels.size == 0 or labels.min() < 0 or labels.max() >= len(classes):
        return labels
    codes = labels.astype(np.intp)
    if not np.array_equal(codes, labels):
        return labels
    names = np.empty(len(classes), dtype=object)
    names[:] = classes
    return np.asarray(names[codes])


def _in_order(values: Array, named: Sequence[Label], traits: Traits) -> Array:
    """Columns that the answer names, in the order of the declared classes."""
    declared = traits.classes or ()
    if set(named) == set(declared):
        return values[:, [list(named).index(name) for name in declared]]
    if len(named) != len(declared):
        return values
    raise AnswerError(
        f"{traits.name} answered for the classes {', '.join(map(repr, named))}; declared are"
        f" {', '.join(map(repr, declared))}."
    )


def _widened(values: Array) -> Array:
    """A tensor of bfloat16, which NumPy lacks, as float32."""
    return values.float() if str(values.dtype) == "torch.bfloat16" else values
