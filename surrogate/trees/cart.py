"""CART, distilled: a tree of few leaves grown on rows that a black box answered.

Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees" (1984), grown
best-first. Other than there, the growth goes on beyond the size wanted, the best subtree
of that size is cut out of it, by agreement with the black box, and its tests are then
chosen anew, each given all the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from sklearn.utils.validation import check_is_fitted

from surrogate._validate import Choice, NoneOr, Real, Rule, Whole, check
from surrogate.forms import Tree
from surrogate.trees._choose import choose
from surrogate.trees._estimator import Decides, Follows, Sampler
from surrogate.trees._grow import MANY_ROWS, Grown, grow
from surrogate.trees._labelled import Labelled
from surrogate.trees._querying import QUERYING, Asks, Querying, counted
from surrogate.trees._tao import Improver
from surrogate.trees._weights import ClassWeight

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["CartClassifier", "CartRegressor"]

Refine: TypeAlias = Literal["tao", "none"]


class _Cart(Asks):
    """How a tree is grown, and what the classifier and the regressor share."""

    rules: ClassVar[Mapping[str, Rule]] = {
        "max_leaves": Whole(1),
        "max_depth": NoneOr(Whole(1)),
        "min_reach": Real(0, 0.5),
        "targets": Choice(("decisions", "values")),
        "ccp_alpha": Real(0),
        "refine": Choice(("tao", "none")),
        **QUERYING,
    }
    max_leaves: int
    max_depth: int | None
    min_reach: float
    ccp_alpha: float
    refine: Refine
    _grown: Grown
    _improver: Improver | None

    def path(self, sizes: Sequence[int]) -> list[Tree]:
        """Trees of other sizes from the answers of the fit; nothing is asked.

        Parameters
        ----------
        sizes : sequence of int
            Most leaves of each tree.

        Returns
        -------
        trees : list of Tree
            The tree of a size is the one that a fit with this `max_leaves`, and neither
            `ccp_alpha` nor `validation`, gives.
        """
        check_is_fitted(self, "form_")
        for size in sizes:
            check("path", {"sizes": Whole(1)}, {"sizes": size})
        if len(sizes) and max(sizes) > self._grown.max_leaves:
            self._grown = self._grow(self.learnt_from_, max(sizes))
        return [self._tree(size) for size in sizes]

    def ccp_path(self) -> list[tuple[float, Tree]]:
        """Trees that are best at some price of a leaf (cost-complexity path).

        Returns
        -------
        path : list of (alpha, tree)
            From one leaf on, alphas falling: the tree of a fit with a `ccp_alpha` below this
            one and not below the next. Sizes go up to `max_leaves`.
        """
        check_is_fitted(self, "form_")
        return [(alpha, self._tree(size)) for alpha, size in self._grown.prices(self.max_leaves)]

    def _learn(self, oracle: Oracle | None) -> Tree:
        """The tree of `rows_`; nothing more is asked."""
        self._improver = None
        self.notes_ = (*self.notes_, *self._stand_ins())
        self._grown = self._grow(self.learnt_from_, self.max_leaves)
        sizes = [
            size for alpha, size in self._grown.prices(self.max_leaves) if alpha > self.ccp_alpha
        ]
        if self.held_out_ is None:
            return self._tree(sizes[-1] if self.ccp_alpha else self.max_leaves)
        found = choose([tree for n in sizes for tree in self._candidates(n)], self.held_out_)
        self.notes_ = (*self.notes_, found.note)
        return found.tree

    def _candidates(self, size: int) -> list[Tree]:
        """Trees of a size to choose among: as grown, and refined."""
        grown = self._grown.tree(size)
        return [grown] if self.refine == "none" else [grown, self._tree(size)]

    def _tree(self, size: int) -> Tree:
        """The best tree of at most so many leaves."""
        tree = self._grown.tree(size)
        if self.refine == "tao" and tree.n_leaves > 1:
            if self._improver is None:
                rows, most = self._grown.rows, MANY_ROWS
                self._improver = Improver(
                    rows, min_reach=self.min_reach, most=most, seed=self.random_state
                )
            tree = self._improver.improve(tree)
        return tree if self._whole is None else counted(tree, self.rows_.matrix)

    def _outline(self, rows: Labelled) -> Tree:
        """The tree of some rows as it is grown."""
        return self._grow(rows, self.max_leaves).tree(self.max_leaves)

    def _grow(self, rows: Labelled, max_leaves: int) -> Grown:
        """Grow far enough for trees of up to `max_leaves`."""
        return grow(
            rows,
            max_leaves=max_leaves,
            max_depth=self.max_depth,
            min_reach=self.min_reach,
            soft=self._task == "regression" or self.get_params(deep=False)["targets"] == "values",
            seed=self.random_state,
        )


class CartClassifier(Decides, _Cart):
    """A decision tree that decides as a black box does.

    The box is asked for the rows given and for perturbed rows around them: half of these
    lie between near rows, so that they keep the dependence between features, half are the
    rows moved by independent noise. Growth is greedy, by Gini impurity, to four times the
    leaves wanted; of all subtrees of at most `max_leaves` leaves the one is kept that
    agrees with the box most often on the rows asked [1]_, and its tests are improved in
    turn until none can be [2]_. So no two sibling leaves decide alike, and no test is kept
    without which the rows fare as well. More than 50,000 rows are grown on 255 bins a
    column.

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
    ccp_alpha : float
        Price of a leaf: the share of the whole weight that must agree for each further one
        (cost-complexity pruning). 0: every leaf that brings anything, up to `max_leaves`.
    refine : {"tao", "none"}
        Whether the tests are improved by alternating optimisation after the greedy growth.
    n_queries : int
        Perturbed rows asked, besides the rows given to `fit`. With active querying: all rows
        asked, those given to `fit` and those held out for `validation` included.
    querying : {"plan", "active"}
        Whether all rows are asked, or `n_queries` of a pool: those about which a forest that
        is fitted on the answers so far, or the tree, is unsure. The tree is then fitted on
        the whole pool, with the forest's answers where the box was not asked.
    n_pool : int
        Perturbed rows of the pool, besides the rows given to `fit`; active querying only.
    growth : float
        Rows asked in a round of active querying, for each row asked before it, in (0, 4].
    sampler : {"mixed", "neighbours", "gaussian"} or sampler
        Where perturbed rows come from; an object is asked for `draw(n, seed=)`.
    jitter : float
        Noise of the named samplers, in standard deviations.
    real_weight : float
        Share of the weight that the rows given to `fit` have together; the perturbed rows
        have the rest.
    validation : float
        Share of the rows, and of those drawn around them, that is held out of the fit and
        chooses: among the sizes of the cost-complexity path, refined and not. They are
        asked for the purpose "validate". 0: the fit decides.
    targets : {"decisions", "values"}
        What splits part: the box's decisions, or its probabilities (soft targets).
    class_weight : mapping from class to float, "balanced" or None
        What rows weigh by the class that the box decides for. Shares and probabilities of
        leaves are those of the weighted rows.
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
    held_out_ : Labelled or None
        Rows that chose; they measure no fidelity.
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
    .. [2] M. Á. Carreira-Perpiñán and P. Tavallali, "Alternating optimization of decision
       trees, with application to learning sparse oblique trees", NeurIPS (2018).

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

    def __init__(
        self,
        oracle: Any = None,
        *,
        max_leaves: int = 16,
        max_depth: int | None = None,
        min_reach: float = 0.0,
        ccp_alpha: float = 0.0,
        refine: Refine = "tao",
        n_queries: int = 5000,
        querying: Querying = "plan",
        n_pool: int = 5000,
        growth: float = 0.25,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        validation: float = 0.0,
        targets: Literal["decisions", "values"] = "decisions",
        class_weight: ClassWeight = None,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.max_leaves = max_leaves
        self.max_depth = max_depth
        self.min_reach = min_reach
        self.ccp_alpha = ccp_alpha
        self.refine = refine
        self.n_queries = n_queries
        self.querying = querying
        self.n_pool = n_pool
        self.growth = growth
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.validation = validation
        self.targets = targets
        self.class_weight = class_weight
        self.random_state = random_state


class CartRegressor(Follows, _Cart):
    """A regression tree that follows a black box; several outputs at once if it has them.

    Rows are asked as in `CartClassifier`. Growth is greedy, by squared error, to four
    times the leaves wanted; of all subtrees of at most `max_leaves` leaves the one with
    the least squared error on the rows asked is kept, and its tests are improved in turn.

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
    ccp_alpha : float
        Price of a leaf: the share of the whole weight that must agree for each further one
        (cost-complexity pruning). 0: every leaf that brings anything, up to `max_leaves`.
    refine : {"tao", "none"}
        Whether the tests are improved by alternating optimisation after the greedy growth.
    n_queries : int
        Perturbed rows asked, besides the rows given to `fit`. With active querying: all rows
        asked, those given to `fit` and those held out for `validation` included.
    querying : {"plan", "active"}
        Whether all rows are asked, or `n_queries` of a pool: those about which a forest that
        is fitted on the answers so far, or the tree, is unsure. The tree is then fitted on
        the whole pool, with the forest's answers where the box was not asked.
    n_pool : int
        Perturbed rows of the pool, besides the rows given to `fit`; active querying only.
    growth : float
        Rows asked in a round of active querying, for each row asked before it, in (0, 4].
    sampler : {"mixed", "neighbours", "gaussian"} or sampler
        Where perturbed rows come from; an object is asked for `draw(n, seed=)`.
    jitter : float
        Noise of the named samplers, in standard deviations.
    real_weight : float
        Share of the weight that the rows given to `fit` have together.
    validation : float
        Share of the rows, and of those drawn around them, that is held out of the fit and
        chooses: among the sizes of the cost-complexity path, refined and not. They are
        asked for the purpose "validate". 0: the fit decides.
    random_state : int
        Seed of all draws.

    Attributes
    ----------
    form_, rules_, domain_, rows_, held_out_, notes_, rejected_, n_features_in_, feature_names_in_
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

    def __init__(
        self,
        oracle: Any = None,
        *,
        max_leaves: int = 16,
        max_depth: int | None = None,
        min_reach: float = 0.0,
        ccp_alpha: float = 0.0,
        refine: Refine = "tao",
        n_queries: int = 5000,
        querying: Querying = "plan",
        n_pool: int = 5000,
        growth: float = 0.25,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        validation: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.max_leaves = max_leaves
        self.max_depth = max_depth
        self.min_reach = min_reach
        self.ccp_alpha = ccp_alpha
        self.refine = refine
        self.n_queries = n_queries
        self.querying = querying
        self.n_pool = n_pool
        self.growth = growth
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.validation = validation
        self.random_state = random_state
