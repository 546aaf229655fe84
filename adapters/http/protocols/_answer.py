"""From an answer's bytes to a Reply: bounded JSON, and the shapes that services share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from surrogate.errors import AnswerError
from surrogate.types import Reply

__all__ = ["CutShort", "array_of", "by_name", "field", "kind_of", "parse", "reply_of"]

DEPTH = 64
"""Deepest nesting of JSON that is read."""

# A text, or the beginning of one that does not end: else each of its quotes would be tried.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.?)*+(?:"|\Z)', re.DOTALL)
_PIECE = 2**20
_STEP = np.zeros(256, dtype=np.int8)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1


class CutShort(AnswerError):
    """An answer of which a part is missing: another attempt may give it whole."""


def parse(body: bytes) -> Any:
    """The JSON value in an answer.

    Raises
    ------
    AnswerError
        If it is no JSON, saying what it is instead, or is nested too deep.
    """
    if not body.strip():
        raise CutShort("The answer is empty.")
    if _depth(body) > DEPTH:
        raise AnswerError(f"The answer is JSON nested more than {DEPTH} deep.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        if body.lstrip()[:1] == b"<":
            raise AnswerError("The answer is a page of HTML or XML, not JSON.") from None
        if isinstance(error, json.JSONDecodeError) and error.pos >= len(error.doc.rstrip()):
            raise CutShort("The answer is JSON that ends too early.") from None
        raise AnswerError("The answer is not JSON.") from None


def _depth(body: bytes) -> int:
    """How deep brackets are nested, outside of texts."""
    marks = np.frombuffer(_TEXT.sub(b"", body), dtype=np.uint8)
    depth = deepest = 0
    for start in range(0, len(marks), _PIECE):
        depths = depth + np.cumsum(_STEP[marks[start : start + _PIECE]], dtype=np.int64)
        depth, deepest = int(depths[-1]), max(deepest, int(depths.max()))
    return deepest


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    if isinstance(value, Mapping):
        keys = ", ".join(map(repr, list(value)[:5]))
        return f"an object with {keys}{', ...' if len(value) > 5 else ''}" if keys else "{}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "null" if value is None else f"a {type(value).__name__}"


def field(value: Any, *names: str) -> Any:
    """The first of the named fields of an object, or an error that says what came."""
    if isinstance(value, Mapping):
        for name in names:
            if name in value:
                return value[name]
    wanted = " or ".join(map(repr, names))
    raise AnswerError(f"The answer has no {wanted}: it is {kind_of(value)}.")


def reply_of(value: Any) -> Reply:
    """A reply from JSON with one entry a row, or one list a column.

    Scalars and lists of them, one mapping from class to number for each row, ``{"classes",
    "scores"}`` for each row, and a mapping from class to column are understood.
    """
    if isinstance(value, Mapping):
        return _from_columns(value)
    if not isinstance(value, list):
        raise AnswerError(f"One answer a row was expected; came {kind_of(value)}.")
    if value and all(isinstance(row, Mapping) for row in value):
        return _from_records(value)
    array = array_of(value)
    return Reply(labels=array) if array.dtype.kind == "O" else Reply(values=array)


def by_name(rows: Sequence[Mapping[str, Any]]) -> Reply:
    """One mapping from class to number for each row: (n, k), columns by their names."""
    names = tuple(rows[0])
    for i, row in enumerate(rows):
        if row.keys() != rows[0].keys():
            odd = sorted(map(str, set(row) ^ set(names)))
            raise AnswerError(f"Row {i} names other classes than row 0: {', '.join(odd[:5])}.")
    values = array_of([[row[name] for name in names] for row in rows])
    return Reply(values=_numeric(values), classes=names)


def _from_columns(columns: Mapping[str, Any]) -> Reply:
    """One list a column."""
    parts = list(columns.values())
    if not parts or not all(isinstance(part, list) for part in parts):
        raise AnswerError(f"One answer a row was expected; came {kind_of(columns)}.")
    if len(parts) == 1:
        return reply_of(parts[0])
    if len(set(map(len, parts))) > 1:
        raise AnswerError(f"The columns {', '.join(map(repr, columns))} are of unequal lengths.")
    values = np.column_stack([_numeric(array_of(part)) for part in parts])
    return Reply(values=values, classes=tuple(columns))


def _from_records(rows: list[Mapping[str, Any]]) -> Reply:
    """One object a row."""
    if all({"classes", "scores"} <= row.keys() for row in rows):
        return by_name([_paired(row["classes"], row["scores"]) for row in rows])
    if all(len(row) == 1 for row in rows):
        return reply_of([next(iter(row.values())) for row in rows])
    if all(_is_number(value) for row in rows for value in row.values()):
        return by_name(rows)
    raise AnswerError(
        f"Row 0 of the answer is {kind_of(rows[0])}; say which of them is the answer: answer=."
    )


def _paired(names: Any, scores: Any) -> dict[str, Any]:
    """Classes with their scores."""
    if not isinstance(names, list) or not isinstance(scores, list) or len(names) != len(scores):
        raise AnswerError(f"Classes and scores do not pair: {kind_of(names)}, {kind_of(scores)}.")
    try:
        return dict(zip(names, scores))
    except TypeError:
        raise AnswerError("The classes of the answer are no texts or numbers.") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def array_of(value: list[Any]) -> np.ndarray[Any, Any]:
    """Nested lists as an array of numbers or truth values, or of texts as objects.

    Texts stay objects, since an array of texts takes the longest one's room for each.
    """
    leaves = _leaves(value)
    kinds = set(map(type, leaves))
    if kinds == {str}:
        return _shaped(value, np.dtype(object))
    odd = [leaf for leaf in leaves if type(leaf) not in (int, float, bool, str)][:1]
    if odd:
        raise AnswerError(f"The answer holds {kind_of(odd[0])} where a number should be.")
    if str in kinds:
        raise AnswerError("The answer mixes texts and numbers.")
    array = _shaped(value, None)
    if array.dtype.kind not in "biuf":
        raise AnswerError("The answer holds numbers that are too large.")
    return array


def _numeric(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of floats, or an error."""
    if array.dtype.kind not in "iuf":
        raise AnswerError("The answer holds texts where numbers were expected.")
    return array.astype(np.float64)


def _leaves(value: list[Any]) -> list[Any]:
    """All entries of nested lists of equal depth."""
    level = value
    while level and isinstance(level[0], list):
        if not all(isinstance(part, list) for part in level):
            raise AnswerError("The rows of the answer are of unequal lengths.")
        level = list(chain.from_iterable(level))
    return level


def _shaped(value: list[Any], dtype: Any) -> np.ndarray[Any, Any]:
    """Nested lists as an array."""
    try:
        return np.array(value, dtype=dtype)
    except (TypeError, ValueError, OverflowError):
        raise AnswerError("The rows of the answer are of unequal lengths.") from None
