"""What is to be explained, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from surrogate.errors import BudgetSpent, Interrupted, OptionError
from surrogate.local._designs import Design
from surrogate.local._fit import Fit, Settings
from surrogate.local._fresh import Fresh
from surrogate.types import Array, FloatArray, IntArray, Label

if TYPE_CHECKING:
    from surrogate.oracle import Answers, Oracle

__all__ = ["Ended", "Found", "Job", "joined", "kept_columns"]

Ended: TypeAlias = BudgetSpent | Interrupted


@dataclass(frozen=True, eq=False)
class Job:
    """What is to be explained, and how.

    Parameters
    ----------
    oracle : Oracle
    design : Design
    rows : array of shape (r, d)
    classes : sequence or None
        Names of the classes that are explained; None: all.
    settings : Settings
    level : float
    least : int
        Fewest rows that determine a form.
    device : str
        Where sums of a shared plan are taken: "cpu" is NumPy, others are torch's.
    """

    oracle: Oracle
    design: Design
    rows: FloatArray
    classes: Sequence[Label] | None
    settings: Settings
    level: float
    least: int
    device: str = "cpu"

    def ask(self, parts: Sequence[tuple[str, Array]]) -> tuple[list[FloatArray], Ended | None]:
        """Answers (n, k) to each part, shorter or empty after what ended the asking."""
        answers, ended = self._answered(parts)
        kept = kept_columns(self.oracle, self.classes)
        return [part.numbers()[:, kept] for part in answers], ended

    def _answered(self, parts: Sequence[tuple[str, Array]]) -> tuple[list[Answers], Ended | None]:
        """The same, of all classes."""
        try:
            return self.oracle.ask_parts(parts), None
        except (BudgetSpent, Interrupted) as error:
            if error.answers is None:
                raise
            answers, start = [], 0
            for _, rows in parts:
                answers.append(error.answers[start : start + len(rows)])
                start += len(rows)
            return answers, error


@dataclass(frozen=True, eq=False)
class Found:
    """Forms of r rows and their fidelity.

    Parameters
    ----------
    rows : array of shape (r, d)
        Fewer than the job's where asking ended before its plan.
    answers : array of shape (r, k)
        The model's, to the rows.
    fit : Fit
    fresh : Fresh
    n : int
        Fresh rows that each form was measured on.
    asked : mapping from purpose to int
    rejected : float
        Share of drawn rows that the constraint refused.
    ended : str
        Why there is less than was planned; empty where all is there.
    """

    rows: FloatArray
    answers: FloatArray
    fit: Fit
    fresh: Fresh
    n: int
    asked: Mapping[str, int]
    rejected: float = 0.0
    ended: str = ""


def kept_columns(
    oracle: Oracle, classes: Sequence[Label] | None, *, owner: str = "Lime"
) -> IntArray:
    """Which columns of the model's answers are explained: (k,).

    Raises
    ------
    OptionError
        If the model does not have a class that is named.
    """
    if classes is None:
        return np.arange(oracle.n_outputs)
    known = oracle.classes
    if known is None:
        raise OptionError(
            f"The `classes` parameter of {owner} must be None for a regression model; got "
            f"{list(classes)!r}."
        )
    for name in classes:
        if name not in known:
            raise OptionError(
                f"The `classes` parameter of {owner} names {name!r}, which the model does not "
                f"have; it has: {', '.join(map(repr, known))}."
            )
    return np.array([list(known).index(name) for name in classes], dtype=np.intp)


Arrays = TypeVar("Arrays", Fit, Fresh)


def joined(parts: Sequence[Arrays]) -> Arrays:
    """Arrays of several chunks of rows as one."""
    if len(parts) == 1:
        return parts[0]
    names = [field.name for field in fields(parts[0])]
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return replace(parts[0], **whole)
