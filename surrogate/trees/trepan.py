"""TREPAN: a tree grown where it is wrong most, by asking along the way.

Craven and Shavlik, "Extracting tree-structured representations of trained networks", NIPS
8 (1996), and Craven's thesis (Wisconsin, 1996). Other than there, questions by default keep
the dependence between columns, a node hands its answered questions down to its children,
and nodes ask only when they are expanded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np
from sklearn.utils.validation import check_is_fitted

from surrogate._validate import Boolean, Choice, NoneOr, Real, Rule, Whole, check
from surrogate.forms import RuleSet, Tree, literals, simplify
from surrogate.sampling import generator
from surrogate.trees._draws import MarginalDraws, RowDraws
from surrogate.trees._estimator import SAMPLING, Decides, Distils
from surrogate.trees._growth import Book
from surrogate.trees._mofn import Tests
from surrogate.trees._sketch import best_smaller, pruned, tree_of
from surrogate.trees._trepan_grow import TrepanGrowth, TrepanOptions
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["TrepanClassifier"]

LocalSampler: TypeAlias = Literal["mixed", "neighbours", "gaussian", "marginal"] | Any


class _DrawsRows:
    """The rule of a sampler: one of the names, or an object that draws."""

    def holds(self, value: Any) -> bool:
        return value == "marginal" or SAMPLING["sampler"].holds(value)

    def __str__(self) -> str:
        return f"'marginal', {SAMPLING['sampler']}"


class TrepanClassifier(Decides, Distils):
    """TREPAN's tree of what a black box decides, with tests that m of n conditions hold.

    The node is expanded first whose wrong decisions reach most rows: its share of the
    population times the share of its rows that its majority does not decide. A node that is
    expanded asks rows on its own path until it has `min_sample`, those of the nodes above
    included. A test is the best single test, or what a beam makes of it with more
    conditions of which m must hold [1]_.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle, optional
        What is asked. None: `fit` needs y, and the tree grows on the rows given alone.
    max_internal : int
        Most tests: 15 in the paper, 31 in the thesis, 100 in the authors' program.
    min_sample : int
        Rows that a node has when its test is chosen.
    tests : {"m-of-n", "disjunctive", "single"}
        At least m of n conditions, at least one of n, or one condition.
    max_literals : int
        Most conditions of a test.
    purity : float
        A node is a leaf when so many rows agree that, at 95 % confidence, at least this
        share of its rows does: 52 rows for 0.95.
    sampler : {"mixed", "neighbours", "gaussian", "marginal"} or sampler
        Where rows come from: around real rows, which keeps the dependence between
        columns, or every column by itself, as in the paper.
    jitter : float
        Noise of the samplers around rows, in standard deviations.
    refit : bool or None
        Whether the sampler is fitted anew on the real rows of a node that differ from
        those above (Kolmogorov and Smirnov, chi-squared; level 0.10 shared among columns).
        None: of the marginal sampler only; the others keep to a path as they are.
    validation : float
        Share of the rows given to `fit` that are held out; among the trees that growth
        went through, the one that agrees with them best is kept. 0: the last.
    random_state : int
        Seed of all draws.

    Attributes
    ----------
    form_ : surrogate.forms.Tree
        What is shown, and what predicts.
    rows_ : Labelled
        All rows asked; those of a leaf together weigh what the leaf reaches.
    held_out_ : Labelled or None
        Rows that the tree was chosen by.
    rules_, classes_, domain_, notes_, interrupted_, rejected_
        As in `CartClassifier`.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has names.

    References
    ----------
    .. [1] M. Craven and J. Shavlik, "Extracting tree-structured representations of trained
       networks", Advances in Neural Information Processing Systems 8 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters import CallableBox
    >>> from surrogate.domain import Domain
    >>> from surrogate.oracle import Oracle
    >>> from surrogate.trees import TrepanClassifier
    >>> X = np.random.default_rng(0).integers(0, 2, size=(300, 5)).astype(float)
    >>> domain = Domain.infer(X, kinds={j: "binary" for j in range(5)})
    >>> two_of_three = CallableBox(lambda rows: np.where(rows[:, :3].sum(axis=1) >= 2, "yes", "no"))
    >>> trepan = TrepanClassifier(Oracle(two_of_three, domain)).fit(X)
    >>> print(trepan.form_)
    ├─ at least 2 of (x0 = 0, x1 = 0, x2 = 0)  ->  no (p 1, reach 46.6 %)
    └─ fewer than 2 of them  ->  yes (p 1, reach 53.4 %)
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        **SAMPLING,
        "max_internal": Whole(0),
        "min_sample": Whole(1),
        "tests": Choice(("m-of-n", "disjunctive", "single")),
        "max_literals": Whole(1),
        "purity": Real(0.5, 1, "left"),
        "sampler": _DrawsRows(),
        "refit": NoneOr(Boolean()),
    }
    n_queries = 0  # nodes draw, not the fit as a whole
    real_weight = 0.5

    def __init__(
        self,
        oracle: Any = None,
        *,
        max_internal: int = 15,
        min_sample: int = 1000,
        tests: Tests = "m-of-n",
        max_literals: int = 5,
        purity: float = 0.95,
        sampler: LocalSampler = "mixed",
        jitter: float = 0.3,
        refit: bool | None = None,
        validation: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.max_internal = max_internal
        self.min_sample = min_sample
        self.tests = tests
        self.max_literals = max_literals
        self.purity = purity
        self.sampler = sampler
        self.jitter = jitter
        self.refit = refit
        self.validation = validation
        self.random_state = random_state

    def cost(self, n: int) -> Mapping[str, int]:
        """How many rows a fit on n rows asks at most, by purpose.

        Parameters
        ----------
        n : int
            Rows of X.

        Returns
        -------
        plan : mapping from purpose to rows
            A fit asks fewer where nodes are pure, or have rows enough.
        """
        held = round(n * self.validation)
        plan = {"fit": n - held + self._limit(n - held)}
        return plan | ({"validate": held} if held else {})

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

    @property
    def rules_(self) -> RuleSet:
        """The tree as an ordered list of rules that decides the same, with their support."""
        check_is_fitted(self, "form_")
        if not self.form_.tests:
            rules: RuleSet = super().rules_
            return rules
        return _listed(simplify(self.form_.rules())).measured(
            self.rows_.matrix, self.rows_.decision
        )

    def _limit(self, n: int) -> int:
        """Most rows that nodes ask, after the n real ones."""
        # Two children lack together at most what one node may: they share its rows.
        return max(self.min_sample - n, 0) + self.max_internal * self.min_sample

    def _learn(self, oracle: Oracle | None) -> Tree:
        """Grow, choose among the trees on the way, and drop tests that change nothing."""
        rows = self.rows_
        asks = None if self.interrupted_ else oracle
        book = Book(rows, asks, seed=self.random_state, limit=self._limit(len(rows.matrix)))
        draws = self._draws(self._sources())
        growth = TrepanGrowth(
            book,
            book.root(draws),
            TrepanOptions(
                self.max_internal,
                self.min_sample,
                self.tests,
                self.max_literals,
                float(self.purity),
            ),
        )
        growth.run()
        self.rows_ = book.weighed(growth.leaves)
        self.rejected_ = draws.rejected
        if book.ended:
            self.interrupted_ = True
            self.notes_ = (*self.notes_, book.ended)
        tree = self._chosen(growth)
        return pruned(tree, self.rows_, tree.n_leaves)

    def _chosen(self, growth: TrepanGrowth) -> Tree:
        """The tree grown, or the one on its way that agrees best with rows held out."""
        tree = tree_of(growth.root.sketch, self.rows_)
        held = self.held_out_
        if held is None or held.decision is None:
            return tree
        best, agreed = tree, -np.inf
        for node in [None, *reversed(growth.order)]:
            if node is not None:
                node.cut()
                tree = tree_of(growth.root.sketch, self.rows_)
            now = float(held.weight[tree.predict(held.matrix) == held.decision].sum())
            if now >= agreed:
                best, agreed = tree, now
        return best

    def _draws(self, sources: FloatArray) -> MarginalDraws | RowDraws:
        """What draws rows on paths."""
        if isinstance(self.sampler, str) and self.sampler == "marginal":
            refit = True if self.refit is None else self.refit
            return MarginalDraws(self.domain_, sources, jitter=self.jitter, refit=refit)
        return RowDraws(
            self.domain_,
            sources,
            sampler=self.sampler,
            jitter=self.jitter,
            refit=bool(self.refit),
        )

    def _sources(self) -> FloatArray:
        """Real rows, each as often as it weighs."""
        rows, weight = self.rows_.matrix, self.rows_.weight
        if (weight == weight[0]).all():
            return rows
        rng = generator(self.random_state, "weighted sources")
        return rows[rng.choice(len(rows), len(rows), p=weight / weight.sum())]


def _listed(rules: RuleSet) -> RuleSet:
    """The rules of a tree's leaves as a list; the class with most conditions is its default."""
    cost: dict[int, int] = {}
    for rule in rules.rules:
        assert rule.decision is not None
        size = sum(literals(condition) for condition in rule.conditions)
        cost[rule.decision] = cost.get(rule.decision, 0) + size
    last = max(cost, key=lambda code: cost[code], default=rules.decision)
    rest = [rule for rule in rules.rules if rule.decision == last]
    first = [rule for rule in rules.rules if rule.decision != last]
    weight = [rule.weight for rule in rest]
    value = np.average([rule.value for rule in rest], axis=0, weights=weight) if rest else None
    return replace(
        rules,
        rules=tuple(sorted(first, key=lambda rule: -rule.weight)),
        value=rules.value if value is None else value,
        decision=last,
        ordered=True,
    )
