"""Methods that ask either all rows of a plan, or those of a pool that tell most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

import numpy as np

from surrogate._array import to_numpy
from surrogate._validate import Choice, Real, Rule, Whole
from surrogate.errors import OptionError
from surrogate.forms import Tree
from surrogate.oracle import Oracle
from surrogate.sampling import Sample, generator
from surrogate.trees._active import (
    Amplified,
    Asking,
    Pool,
    ask_in_rounds,
    first_rows,
    make_pool,
    with_values,
)
from surrogate.trees._ask import Asked, answered, draw_rows
from surrogate.trees._estimator import SAMPLING, Distils
from surrogate.trees._held_out import HeldOut, hold_out
from surrogate.trees._labelled import Labelled
from surrogate.types import FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["QUERYING", "Asks", "Querying", "counted"]

Querying: TypeAlias = Literal["plan", "active"]

QUERYING: Mapping[str, Rule] = {
    **SAMPLING,
    "querying": Choice(("plan", "active")),
    "n_pool": Whole(0),
    "growth": Real(0, 4, "right"),
}
"""Rules of the options that say what is asked, and how it is chosen."""


class Asks(Distils):
    """A global method that can choose what it asks; gives `_outline` besides `_learn`.

    `_learn` makes its form of `learnt_from_`, not of `rows_`.
    """

    rules: ClassVar[Mapping[str, Rule]] = QUERYING
    querying: Querying
    n_pool: int
    growth: float

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        self._whole: Asked | None = None
        return super().fit(X, y, sample_weight)

    fit.__doc__ = Distils.fit.__doc__

    def cost(self, n: int) -> Mapping[str, int]:
        """How many rows a fit on n rows asks, by purpose.

        Parameters
        ----------
        n : int
            Rows of X.

        Returns
        -------
        plan : mapping from purpose to rows
            With active querying fewer are asked where fewer rows of the pool differ.
        """
        if self.querying == "plan":
            return super().cost(n)
        held_real, held_drawn = (round(count * self.validation) for count in (n, self.n_pool))
        held = self._n_held()
        plan = {"fit": min(self.n_queries - held, n - held_real + self.n_pool - held_drawn)}
        return plan | ({"validate": min(held, held_real + held_drawn)} if self.validation else {})

    def opening(self, matrix: FloatArray) -> FloatArray:
        """The rows that a fit asks first; what answers are is best found out from these.

        Parameters
        ----------
        matrix : array of shape (n, d)
            Internal rows, as the oracle snaps them.

        Returns
        -------
        array of shape (m, d)
        """
        if self.querying == "plan":
            return super().opening(matrix)
        weight = np.ones(len(matrix))
        held = hold_out(matrix, weight, None, share=self.validation, seed=self.random_state)
        pool = make_pool(held.matrix, held.weight, sample=None, real_weight=self.real_weight)
        return pool.matrix[self._first(held.matrix, held.weight)]

    def _outline(self, rows: Labelled) -> Tree:
        """The form of some rows, as it stands before it is refined."""
        raise NotImplementedError

    @property
    def learnt_from_(self) -> Labelled:
        """Rows that the form is made of: `rows_`, or the pool with a student's answers."""
        return self.rows_ if self._whole is None else self._labelled(self._whole)

    def _ask(self, domain: Domain, held: HeldOut) -> Asked:
        """Answers of the oracle to rows that are planned, or chosen on the way."""
        if self.querying == "plan":
            return super()._ask(domain, held)
        self._check_count()
        self.oracle.admit(self.cost(len(held.matrix) + len(held.choice_matrix)))
        last = self._ask_pool(domain, held)
        self._whole = last.whole
        if self.validation and not last.asked.ended:
            held.choice = self._ask_choice(domain, held)
        return last.asked

    def _ask_pool(self, domain: Domain, held: HeldOut) -> Amplified:
        """What is known after the last round."""
        self.domain_ = domain
        real = to_numpy(self.oracle.snap(held.matrix))
        drawn = self.n_pool - round(self.n_pool * self.validation)
        pool = self._pool(domain, real, held.weight, n=drawn)
        how = Asking(
            n=self.n_queries - self._n_held(),
            growth=self.growth,
            seed=self.random_state,
            task=self._task,
            owner=type(self).__name__,
        )
        *_, last = ask_in_rounds(
            self.oracle,
            pool,
            self._first(real, held.weight),
            how=how,
            outline=lambda asked: self._outline(self._labelled(asked)),
        )
        return with_values(last, seed=self.random_state)

    def _ask_choice(self, domain: Domain, held: HeldOut) -> Asked:
        """Answers to rows to choose by, drawn by weight among those held out."""
        real = to_numpy(self.oracle.snap(held.choice_matrix))
        drawn = round(self.n_pool * self.validation)
        pool = self._pool(domain, real, held.choice_weight, n=drawn)
        rng = generator(self.random_state, "active", "choice")
        size = min(self._n_held(), len(pool.matrix))
        share = pool.weight / pool.weight.sum()
        some = rng.choice(len(share), size=size, replace=False, p=share)
        share = np.full(size, 1 / size)
        return answered(self.oracle, pool.matrix[some], share, purpose="validate")

    def _pool(self, domain: Domain, real: FloatArray, weight: FloatArray, *, n: int) -> Pool:
        """Some real rows and n perturbed ones, as the box sees them."""
        sample: Sample | None = None
        if n:
            seed = self.random_state
            sample = draw_rows(self.sampler, domain, real, n=n, jitter=self.jitter, seed=seed)
            sample = replace(sample, rows=to_numpy(self.oracle.snap(sample.rows)))
        return make_pool(real, weight, sample=sample, real_weight=self.real_weight)

    def _first(self, real: FloatArray, weight: FloatArray) -> IntArray:
        """Which rows are asked first."""
        return first_rows(
            real,
            weight,
            n=self.n_queries - self._n_held(),
            names_classes=_names_classes(self.oracle),
            seed=self.random_state,
        )

    def _n_held(self) -> int:
        """Rows that are asked to choose by."""
        return round(self.n_queries * self.validation)

    def _check_count(self) -> None:
        """Refuse to choose among rows without asking any."""
        held = self._n_held()
        if self.n_queries - held < 1 or (self.validation and not held):
            raise OptionError(
                f"The `n_queries` parameter of {type(self).__name__} is the number of all rows "
                "asked when `querying` is 'active', real rows included, and must leave some to "
                f"fit on and, with `validation`, some to choose by; got {self.n_queries}."
            )

    def _stand_ins(self) -> tuple[str, ...]:
        """Say how many of the rows fitted the model itself answered."""
        if self._whole is None or len(self.rows_.matrix) == len(self._whole.matrix):
            return ()
        own, rest = len(self.rows_.matrix), len(self._whole.matrix) - len(self.rows_.matrix)
        return (
            f"The model itself answered {own:,} of the {own + rest:,} rows that the tree is "
            f"fitted on; for the other {rest:,} a forest that was fitted on its answers stands "
            "in, and the values shown in leaves and rules are in part the forest's. Counts of "
            "rows, and every fidelity, are of the model's own answers.",
        )


def counted(tree: Tree, matrix: FloatArray) -> Tree:
    """The tree with counts of these rows."""
    count = np.bincount(tree.apply(matrix), minlength=len(tree.feature))
    for node in reversed(np.flatnonzero(~tree.is_leaf).tolist()):  # children come after
        count[node] = count[tree.left[node]] + count[tree.right[node]]
    return replace(tree, count=count)


def _names_classes(oracle: Oracle) -> bool:
    """Whether nothing hangs on seeing every class at the start."""
    traits = oracle.box.traits
    return (
        traits.classes is not None
        or traits.task == "regression"
        or traits.output
        in (
            "probabilities",
            "scores",
            "values",
        )
    )
