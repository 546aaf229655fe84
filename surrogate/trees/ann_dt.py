"""ANN-DT: a tree of answers that are asked between real rows, by error or by significance.

Schmitz, Aldrich and Gouws, "ANN-DT: an algorithm for extraction of decision trees from
artificial neural networks", IEEE Transactions on Neural Networks 10 (1999). The abstract
was read and a public program; what both leave open is said at the options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from sklearn.utils.validation import check_is_fitted

from surrogate._validate import Choice, Real, Rule, Whole, check
from surrogate.errors import InputError
from surrogate.forms import Tree
from surrogate.sampling import generator
from surrogate.trees._ann_dt_grow import STEPS, AnnDtGrowth, AnnDtOptions, Criterion
from surrogate.trees._draws import InterpolatedDraws, RowDraws
from surrogate.trees._estimator import SAMPLING, Decides, Distils, Follows
from surrogate.trees._growth import Book
from surrogate.trees._sketch import best_smaller, pruned, tree_of

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["AnnDtClassifier", "AnnDtRegressor"]

Between: TypeAlias = Literal["interpolated", "mixed", "neighbours", "gaussian"] | Any


class _DrawsRows:
    """The rule of a sampler: one of the names, or an object that draws."""

    def holds(self, value: Any) -> bool:
        return value == "interpolated" or SAMPLING["sampler"].holds(value)

    def __str__(self) -> str:
        return f"'interpolated', {SAMPLING['sampler']}"


class _AnnDt(Distils):
    """How the tree is grown, and what the classifier and the regressor share."""

    rules: ClassVar[Mapping[str, Rule]] = {
        **SAMPLING,
        "criterion": Choice(("error", "significance")),
        "max_leaves": Whole(1),
        "max_depth": Whole(0),
        "min_sample": Whole(1),
        "min_reach": Real(0, 0.5),
        "n_pairs": Whole(2),
        "sampler": _DrawsRows(),
        "targets": Choice(("decisions", "values")),
    }
    n_queries = 0  # nodes draw, not the fit as a whole
    real_weight = 0.5
    criterion: Criterion
    max_leaves: int
    max_depth: int
    min_sample: int
    min_reach: float
    n_pairs: int

    def cost(self, n: int) -> Mapping[str, int]:
        """How many rows a fit on n rows asks at most, by purpose.

        Parameters
        ----------
        n : int
            Rows of X.

        Returns
        -------
        plan : mapping from purpose to rows
            A fit asks fewer where nodes have rows enough, or stay leaves.
        """
        return {"fit": n + self._limit(n)}

    def path(self, sizes: Sequence[int]) -> list[Tree]:
        """Smaller trees, cut out of the one that was grown; nothing is asked.

        Parameters
        ----------
        sizes : sequence of int
            Most leaves of each tree; a size beyond the tree's gives the tree.

        Returns
        -------
        trees : list of Tree
        """
        check_is_fitted(self, "form_")
        for size in sizes:
            check("path", {"sizes": Whole(1)}, {"sizes": size})
        return [best_smaller(self.form_, self.rows_, size) for size in sizes]

    def _limit(self, n: int) -> int:
        """Most rows that nodes ask, after the n real ones."""
        tests = self.max_leaves - 1
        # Two children lack together at most what one node may: they share its rows.
        rows = max(self.min_sample - n, 0) + tests * self.min_sample
        if self.criterion == "error":
            return rows
        # Every node that is looked at compares pairs, also one that then stays a leaf.
        return rows + (2 * tests + 1) * self.n_pairs * (STEPS + 1)

    def _learn(self, oracle: Oracle | None) -> Tree:
        """Grow, and drop tests that change nothing."""
        rows = self.rows_
        if oracle is None and self.criterion == "significance":
            raise InputError(
                f"{type(self).__name__} with criterion='significance' asks between rows; make it "
                "with an oracle and leave y out, or use criterion='error'."
            )
        asks = None if self.interrupted_ else oracle
        book = Book(rows, asks, seed=self.random_state, limit=self._limit(len(rows.matrix)))
        draws = self._draws()
        growth = AnnDtGrowth(book, book.root(draws), self._options())
        growth.run()
        self.rows_ = book.weighed(growth.leaves)
        self.rejected_ = draws.rejected
        if book.ended:
            self.interrupted_ = True
            self.notes_ = (*self.notes_, book.ended)
        tree = tree_of(growth.root.sketch, self.rows_)
        return pruned(tree, self.rows_, tree.n_leaves)

    def _options(self) -> AnnDtOptions:
        """What growth is told."""
        targets = self.get_params(deep=False).get("targets", "values")
        return AnnDtOptions(
            self.max_leaves,
            self.max_depth,
            self.min_sample,
            float(self.min_reach),
            self.criterion,
            self.n_pairs,
            targets == "decisions",
            self.random_state,
        )

    def _draws(self) -> RowDraws:
        """What draws rows on paths; each real row as often as it weighs."""
        rows, weight = self.rows_.matrix, self.rows_.weight
        if not (weight == weight[0]).all():
            rng = generator(self.random_state, "weighted sources")
            rows = rows[rng.choice(len(rows), len(rows), p=weight / weight.sum())]
        if isinstance(self.sampler, str) and self.sampler == "interpolated":
            return InterpolatedDraws(self.domain_, rows, jitter=self.jitter)
        return RowDraws(self.domain_, rows, sampler=self.sampler, jitter=self.jitter, refit=False)


class AnnDtClassifier(Decides, _AnnDt):
    """ANN-DT's tree of what a black box decides.

    A node that has fewer than `min_sample` rows asks more of them between near real rows,
    inside its box, and no farther from a real row than rows are from their own neighbours.
    Its test has the least error (ANN-DT(e)); or it is the best cut of the column that goes
    most with how much the answers vary on straight lines between its rows (ANN-DT(s)), so
    that a column counts which matters along a line though it parts nothing by itself [1]_.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle, optional
        What is asked. None: `fit` needs y, and the tree grows on the rows given alone.
    criterion : {"error", "significance"}
        ANN-DT(e) or ANN-DT(s).
    max_leaves : int
        Most leaves; the most impure node that reaches most rows is expanded first.
    max_depth : int
        Most tests on a path.
    min_sample : int
        Rows that a node has when its test is chosen; a public program has 50.
    min_reach : float
        Least share of the population in a leaf.
    n_pairs : int
        Pairs of rows whose lines are asked at a node, 11 rows a line, for "significance".
    sampler : {"interpolated", "mixed", "neighbours", "gaussian"} or sampler
        Where rows come from.
    jitter : float
        Noise of the samplers, in standard deviations (of near rows, where interpolated).
    targets : {"decisions", "values"}
        What tests part: decisions by entropy, or the box's probabilities by variance.
    random_state : int
        Seed of all draws.

    Attributes
    ----------
    form_ : surrogate.forms.Tree
        What is shown, and what predicts.
    rows_ : Labelled
        All rows asked but those on lines; those of a leaf together weigh what it reaches.
    rules_, classes_, domain_, notes_, interrupted_, rejected_
        As in `CartClassifier`.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has names.

    References
    ----------
    .. [1] G. Schmitz, C. Aldrich and F. Gouws, "ANN-DT: an algorithm for extraction of
       decision trees from artificial neural networks", IEEE Transactions on Neural
       Networks 10 (1999).

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters import CallableBox
    >>> from surrogate.domain import Domain
    >>> from surrogate.oracle import Oracle
    >>> from surrogate.trees import AnnDtClassifier
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(300, 3))
    >>> xor = CallableBox(lambda rows: np.where(rows[:, 0] * rows[:, 1] > 0, "same", "other"))
    >>> ann_dt = AnnDtClassifier(
    ...     Oracle(xor, Domain.infer(X)), criterion="significance", max_leaves=4
    ... ).fit(X)
    >>> sorted(ann_dt.form_.columns)
    [0, 1]
    """

    def __init__(
        self,
        oracle: Any = None,
        *,
        criterion: Criterion = "error",
        max_leaves: int = 16,
        max_depth: int = 6,
        min_sample: int = 500,
        min_reach: float = 0.02,
        n_pairs: int = 50,
        sampler: Between = "interpolated",
        jitter: float = 0.3,
        targets: Literal["decisions", "values"] = "decisions",
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.criterion = criterion
        self.max_leaves = max_leaves
        self.max_depth = max_depth
        self.min_sample = min_sample
        self.min_reach = min_reach
        self.n_pairs = n_pairs
        self.sampler = sampler
        self.jitter = jitter
        self.targets = targets
        self.random_state = random_state


class AnnDtRegressor(Follows, _AnnDt):
    """ANN-DT's tree of a black box that answers numbers, several at once if it does.

    As `AnnDtClassifier`, with tests of least squared error.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle, optional
        What is asked. None: `fit` needs y.
    criterion : {"error", "significance"}
        ANN-DT(e) or ANN-DT(s).
    max_leaves : int
        Most leaves.
    max_depth : int
        Most tests on a path.
    min_sample : int
        Rows that a node has when its test is chosen.
    min_reach : float
        Least share of the population in a leaf.
    n_pairs : int
        Pairs of rows whose lines are asked at a node.
    sampler : {"interpolated", "mixed", "neighbours", "gaussian"} or sampler
        Where rows come from.
    jitter : float
        Noise of the samplers.
    random_state : int
        Seed of all draws.

    Attributes
    ----------
    form_, rules_, domain_, rows_, notes_, rejected_, n_features_in_, feature_names_in_
        As in `AnnDtClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.trees import AnnDtRegressor
    >>> X = np.arange(10.0)[:, None]
    >>> ann_dt = AnnDtRegressor().fit(X, np.where(X[:, 0] > 6, 5.0, 1.0))
    >>> print(ann_dt.form_)
    ├─ x0 <= 6  ->  1 (reach 70 %)
    └─ x0 > 6  ->  5 (reach 30 %)
    """

    def __init__(
        self,
        oracle: Any = None,
        *,
        criterion: Criterion = "error",
        max_leaves: int = 16,
        max_depth: int = 6,
        min_sample: int = 500,
        min_reach: float = 0.02,
        n_pairs: int = 50,
        sampler: Between = "interpolated",
        jitter: float = 0.3,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.criterion = criterion
        self.max_leaves = max_leaves
        self.max_depth = max_depth
        self.min_sample = min_sample
        self.min_reach = min_reach
        self.n_pairs = n_pairs
        self.sampler = sampler
        self.jitter = jitter
        self.random_state = random_state
