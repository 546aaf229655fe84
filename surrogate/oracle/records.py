"""An answer to one row as the ledger keeps it, and replies made of such answers again.

Floats are kept as the bytes of float64, anything else (labels, whole numbers) as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import AnswerError
from surrogate.oracle.shapes import Answered, as_columns, label_column
from surrogate.types import Label, Reply

__all__ = ["Record", "align", "join", "split"]


Record: TypeAlias = tuple[bytes | str | None, str | None]
"""The answer to one row: its values, and the model's own decision as JSON. A plain tuple, since
there are many."""


def split(name: str, reply: Reply, n: int, *, start: int = 0) -> list[Record]:
    """One record for each of n rows, of which the first has the number `start` in the ask.

    Raises
    ------
    AnswerError
        Unless there is one answer for each row, and all numbers are finite.
    """
    answered = Answered(reply, n, start)
    values: Sequence[bytes | str | None] = [None] * n
    labels: Sequence[str | None] = [None] * n
    if reply.values is not None:
        host = to_numpy(reply.values)
        kept = Answered(Reply(values=host), n, start)
        values = _floats(name, kept) if host.dtype.kind == "f" else _others(name, kept)
    if reply.labels is not None or reply.values is None:
        labels = [json.dumps(label) for label in label_column(name, answered).tolist()]
    return list(zip(values, labels))


def _floats(name: str, answered: Answered) -> list[bytes | str | None]:
    """Columns (n, k) as bytes, row by row."""
    columns = np.ascontiguousarray(as_columns(name, answered), dtype="<f8")
    wrong = ~np.isfinite(columns).all(axis=1)
    if wrong.any():
        row = answered.start + int(wrong.argmax())
        raise AnswerError(
            f"{name} answered a number that is not finite to row {row:,}. Answers must be finite "
            "numbers.",
            row=row,
        )
    whole, width = columns.tobytes(), 8 * columns.shape[1]
    return [whole[at : at + width] for at in range(0, len(whole), width)]


def _others(name: str, answered: Answered) -> list[bytes | str | None]:
    """Labels, truth values and whole numbers as JSON, row by row."""
    values: Any = answered.reply.values
    if values.ndim not in (1, 2) or len(values) != answered.n:
        as_columns(name, answered)  # raises, and says what came
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    return [json.dumps(row) for row in values.tolist()]


def join(records: Sequence[Record], classes: tuple[Label, ...] | None) -> Reply:
    """The reply that would have answered all rows at once."""
    return Reply(
        values=_joined([values for values, _ in records]),
        labels=_labels([label for _, label in records]),
        classes=classes,
    )


def _joined(values: Sequence[bytes | str | None]) -> Any:
    """Values of shape (n, k) or (n,), None where a row has none."""
    floats = [value for value in values if isinstance(value, bytes)]
    if len(floats) == len(values):
        whole = np.frombuffer(b"".join(floats), dtype="<f8")
        return whole.reshape(len(values), -1).astype(np.float64)
    if any(value is None for value in values):
        return None
    plain = [
        np.frombuffer(value, dtype="<f8").tolist() if isinstance(value, bytes) else None
        for value in values
    ]
    rows = [
        row if row is not None else json.loads(value or "") for row, value in zip(plain, values)
    ]
    if floats:  # a server that writes 1.0 as 1
        rows = [row if isinstance(row, list) else [row] for row in rows]
        return np.array(rows, dtype=np.float64)
    return np.array(rows)


def _labels(labels: Sequence[str | None]) -> Any:
    """Labels of shape (n,), None where a row has none."""
    if not labels or any(label is None for label in labels):
        return None
    return np.array([json.loads(label or "") for label in labels])


def align(name: str, reply: Reply, known: tuple[Label, ...] | None) -> Reply:
    """The reply with its columns in the order of the classes that answers named first.

    Raises
    ------
    AnswerError
        If it names other classes.
    """
    if known is None or reply.classes is None or tuple(reply.classes) == known:
        return reply
    if set(reply.classes) != set(known) or reply.values is None:
        raise AnswerError(
            f"{name} answered columns for the classes {list(reply.classes)!r}, and for "
            f"{list(known)!r} before."
        )
    order = [list(reply.classes).index(label) for label in known]
    return Reply(values=to_numpy(reply.values)[:, order], labels=reply.labels, classes=known)
