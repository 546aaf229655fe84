"""The way of an attack to the model: what it asks, and the nearest rows that fooled it."""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import BudgetSpent
from surrogate.oracle import Answers, Oracle
from surrogate.robust.attacks.projection import Norm, Space
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["PUSHES", "Hunt"]

PURPOSE = "attack"
PUSHES = (1e-6, 1e-4, 1e-2)


class Hunt:
    """Asks perturbed rows, and remembers of each clean row the nearest that fooled the model.

    Every row is asked as it is kept: in its ball and box and in the model's floating type. So
    what is remembered was asked as it stands, also where the budget ended on the way.

    Parameters
    ----------
    oracle : Oracle
    space : Space
    y : int array of shape (n,)
        True classes.
    norm : {"linf", "l2"}
    radius : float, optional
    """

    def __init__(
        self,
        oracle: Oracle,
        space: Space,
        y: IntArray,
        *,
        norm: Norm,
        radius: float | None = None,
    ) -> None:
        self.oracle, self.space, self.y = oracle, space, y
        self.norm, self.radius = norm, radius
        self.best = space.clean.copy()
        self.fooled = np.zeros(len(y), dtype=np.bool_)
        self.distance = np.full(len(y), np.inf)
        self.asked = 0
        self.answered: int | None = None  # of the rows found by gradients
        self.unfit = 0  # rows that could not exist, and were not asked
        self.decided: set[int] = set()

    def ask_first(self, n: int) -> Answers:
        """Ask the first clean rows, to hold a module against the answers."""
        return self._ask(self.space.clean[:n], np.arange(n))

    def take(self, rows: FloatArray) -> None:
        """Ask one row for each clean row, and let these be what was found, fooling or not.

        Where the budget ends on the way, rows that were not answered stand as clean rows.
        """
        self.best = self.space.clean.copy()
        self.fooled = np.zeros(len(self.y), dtype=np.bool_)
        self.answered = 0
        try:
            answers: Answers | None = self.oracle.ask(rows, purpose=PURPOSE)
        except BudgetSpent as error:
            answers = error.answers
            raise
        finally:
            if answers is not None and len(answers):
                self._let_be(rows, _decisions(answers))

    def insist(self) -> None:
        """Send rows that the gradients' module has wrong, and the model not, a little further.

        On the boundary the two may round otherwise. A row that no push gets over it stands as
        its clean row: the nearest row that fools was not found.
        """
        clean = self.space.clean
        for share in PUSHES:
            moved = self.space.distance(self.best, self.norm) > 0
            left = np.flatnonzero(~self.fooled & moved)
            if not len(left):
                return
            further = clean[left] + (self.best[left] - clean[left]) * (1.0 + share)
            self.try_rows(further, left)
        self.best = np.where(self.fooled[:, None], self.best, clean)

    def _let_be(self, rows: FloatArray, decision: IntArray) -> None:
        """Found rows, as far as they were answered."""
        self.answered = n = len(decision)
        self.asked += n
        self.decided.update(np.unique(decision).tolist())
        self.best[:n] = rows[:n]
        self.fooled[:n] = decision != self.y[:n]

    def ask_clean(self) -> IntArray:
        """Ask the clean rows; those that the model has wrong are fooled as they are."""
        answers = self._ask(self.space.clean, np.arange(len(self.y)))
        return _decisions(answers)

    def try_rows(self, rows: FloatArray, at: IntArray) -> tuple[FloatArray, BoolArray]:
        """Ask rows made from the clean rows `at`.

        Returns
        -------
        rows : float array of shape (m, d)
            As they were asked.
        fooled : bool array of shape (m,)
        """
        rows = self.space.keep(rows, at, norm=self.norm, radius=self.radius)
        fit = self.space.feasible(rows)
        self.unfit += int((~fit).sum())
        fooled = np.zeros(len(rows), dtype=np.bool_)
        if fit.any():
            answers = self._ask(rows[fit], at[fit])
            fooled[fit] = _decisions(answers) != self.y[at[fit]]
        return rows, fooled

    def margins(self, rows: FloatArray, at: IntArray) -> tuple[FloatArray, FloatArray]:
        """Ask rows; by how much the true class leads, below 0 where the model is fooled.

        Returns
        -------
        rows : float array of shape (m, d)
            As they were asked.
        margins : float array of shape (m,)
            Infinite of rows that cannot exist.
        """
        rows = self.space.keep(rows, at, norm=self.norm, radius=self.radius)
        fit = self.space.feasible(rows)
        self.unfit += int((~fit).sum())
        margins = np.full(len(rows), np.inf)
        if fit.any():
            answers = self._ask(rows[fit], at[fit])
            margins[fit] = _margins(answers, self.y[at[fit]])
        return rows, margins

    def _ask(self, rows: FloatArray, at: IntArray) -> Answers:
        try:
            answers = self.oracle.ask(rows, purpose=PURPOSE)
        except BudgetSpent as error:
            if error.answers is not None and len(error.answers):
                self._remember(rows, at, error.answers)
            raise
        self._remember(rows, at, answers)
        return answers

    def _remember(self, rows: FloatArray, at: IntArray, answers: Answers) -> None:
        """Keep the nearest row that fooled the model, of those that were answered."""
        decision = _decisions(answers)
        rows, at = rows[: len(decision)], at[: len(decision)]
        self.asked += len(decision)
        self.decided.update(np.unique(decision).tolist())
        distance = self.space.distance(rows, self.norm, at)
        better = np.flatnonzero((decision != self.y[at]) & (distance < self.distance[at]))
        better = better[np.argsort(-distance[better], kind="stable")]  # the nearest one last
        for i in better:
            self.best[at[i]] = rows[i]
            self.distance[at[i]] = distance[i]
        self.fooled[at[better]] = True


def _decisions(answers: Answers) -> IntArray:
    return np.asarray(to_numpy(answers.decision), dtype=np.intp)


def _margins(answers: Answers, y: IntArray) -> FloatArray:
    """How far the true class's column lies above the largest other: (n,).

    Where the model's own decision says otherwise than its columns, the decision counts.
    """
    values: Any = answers.numbers().copy()
    own = values[np.arange(len(y)), y]
    values[np.arange(len(y)), y] = -np.inf
    margins = own - values.max(axis=1)
    fooled = _decisions(answers) != y
    tiny = np.finfo(np.float64).tiny
    return np.asarray(np.where(fooled, np.minimum(margins, -tiny), np.maximum(margins, 0.0)))
