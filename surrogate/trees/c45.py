"""C4.5 and C4.5rules, distilled: Quinlan's tree and rules of what a black box answers.

Quinlan, "C4.5: Programs for Machine Learning" (1993), and for continuous columns "Improved
use of continuous attributes in C4.5", JAIR 4 (1996). Other than there, the rows are those
that the box was asked, and the best subtree, or list of rules, of a wanted size is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.utils.validation import check_is_fitted

from surrogate._validate import Boolean, NoneOr, Real, Rule, Whole, check
from surrogate.forms import RuleSet, Tree
from surrogate.trees._c45_form import sketch_of
from surrogate.trees._c45_grow import C45Options, Node, grow_c45
from surrogate.trees._c45_prune import prune_c45
from surrogate.trees._c45_rules import RuleList, rules_of
from surrogate.trees._estimator import SAMPLING, Decides, Distils, Sampler
from surrogate.trees._sketch import best_smaller, tree_of

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["C45Classifier", "C45RulesClassifier"]


class _C45(Distils):
    """What the tree and the rules share: the growth."""

    rules: ClassVar[Mapping[str, Rule]] = {
        "max_leaves": NoneOr(Whole(1)),
        "max_rules": NoneOr(Whole(0)),
        "min_cases": Real(1),
        "confidence": Real(0, 1, "right"),
        "raising": Boolean(),
        **SAMPLING,
    }
    min_cases: float
    confidence: float

    def _options(self) -> C45Options:
        """What growth and pruning are told."""
        raising = self.get_params(deep=False).get("raising", True)
        return C45Options(float(self.min_cases), float(self.confidence), raising, short=True)

    def _grown(self) -> Node:
        """The unpruned tree of `rows_`."""
        rows = self.rows_
        assert rows.decision is not None
        return grow_c45(
            rows.matrix,
            rows.decision,
            n_classes=len(rows.classes or ()),
            weight=rows.weight,
            n_codes=[len(f.categories) if f.is_nominal else 0 for f in rows.features],
            options=self._options(),
        )


class C45Classifier(Decides, _C45):
    """C4.5's tree of what a black box decides.

    Rows are asked as in `CartClassifier`. Tests are chosen by gain ratio among those of at
    least average gain; a category column has one branch for each category; rows with a
    missing value count in all branches in part. Pruning replaces a subtree by a leaf or by
    its largest branch where the pessimistic error does not rise [1]_ [2]_. Of the tree that
    C4.5 gives, the best subtree of at most `max_leaves` leaves is kept, by agreement with
    the box on the rows asked.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle, optional
        What is asked. None: `fit` needs y.
    max_leaves : int or None
        Most leaves of the tree. None: as many as C4.5 leaves.
    min_cases : float
        Least weight in two branches of a test, in rows.
    confidence : float
        Of the pessimistic error, in (0, 1]; smaller prunes more, 1 prunes nearly nothing.
    raising : bool
        Whether pruning may replace a subtree by its largest branch.
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
    form_ : surrogate.forms.Tree
        What is shown, and what predicts. Branches of a category column are a chain of
        tests; a missing value goes the way of the branch with the most weight.
    rules_, classes_, domain_, rows_, notes_, interrupted_, rejected_
        As in `CartClassifier`.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has names.

    References
    ----------
    .. [1] J. R. Quinlan, "C4.5: Programs for Machine Learning" (1993).
    .. [2] J. R. Quinlan, "Improved use of continuous attributes in C4.5", Journal of
       Artificial Intelligence Research 4 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.trees import C45Classifier
    >>> rows = {
    ...     "outlook": ["sunny", "sunny", "overcast", "rain", "rain", "rain"] * 3,
    ...     "windy": ["no", "yes", "yes", "no", "yes", "no"] * 3,
    ... }
    >>> c45 = C45Classifier().fit(rows, ["stay", "stay", "go", "go", "stay", "go"] * 3)
    >>> print(c45.form_)
    ├─ outlook = sunny  ->  stay (p 1, reach 33.3 %)
    └─ outlook != sunny
       ├─ outlook = overcast  ->  go (p 1, reach 16.7 %)
       └─ outlook = rain
          ├─ windy = no  ->  go (p 1, reach 33.3 %)
          └─ windy = yes  ->  stay (p 1, reach 16.7 %)
    """

    def __init__(
        self,
        oracle: Any = None,
        *,
        max_leaves: int | None = 16,
        min_cases: float = 2.0,
        confidence: float = 0.25,
        raising: bool = True,
        n_queries: int = 5000,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.max_leaves = max_leaves
        self.min_cases = min_cases
        self.confidence = confidence
        self.raising = raising
        self.n_queries = n_queries
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.random_state = random_state

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
        return [best_smaller(self._whole, self.rows_, size) for size in sizes]

    def _learn(self, oracle: Oracle | None) -> Tree:
        """Grow, prune, and cut the best subtree out; nothing more is asked."""
        rows = self.rows_
        assert rows.decision is not None
        root = prune_c45(
            self._grown(), rows.matrix, rows.decision, weight=rows.weight, options=self._options()
        )
        self._whole = tree_of(sketch_of(root), rows)
        if self.max_leaves is None:
            return self._whole
        return best_smaller(self._whole, rows, self.max_leaves)


class C45RulesClassifier(Decides, _C45):
    """C4.5rules: an ordered list of rules that decides as a black box does.

    Every path of C4.5's unpruned tree becomes a rule. It loses conditions while its
    pessimistic error does not rise; of each class the subset of rules is kept that tells
    the class's rows in the fewest bits; classes come in the order of their false
    positives, and what no rule covers is decided by a default [1]_. Then rules whose loss
    costs no agreement are dropped, and as many more as `max_rules` asks for, the cheapest
    first.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle, optional
        What is asked. None: `fit` needs y.
    max_rules : int or None
        Most rules, the default not counted. None: as many as C4.5rules keeps.
    min_cases : float
        Least weight in two branches of a test of the tree, in rows.
    confidence : float
        Of the pessimistic error, in (0, 1].
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
    form_ : surrogate.forms.RuleSet
        What is shown, and what predicts: the first rule that holds decides. No condition
        holds for a missing value.
    rules_ : surrogate.forms.RuleSet
        The same.
    classes_, domain_, rows_, notes_, interrupted_, rejected_
        As in `CartClassifier`.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has names.

    References
    ----------
    .. [1] J. R. Quinlan, "C4.5: Programs for Machine Learning" (1993), chapter 5.

    Examples
    --------
    >>> from surrogate.trees import C45RulesClassifier
    >>> rows = {
    ...     "outlook": ["sunny", "sunny", "overcast", "rain", "rain", "rain"] * 3,
    ...     "windy": ["no", "yes", "yes", "no", "yes", "no"] * 3,
    ... }
    >>> y = ["stay", "stay", "go", "go", "stay", "go"] * 3
    >>> print(C45RulesClassifier().fit(rows, y).form_)
    Rules in order; the first that holds decides.
    1. if outlook = sunny
       then stay (p 1, 6 rows of which 6 agree)
    2. if outlook = rain and windy = yes
       then stay (p 1, 3 rows of which 3 agree)
    otherwise go (p 1, 9 rows of which 9 agree)
    """

    def __init__(
        self,
        oracle: Any = None,
        *,
        max_rules: int | None = 16,
        min_cases: float = 2.0,
        confidence: float = 0.25,
        n_queries: int = 5000,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.max_rules = max_rules
        self.min_cases = min_cases
        self.confidence = confidence
        self.n_queries = n_queries
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.random_state = random_state

    @property
    def rules_(self) -> RuleSet:
        """The form itself."""
        check_is_fitted(self, "form_")
        form: RuleSet = self.form_
        return form

    def path(self, sizes: Sequence[int]) -> list[RuleSet]:
        """Lists of other sizes from the answers of the fit; nothing is asked.

        Parameters
        ----------
        sizes : sequence of int
            Most rules of each list, the default not counted.

        Returns
        -------
        lists : list of RuleSet
            The list of a size is the one that a fit with this `max_rules` gives.
        """
        check_is_fitted(self, "form_")
        for size in sizes:
            check("path", {"sizes": Whole(0)}, {"sizes": size})
        return [self._list.form(size) for size in sizes]

    def _learn(self, oracle: Oracle | None) -> RuleSet:
        """Grow, and make the rules of the paths; nothing more is asked."""
        self._list: RuleList = rules_of(
            self._grown(), self.rows_, confidence=float(self.confidence)
        )
        return self._list.form(self.max_rules)
