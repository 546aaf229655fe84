"""What every global method shares: rows, questions, what is learnt besides the form.

A method is a class of three parts, in this order::

    class CartClassifier(Decides, Cart): ...    # its options; Follows for regression
    class Cart(Distils): ...                    # how it learns: `_learn`

`Distils` checks the options, asks the oracle or takes y, and stores what was answered;
`_learn` makes the form of it and may ask more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from surrogate._validate import Choice, Real, Rule, Whole, check
from surrogate.errors import InputError
from surrogate.forms import RuleSet, simplify
from surrogate.trees._ask import SAMPLERS, Asked, ask_around, draw_rows
from surrogate.trees._held_out import HeldOut, hold_out
from surrogate.trees._labelled import Labelled
from surrogate.trees._rows import encode_rows, fit_rows
from surrogate.trees._weights import ClassWeight, ClassWeights, weigh_classes
from surrogate.types import FloatArray, Task

if TYPE_CHECKING:
    from surrogate.domain import Domain
    from surrogate.oracle import Oracle

__all__ = ["SAMPLING", "Decides", "Distils", "Follows", "Sampler"]

Sampler: TypeAlias = Literal["mixed", "neighbours", "gaussian"] | Any


class _DrawsRows:
    """The rule of a sampler: one of the names, or an object that draws."""

    def holds(self, value: Any) -> bool:
        return Choice(SAMPLERS).holds(value) or callable(getattr(value, "draw", None))

    def __str__(self) -> str:
        return f"{Choice(SAMPLERS)}, or an object with draw(n, seed=)"


SAMPLING: Mapping[str, Rule] = {
    "n_queries": Whole(0),
    "sampler": _DrawsRows(),
    "jitter": Real(0),
    "real_weight": Real(0, 1, "neither"),
    "validation": Real(0, 0.9),
    "class_weight": ClassWeights(),
    "random_state": Whole(0),
}
"""Rules of the options that say what is asked; a method adds its own."""


class Distils(BaseEstimator):  # type: ignore[misc]
    """A global method: asks rows and others around them, and learns a form of the answers.

    A method sets `rules` and gives `_learn`. One that asks otherwise gives `cost` and
    `_ask` too.
    """

    rules: ClassVar[Mapping[str, Rule]] = SAMPLING
    _task: ClassVar[Task]
    oracle: Any
    n_queries: int
    sampler: Sampler
    jitter: float
    real_weight: float
    random_state: int
    validation: float = 0.0
    class_weight: ClassWeight = None

    form_: Any
    notes_: tuple[str, ...]

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn the form.

        Parameters
        ----------
        X : array, DataFrame or mapping of columns, n rows
            The population, in the user's own units.
        y : array of shape (n,), optional
            What to fit. None: the oracle is asked for the rows of X and for perturbed rows
            around them. With `y` nothing is asked.
        sample_weight : array of shape (n,), optional
            What each row of X weighs, and what is drawn around it.

        Returns
        -------
        self

        Raises
        ------
        OptionError
            If a parameter is out of its range.
        DataError
            If rows do not fit the domain.
        AbilityError
            If the oracle's model has another task.
        BudgetTooSmall
            If the rows do not fit the oracle's budget; nothing was asked then.
        """
        owner = type(self).__name__
        check(owner, self.rules, self.get_params(deep=False))
        if y is None and self.oracle is None:
            raise InputError(
                f"{owner} requires y to be passed, but the target y is None; pass y, or make it "
                "with an oracle to ask."
            )
        domain, matrix = fit_rows(self, X, None if self.oracle is None else self.oracle.domain)
        weight = _check_sample_weight(
            sample_weight, matrix, dtype=np.float64, ensure_non_negative=True
        )
        if not weight.any():
            raise InputError("All entries of sample_weight are 0; at least one row must count.")
        given = self._given(matrix, y, weight) if y is not None else None
        held = hold_out(matrix, weight, given, share=self.validation, seed=self.random_state)
        asked = held.fit if held.fit is not None else self._ask(domain, held)
        self.domain_ = domain
        self.rejected_ = asked.rejected
        ended = asked.ended or (held.choice.ended if held.choice is not None else "")
        self.interrupted_ = bool(ended)
        self.notes_ = (ended,) if ended else ()
        self._settle(asked)
        self.rows_ = self._labelled(asked)
        self.held_out_ = None if held.choice is None else self._labelled(held.choice)
        self.form_ = self._learn(self.oracle if given is None else None)
        self.notes_ = (*self.notes_, *self._remarks())
        return self

    def cost(self, n: int) -> Mapping[str, int]:
        """How many rows a fit on n rows asks, by purpose.

        Parameters
        ----------
        n : int
            Rows of X.

        Returns
        -------
        plan : mapping from purpose to rows
        """
        real, drawn = (round(count * self.validation) for count in (n, self.n_queries))
        plan = {"fit": n - real + self.n_queries - drawn}
        return plan | ({"validate": real + drawn} if self.validation else {})

    @property
    def learnt_from_(self) -> Labelled:
        """Rows and answers that the form is made of."""
        return self.rows_

    def opening(self, matrix: FloatArray) -> FloatArray:
        """The rows that a fit asks first; what answers are is best found out from these.

        Parameters
        ----------
        matrix : array of shape (n, d)
            Internal rows.

        Returns
        -------
        array of shape (m, d)
        """
        return matrix

    @property
    def rules_(self) -> RuleSet:
        """The form as an ordered list of rules that decides the same, with their support."""
        check_is_fitted(self, "form_")
        rules = simplify(self.form_.rules(), ordered=True)
        return rules.measured(self.rows_.matrix, self.rows_.decision)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.target_tags.required = self.oracle is None
        return tags

    def _learn(self, oracle: Oracle | None) -> Any:
        """Make the form of `rows_`; with an oracle more may be asked, with y it is None."""
        raise NotImplementedError

    def _ask(self, domain: Domain, held: HeldOut) -> Asked:
        """Answers of the oracle to real and perturbed rows; those held out too."""
        self.oracle.admit(self.cost(len(held.matrix) + len(held.choice_matrix)))
        drawn = round(self.n_queries * self.validation)
        asked = self._ask_part(
            domain,
            held.matrix,
            held.weight,
            n=self.n_queries - drawn,
            purpose="fit",
            seed=self.random_state,
        )
        if self.validation and not asked.ended:
            held.choice = self._ask_part(
                domain,
                held.choice_matrix,
                held.choice_weight,
                n=drawn,
                purpose="validate",
                seed=self.random_state,
            )
        return asked

    def _ask_part(
        self,
        domain: Domain,
        matrix: FloatArray,
        weight: FloatArray,
        *,
        n: int,
        purpose: str,
        seed: int,
    ) -> Asked:
        """Answers to some real rows and n perturbed ones around them."""
        sample = None
        if n:
            sample = draw_rows(self.sampler, domain, matrix, n=n, jitter=self.jitter, seed=seed)
        return ask_around(
            self.oracle,
            matrix,
            weight,
            task=self._task,
            owner=type(self).__name__,
            sample=sample,
            real_weight=self.real_weight,
            purpose=purpose,
        )

    def _labelled(self, asked: Asked) -> Labelled:
        """Answers with the domain's features and the weights of classes."""
        return Labelled(
            features=self.domain_.features,
            classes=asked.classes,
            matrix=asked.matrix,
            values=asked.values,
            decision=asked.decision,
            weight=weigh_classes(asked, self.class_weight, owner=type(self).__name__),
        )

    def _given(self, matrix: FloatArray, y: Any, weight: FloatArray) -> Asked:
        """The rows that weigh something, with y as their answers."""
        raise NotImplementedError

    def _settle(self, asked: Asked) -> None:
        """Set what is learnt besides the form."""

    def _remarks(self) -> tuple[str, ...]:
        """What a reader must know of the fit."""
        return ()


class Decides(ClassifierMixin):  # type: ignore[misc]
    """The part of a method that stands for a model which decides for classes."""

    _task: ClassVar[Task] = "classification"
    domain_: Domain
    form_: Any
    rows_: Labelled

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The class that the form decides for each row of X: (n,)."""
        check_is_fitted(self, "form_")
        return np.asarray(self.classes_[self.form_.predict(encode_rows(self, X))])

    def predict_proba(self, X: Any) -> FloatArray:
        """Mean probabilities of the leaf or rule that each row of X reaches: (n, k).

        Of a box that gives labels only, the shares of its labels.
        """
        check_is_fitted(self, "form_")
        return np.asarray(self.form_.predict_values(encode_rows(self, X)), dtype=np.float64)

    def _given(self, matrix: FloatArray, y: Any, weight: FloatArray) -> Asked:
        """The rows that weigh something, with the classes of y."""
        labels = column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        check_consistent_length(matrix, labels)
        some = weight > 0
        classes, codes = np.unique(labels, return_inverse=True)
        return Asked(
            matrix=matrix[some],
            values=np.eye(len(classes))[codes[some]],
            decision=codes[some],
            weight=weight[some],
            classes=tuple(classes),
            rejected=0.0,
        )

    def _settle(self, asked: Asked) -> None:
        """Set the classes."""
        self.classes_ = np.asarray(asked.classes)

    def _remarks(self) -> tuple[str, ...]:
        """Say where all rows have one answer."""
        answers = self.rows_.decision
        if answers is None or (answers != answers[0]).any():
            return ()
        label = self.form_.classes[answers[0]] if self.form_.classes else answers[0]
        return (
            f"All {len(answers):,} fitted rows have one answer, {label}: the tree is one leaf.",
        )


class Follows(RegressorMixin):  # type: ignore[misc]
    """The part of a method that stands for a model which answers numbers."""

    _task: ClassVar[Task] = "regression"
    domain_: Domain
    form_: Any

    def predict(self, X: Any) -> FloatArray:
        """The form's value for each row of X: (n,), or (n, k) for several outputs."""
        check_is_fitted(self, "form_")
        return np.asarray(self.form_.predict(encode_rows(self, X)), dtype=np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _given(self, matrix: FloatArray, y: Any, weight: FloatArray) -> Asked:
        """The rows that weigh something, with the numbers of y."""
        numbers = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        check_consistent_length(matrix, numbers)
        some = weight > 0
        values = numbers.reshape(len(numbers), -1)
        return Asked(matrix[some], values[some], None, weight[some], None, 0.0)
