"""CART, distilled: a tree of few leaves grown on rows that a black box answered.

Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees" (1984), grown
best-first by scikit-learn. Other than there, the growth goes on beyond the size wanted
and the best subtree of that size is cut out of it, by agreement with the black box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

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

from surrogate._validate import Choice, NoneOr, Real, Rule, Whole, check
from surrogate.domain import Domain
from surrogate.errors import InputError
from surrogate.forms import RuleSet, Tree, simplify
from surrogate.trees._ask import SAMPLERS, Asked, ask_around, draw_rows
from surrogate.trees._grow import Grown, Labelled, grow
from surrogate.trees._rows import encode_rows, fit_rows
from surrogate.types import FloatArray, Task

__all__ = ["CartClassifier", "CartRegressor"]

Sampler = Literal["mixed", "neighbours", "gaussian"] | Any


class _DrawsRows:
    """The rule of a sampler: one of the names, or an object that draws."""

    def holds(self, value: Any) -> bool:
        return Choice(SAMPLERS).holds(value) or callable(getattr(value, "draw", None))

    def __str__(self) -> str:
        return f"{Choice(SAMPLERS)}, or an object with draw(n, seed=)"


RULES: Mapping[str, Rule] = {
    "max_leaves": Whole(1),
    "max_depth": NoneOr(Whole(1)),
    "min_reach": Real(0, 0.5),
    "n_queries": Whole(0),
    "sampler": _DrawsRows(),
    "jitter": Real(0),
    "real_weight": Real(0, 1, "neither"),
    "targets": Choice(("decisions", "values")),
    "random_state": Whole(0),
}


class _Cart(BaseEstimator):  # type: ignore[misc]
    """What the classifier and the regressor share."""

    _task: Task
    oracle: Any
    max_leaves: int
    max_depth: int | None
    min_reach: float
    n_queries: int
    sampler: Sampler
    jitter: float
    real_weight: float
    random_state: int

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Grow the tree.

        Parameters
        ----------
        X : array, DataFrame or mapping of columns, n rows
            The population, in the user's own units.
        y : array of shape (n,), optional
            What to fit. None: the oracle is asked for the rows of X and `n_queries`
            perturbed rows around them. With `y` nothing is asked.
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
        check(owner, RULES, self.get_params(deep=False))
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
        asked = (
            self._given(matrix, y, weight) if y is not None else self._ask(domain, matrix, weight)
        )
        self.domain_ = domain
        self.rejected_ = asked.rejected
        self.interrupted_ = bool(asked.ended)
        self._settle(asked)
        self.rows_ = Labelled(
            features=domain.features,
            classes=asked.classes,
            matrix=asked.matrix,
            values=asked.values,
            decision=asked.decision,
            weight=asked.weight,
        )
        self._grown = self._grow(self.max_leaves)
        self.form_ = self._grown.tree(self.max_leaves)
        self.notes_ = (asked.ended, *self._notes()) if asked.ended else self._notes()
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
        return {"fit": n + self.n_queries}

    def path(self, sizes: Sequence[int]) -> list[Tree]:
        """Trees of other sizes from the answers of the fit; nothing is asked.

        Parameters
        ----------
        sizes : sequence of int
            Most leaves of each tree.

        Returns
        -------
        trees : list of Tree
            The tree of a size is the one that a fit with this `max_leaves` gives.
        """
        check_is_fitted(self, "form_")
        for size in sizes:
            check("path", {"sizes": Whole(1)}, {"sizes": size})
        if len(sizes) and max(sizes) > self._grown.max_leaves:
            self._grown = self._grow(max(sizes))
        return [self._grown.tree(size) for size in sizes]

    @property
    def rules_(self) -> RuleSet:
        """The tree as an ordered list of rules that decides the same, with their support."""
        check_is_fitted(self, "form_")
        rules = simplify(self.form_.rules(), ordered=True)
        return rules.measured(self.rows_.matrix, self.rows_.decision)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.target_tags.required = self.oracle is None
        return tags

    def _ask(self, domain: Domain, matrix: FloatArray, weight: FloatArray) -> Asked:
        """Answers of the oracle to real and perturbed rows."""
        self.oracle.admit(self.cost(len(matrix)))
        sample = None
        if self.n_queries:
            sample = draw_rows(
                self.sampler,
                domain,
                matrix,
                n=self.n_queries,
                jitter=self.jitter,
                seed=self.random_state,
            )
        return ask_around(
            self.oracle,
            matrix,
            weight,
            task=self._task,
            owner=type(self).__name__,
            sample=sample,
            real_weight=self.real_weight,
        )

    def _grow(self, max_leaves: int) -> Grown:
        """Grow far enough for trees of up to `max_leaves`."""
        return grow(
            self.rows_,
            max_leaves=max_leaves,
            max_depth=self.max_depth,
            min_reach=self.min_reach,
            soft=self._task == "regression" or self.get_params(deep=False)["targets"] == "values",
            seed=self.random_state,
        )

    def _given(self, matrix: FloatArray, y: Any, weight: FloatArray) -> Asked:
        """The rows that weigh something, with y as their answers."""
        raise NotImplementedError

    def _settle(self, asked: Asked) -> None:
        """Set what is learnt besides the form."""

    def _notes(self) -> tuple[str, ...]:
        """What a reader must know of the fit."""
        return ()


class CartClassifier(ClassifierMixin, _Cart):  # type: ignore[misc]
    """A decision tree that decides as a black box does.

    The box is asked for the rows given and for perturbed rows around them: half of these
    lie between near rows, so that they keep the dependence between features, half are the
    rows moved by independent noise. Growth is greedy, by Gini impurity, to four times the
    leaves wanted; of all subtrees of at most `max_leaves` leaves the one is kept that
    agrees with the box most often on the rows asked [1]_. So no two sibling leaves decide
    alike.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle, optional
        What is asked. None: `fit` needs y.
    max_leaves : int
        Most leaves of the tree.
    max_depth : int or None
        Most tests on a path.
    min_reach : float
        Least share of the fitted weight in a leaf.
    n_queries : int
        Perturbed rows asked, besides the rows given to `fit`.
    sampler : {"mixed", "neighbours", "gaussian"} or sampler
        Where perturbed rows come from; an object is asked for `draw(n, seed=)`.
    jitter : float
        Noise of the named samplers, in standard deviations.
    real_weight : float
        Share of the weight that the rows given to `fit` have together; the perturbed rows
        have the rest.
    targets : {"decisions", "values"}
        What splits part: the box's decisions, or its probabilities (soft targets).
    random_state : int
        Seed of all draws.

    Attributes
    ----------
    form_ : surrogate.forms.Tree
        What is shown, and what predicts.
    rules_ : surrogate.forms.RuleSet
        The tree as an ordered list of rules that decides the same.
    classes_ : array of shape (k,)
    domain_ : surrogate.domain.Domain
    rows_ : Labelled
        All rows fitted, with their answers and weights.
    notes_ : tuple of str
        What a reader must know of the fit.
    interrupted_ : bool
        Whether asking ended before its plan did; the tree is fitted on what was answered.
    rejected_ : float
        Share of drawn rows that the domain's constraint refused.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has names.

    References
    ----------
    .. [1] H. Almuallim, "An efficient algorithm for optimal pruning of decision trees",
       Artificial Intelligence 83 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters import CallableBox
    >>> from surrogate.domain import Domain
    >>> from surrogate.oracle import Oracle
    >>> from surrogate.trees import CartClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> box = CallableBox(lambda rows: np.where(rows.max(axis=1) > 1, "high", "low"))
    >>> oracle = Oracle(box, Domain.infer(X))
    >>> cart = CartClassifier(oracle, max_leaves=3, n_queries=2000).fit(X)
    >>> [str(label) for label in cart.predict([[0.5, 2.0], [0.5, 0.5]])]
    ['high', 'low']
    >>> cart.form_.n_leaves
    3
    """

    _task: Task = "classification"

    def __init__(
        self,
        oracle: Any = None,
        *,
        max_leaves: int = 16,
        max_depth: int | None = None,
        min_reach: float = 0.0,
        n_queries: int = 5000,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        targets: Literal["decisions", "values"] = "decisions",
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.max_leaves = max_leaves
        self.max_depth = max_depth
        self.min_reach = min_reach
        self.n_queries = n_queries
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.targets = targets
        self.random_state = random_state

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The class that the tree decides for each row of X: (n,)."""
        check_is_fitted(self, "form_")
        return np.asarray(self.classes_[self.form_.predict(encode_rows(self, X))])

    def predict_proba(self, X: Any) -> FloatArray:
        """Mean probabilities of the leaf that each row of X reaches: (n, k).

        Of a box that gives labels only, the shares of its labels.
        """
        check_is_fitted(self, "form_")
        return self.form_.predict_values(encode_rows(self, X))

    def _given(self, matrix: FloatArray, y: Any, weight: FloatArray) -> Asked:
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
        self.classes_ = np.asarray(asked.classes)

    def _notes(self) -> tuple[str, ...]:
        answers = self.rows_.decision
        if answers is None or (answers != answers[0]).any():
            return ()
        label = self.form_.classes[answers[0]] if self.form_.classes else answers[0]
        return (
            f"All {len(answers):,} fitted rows have one answer, {label}: the tree is one leaf.",
        )


class CartRegressor(RegressorMixin, _Cart):  # type: ignore[misc]
    """A regression tree that follows a black box; several outputs at once if it has them.

    Rows are asked as in `CartClassifier`. Growth is greedy, by squared error, to four
    times the leaves wanted; of all subtrees of at most `max_leaves` leaves the one with
    the least squared error on the rows asked is kept.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle, optional
        What is asked. None: `fit` needs y.
    max_leaves : int
        Most leaves of the tree.
    max_depth : int or None
        Most tests on a path.
    min_reach : float
        Least share of the fitted weight in a leaf.
    n_queries : int
        Perturbed rows asked, besides the rows given to `fit`.
    sampler : {"mixed", "neighbours", "gaussian"} or sampler
        Where perturbed rows come from; an object is asked for `draw(n, seed=)`.
    jitter : float
        Noise of the named samplers, in standard deviations.
    real_weight : float
        Share of the weight that the rows given to `fit` have together.
    random_state : int
        Seed of all draws.

    Attributes
    ----------
    form_, rules_, domain_, rows_, notes_, rejected_, n_features_in_, feature_names_in_
        As in `CartClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.trees import CartRegressor
    >>> X = np.arange(10.0)[:, None]
    >>> cart = CartRegressor(max_leaves=2).fit(X, np.where(X[:, 0] > 6, 5.0, 1.0))
    >>> print(cart.form_)
    ├─ x0 <= 6  ->  1 (reach 70 %)
    └─ x0 > 6  ->  5 (reach 30 %)
    """

    _task: Task = "regression"

    def __init__(
        self,
        oracle: Any = None,
        *,
        max_leaves: int = 16,
        max_depth: int | None = None,
        min_reach: float = 0.0,
        n_queries: int = 5000,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.max_leaves = max_leaves
        self.max_depth = max_depth
        self.min_reach = min_reach
        self.n_queries = n_queries
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.random_state = random_state

    def predict(self, X: Any) -> FloatArray:
        """The tree's value for each row of X: (n,), or (n, k) for several outputs."""
        check_is_fitted(self, "form_")
        return np.asarray(self.form_.predict(encode_rows(self, X)), dtype=np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _given(self, matrix: FloatArray, y: Any, weight: FloatArray) -> Asked:
        numbers = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        check_consistent_length(matrix, numbers)
        some = weight > 0
        values = numbers.reshape(len(numbers), -1)
        return Asked(matrix[some], values[some], None, weight[some], None, 0.0)
