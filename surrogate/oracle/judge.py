"""Judges every answer: a cheap screen, and the exact check only where the screen fails."""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate._array import is_torch, namespace, on_library, to_numpy
from surrogate.errors import AnswerError, OptionError
from surrogate.oracle.answers import Answers, Decide
from surrogate.oracle.screens import HALF, host_view, is_finite, on_host, sums_to_one
from surrogate.oracle.settle import Settled
from surrogate.oracle.shapes import ROUNDED, Answered, as_columns, label_column, rounding
from surrogate.types import Array, FloatArray, Label, Traits

__all__ = ["Judge"]

Host = np.ndarray[Any, Any]


class Judge:
    """Turns replies into answers, or says what is wrong with them.

    Parameters
    ----------
    traits : Traits
    settled : Settled
    deferred : bool
        Whether columns are screened later and all at once, by `screen`: reading a number
        back from a GPU stops it.
    """

    def __init__(self, traits: Traits, settled: Settled, *, deferred: bool) -> None:
        self._traits = traits
        self._settled = settled
        self._deferred = deferred
        self._dtype: Any = None
        self._decide: Decide = "given" if settled.task == "regression" else "largest"
        if traits.threshold is not None:
            self._decide = _threshold(traits, settled)
        classes = settled.classes or ()
        self._codes = {label: code for code, label in enumerate(classes)}
        self._plain = classes == tuple(range(len(classes))) and bool not in map(type, classes)
        self._bound = self._slack = ROUNDED
        self._one_of_two = settled.width == 1 and settled.classes is not None

    def __call__(self, answered: Answered) -> Answers:
        """Answers to one batch.

        Raises
        ------
        AnswerError
            If the reply is not one; rows are named by their number in the whole ask.
        """
        answers = self._judged(answered)
        hidden = answered.reply.activations
        if hidden is None:
            return answers
        return answers.seen(
            {layer: self._units(layer, units, answered) for layer, units in hidden.items()}
        )

    def _judged(self, answered: Answered) -> Answers:
        """Answers to one batch, without activations."""
        if self._settled.width is None:
            return self._from_labels(answered)
        values = answered.reply.values
        host = None if self._deferred or values is None else host_view(values)
        if host is None or host.shape != self._shape(answered.n) or host.dtype != self._dtype:
            values = self._columns(answered)
            host = values
        if not self._deferred:
            self.screen(host, answered.start)
        if self._one_of_two:
            values = self._both(values)
        labels = answered.reply.labels
        if labels is None or self._decide != "largest":
            return Answers(values, decide=self._decide)
        return Answers(values, self._encode(label_column(self._traits.name, answered), answered))

    def _units(self, layer: str, units: Array, answered: Answered) -> FloatArray:
        """The activations of a layer: finite, and one row for each row asked."""
        name, start = self._traits.name, answered.start
        found = np.asarray(to_numpy(units), dtype=np.float64)
        if found.ndim != 2 or len(found) != answered.n:
            raise AnswerError(
                f"{name} showed activations of shape {found.shape} of its layer {layer!r} for "
                f"{answered.n:,} rows; they must be of shape ({answered.n}, units)."
            )
        finite = np.isfinite(found).all(axis=1)
        if not finite.all():
            row = start + int(np.argmin(finite))
            raise AnswerError(
                f"{name} showed activations of its layer {layer!r} for row {row:,} that are not "
                "finite.",
                row=row,
            )
        return found

    def _shape(self, n: int) -> tuple[int, int | None]:
        return (n, self._settled.width)

    def _columns(self, answered: Answered) -> Array:
        """Floats of shape (n, width), of answers that are not as the ones before."""
        values = as_columns(self._traits.name, answered)
        if values.shape[1] != self._settled.width:
            raise self._wrong_width(int(values.shape[1]), answered)
        self._take_dtype(values)
        return _widened(values) if str(values.dtype) in HALF else values

    def _take_dtype(self, values: Array) -> None:
        """Set what the answers' dtype decides."""
        host = host_view(values)
        self._dtype = None if host is None else host.dtype
        self._slack = rounding(values.dtype, int(values.shape[1]))
        self._bound = max(ROUNDED, self._slack)

    def _wrong_width(self, width: int, answered: Answered) -> AnswerError:
        return AnswerError(
            f"{self._traits.name} answered {width} columns to rows {answered.start:,} to "
            f"{answered.start + answered.n - 1:,}, and {self._settled.width} before."
        )

    def screen(self, values: Array, start: int = 0) -> None:
        """Raise unless columns (n, k) are finite and, where they should, sum to one."""
        if self._settled.output != "probabilities":
            if not is_finite(values):
                self._check_finite(on_host(values), start)
        elif not sums_to_one(values, self._bound):
            host = on_host(values)
            self._check_finite(host, start)
            self._check_range(host, start)
            self._check_sums(host, start)

    def _check_finite(self, values: Host, start: int) -> None:
        finite = np.isfinite(values)
        if finite.all():
            return
        i, j = np.argwhere(~finite)[0]
        raise AnswerError(
            f"{self._traits.name} answered {values[i, j]} to row {start + i:,}"
            f"{self._column(j)}; {int((~finite).any(axis=1).sum()):,} of {len(values):,} "
            "answers are not finite. Answers must be finite numbers.",
            row=int(start + i),
        )

    def _check_range(self, values: Host, start: int) -> None:
        outside = (values < -self._slack) | (values > 1.0 + self._slack)
        if not outside.any():
            return
        i, j = np.argwhere(outside)[0]
        raise AnswerError(
            f"{self._traits.name} answered the probability {values[i, j]:.6g} to row "
            f"{start + i:,}{self._column(j)}; probabilities lie between 0 and 1. Say "
            "output='scores' if these are scores.",
            row=int(start + i),
        )

    def _check_sums(self, values: Host, start: int) -> None:
        total = values.sum(axis=1, dtype=np.float64)
        wrong = np.abs(total - 1.0) > self._bound
        if values.shape[1] == 1 or not wrong.any():
            return
        i = int(wrong.argmax())
        raise AnswerError(
            f"{self._traits.name} answered probabilities that sum to {total[i]:.6g} to row "
            f"{start + i:,}; they must sum to 1 (within {self._bound:.2g}). Normalise them, or "
            "say output='scores'.",
            row=start + i,
        )

    def _column(self, j: int) -> str:
        """In which column, in words."""
        classes, width = self._settled.classes, self._settled.width
        if width == 1:
            return ""
        return f" for class {classes[j]!r}" if classes else f" in column {j}"

    def _both(self, values: Array) -> Array:
        """One column of two classes as both: (n, 1) -> (n, 2)."""
        first = 1.0 - values if self._settled.output == "probabilities" else -values
        return namespace(values).concat([first, values], axis=1)

    def _from_labels(self, answered: Answered) -> Answers:
        """Labels as one-hot columns: (n,) -> (n, k)."""
        codes = self._encode(label_column(self._traits.name, answered), answered)
        values = np.eye(self._settled.n_outputs)[codes]
        return Answers(on_library(values, self._traits.library, self._traits.device), codes)

    def _encode(self, labels: Host, answered: Answered) -> Host:
        """Labels (n,) as codes into the classes."""
        if self._plain and labels.dtype.kind in "iu":
            codes = labels.astype(np.intp, copy=False)
            if codes.min() >= 0 and codes.max() < len(self._codes):
                return codes
        get = self._codes.get
        codes = np.array([get(label, -1) for label in labels.tolist()], dtype=np.intp)
        if codes.min() >= 0:
            return codes
        i = int(np.argmin(codes))
        raise self._unknown(labels[i : i + 1].tolist()[0], answered.start + i)

    def _unknown(self, label: Label, row: int) -> AnswerError:
        known = ", ".join(repr(label) for label in list(self._codes)[:10])
        source = "declared" if self._traits.classes is not None else "answered before"
        return AnswerError(
            f"{self._traits.name} answered the label {label!r} to row {row:,}, which is none of "
            f"the classes {source} ({known}); name every class with classes=.",
            row=row,
        )


def _widened(values: Array) -> Array:
    """Half floats as float32, which the host can compute with."""
    return values.float() if is_torch(values) else values.astype(np.float32)


def _threshold(traits: Traits, settled: Settled) -> float:
    """The threshold, or an error where there is nothing to cut."""
    if settled.n_outputs == 2 and settled.output in ("probabilities", "scores"):
        return float(traits.threshold or 0.0)
    raise OptionError(
        f"`threshold` cuts the probability of the second of two classes; {traits.name} answers "
        f"{settled.output} of {settled.n_outputs} "
        f"{'classes' if settled.classes else 'columns'}."
    )
