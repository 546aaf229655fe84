"""What a model's answers are, where neither it nor the user said so.

=================================  ==========================================
what came                          what it is
=================================  ==========================================
strings, truth values              labels
(n, k >= 2) rows that sum to one   probabilities
one column of floats, some         values of a regression
outside [0, 1]
whole numbers; one column in       ambiguous: an error asks for ``task=`` or
[0, 1]; unnormalised columns       ``output=``
=================================  ==========================================

For a classifier one column in [0, 1] is the probability of the second class, any other
column of floats its score, and columns that do not sum to one are scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.errors import AnswerError
from surrogate.oracle.screens import on_host
from surrogate.oracle.shapes import Answered, as_columns, is_whole, label_column, tolerance
from surrogate.types import Label, Output, Task, Traits

__all__ = ["Settled", "lacks_classes", "settle"]

Host = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Settled:
    """What answers are.

    Parameters
    ----------
    task : {"classification", "regression"}
    output : {"labels", "probabilities", "scores", "values"}
    classes : tuple or None
        None for regression.
    width : int or None
        Columns that the model answers; None where it answers labels alone.
    """

    task: Task
    output: Output
    classes: tuple[Label, ...] | None
    width: int | None

    @property
    def n_outputs(self) -> int:
        """Columns of `Answers.values`."""
        return len(self.classes) if self.classes is not None else (self.width or 1)


def settle(traits: Traits, answered: Sequence[Answered]) -> Settled:
    """Find out what answers are, from what is known of the model and its first answers.

    Parameters
    ----------
    traits : Traits
    answered : sequence of Answered
        At least one.

    Returns
    -------
    Settled

    Raises
    ------
    AnswerError
        If the answers contradict what was said, or could be several things.
    """
    if answered[0].reply.values is None or _says_labels(traits, answered[0]):
        return _settle_labels(traits, answered)
    columns = [as_columns(traits.name, part) for part in answered]
    width = int(columns[0].shape[1])
    output = traits.output
    if output is None:
        bound = tolerance(columns[0].dtype, width)
        values = np.concatenate([on_host(part) for part in columns])
        whole = is_whole(answered[0].reply.values)
        output = _guess(traits, values, whole=whole, bound=bound)
    if output == "values":
        return Settled("regression", "values", None, width)
    classes = _classes_of_columns(traits, answered, width)
    return Settled("classification", output, classes, width)


def lacks_classes(traits: Traits, first: Answered) -> bool:
    """Whether a box answers labels alone, of classes that nobody named."""
    alone = first.reply.values is None or _says_labels(traits, first)
    return traits.classes is None and alone


def _says_labels(traits: Traits, first: Answered) -> bool:
    """Whether the values of an answer are labels."""
    values = first.reply.values
    if traits.output is not None:
        return traits.output == "labels"
    if isinstance(values, np.ndarray) and values.dtype.kind in "bUSO":
        return values.dtype.kind != "b" or traits.task != "regression"
    one_column = tuple(getattr(values, "shape", ()))[1:] in ((), (1,))
    classified = traits.task == "classification" or traits.classes is not None
    return classified and one_column and is_whole(values)


def _settle_labels(traits: Traits, answered: Sequence[Answered]) -> Settled:
    """A box that answers labels alone."""
    if traits.task == "regression":
        labels = label_column(traits.name, answered[0])
        raise AnswerError(
            f"{traits.name} answered labels such as {labels[:1].tolist()[0]!r}, and "
            "task='regression' was said; say task='classification', or give a model that answers "
            "numbers."
        )
    if traits.output in ("probabilities", "scores"):
        raise AnswerError(
            f"{traits.name} answered labels alone, and output={traits.output!r} was said; say "
            "output='labels', or give the function that answers numbers."
        )
    classes = traits.classes or _distinct(traits.name, answered)
    return Settled("classification", "labels", classes, None)


def _distinct(name: str, answered: Sequence[Answered]) -> tuple[Label, ...]:
    """The classes that were answered, sorted."""
    found: set[Label] = set()
    for part in answered:
        labels = label_column(name, part)
        if labels.dtype.kind == "b":
            return (False, True)
        said = labels.tolist()
        absent = next((i for i, label in enumerate(said) if label is None or label != label), None)
        if absent is not None:
            row = part.start + absent
            raise AnswerError(
                f"{name} answered {said[absent]} to row {row:,}, which is no label; every row "
                "must have one.",
                row=row,
            )
        found.update(said)
    if len(found) == 1:
        raise AnswerError(
            f"{name} answered one class only, {found.pop()!r}, for all "
            f"{sum(part.n for part in answered):,} rows; give rows of other classes too, or "
            "say which classes there are with classes=."
        )
    try:
        return tuple(sorted(found))
    except TypeError:
        return tuple(sorted(found, key=lambda label: (type(label).__name__, str(label))))


def _guess(traits: Traits, values: Host, *, whole: bool, bound: float) -> Output:
    """What columns of numbers are: (n, k)."""
    if traits.task == "regression":
        return "values"
    one_column = values.shape[1] == 1
    in_unit = bool((values >= 0).all() and (values <= 1).all())
    if traits.task == "classification" or traits.classes is not None:
        sums_to_one = in_unit and (one_column or _all_sum_to_one(values, bound))
        return "probabilities" if sums_to_one else "scores"
    if not one_column:
        if in_unit and _all_sum_to_one(values, bound):
            return "probabilities"
        raise _ambiguous(traits.name, values, "columns that do not sum to one")
    if whole:
        raise _ambiguous(traits.name, values, "whole numbers")
    if in_unit:
        raise _ambiguous(traits.name, values, "one column of numbers between 0 and 1")
    return "values"


def _all_sum_to_one(values: Host, bound: float) -> bool:
    return bool((np.abs(values.sum(axis=1, dtype=np.float64) - 1.0) <= bound).all())


def _ambiguous(name: str, values: Host, what: str) -> AnswerError:
    shown = ", ".join(f"{value:.4g}" for value in values[0, :3].tolist())
    more = ", ..." if values.shape[1] > 3 else ""
    return AnswerError(
        f"{name} answered {what} (row 0: {shown}{more}), which could be several things; say "
        "task='classification' or task='regression', or output='labels', 'probabilities', "
        "'scores' or 'values'."
    )


def _classes_of_columns(
    traits: Traits, answered: Sequence[Answered], width: int
) -> tuple[Label, ...]:
    """Classes in column order."""
    known = traits.classes or answered[0].reply.classes
    n_classes = max(width, 2)
    if known is not None:
        if len(known) != n_classes:
            names = ", ".join(map(repr, known[:10]))
            raise AnswerError(
                f"{traits.name} answered {width} {'column' if width == 1 else 'columns'} for "
                f"{len(known)} classes ({names}); one for each class is needed."
            )
        return tuple(known)
    if answered[0].reply.labels is not None:
        found = _distinct(traits.name, answered)
        if not set(found) <= set(range(n_classes)):
            return _named_by_labels(traits.name, found, n_classes)
    return tuple(range(n_classes))


def _named_by_labels(name: str, found: tuple[Label, ...], n_classes: int) -> tuple[Label, ...]:
    if len(found) == n_classes:
        return found
    raise AnswerError(
        f"{name} answered {n_classes} columns and the labels {', '.join(map(repr, found[:10]))}; "
        "say which class each column stands for with classes=."
    )
