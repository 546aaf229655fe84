"""CRED: one hidden layer of a net, said by rules, whose terms are said by rules of the inputs.

Sato and Tsukimoto, "Rule Extraction from Neural Networks via Decision Tree Induction",
IJCNN (2001). Other than there, one tree says all classes, so that no two rules contradict
each other before they are joined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sklearn.utils.validation import check_is_fitted

from surrogate._validate import Rule, Whole
from surrogate.forms import RuleSet
from surrogate.rules._compose import compose, graph_of
from surrogate.rules._join import joined_rules
from surrogate.rules._layered import LAYERED, Layered, named_layers
from surrogate.rules._terms import smaller
from surrogate.trees._estimator import Decides, Follows, Sampler

__all__ = ["CredClassifier", "CredRegressor"]

RULES: Mapping[str, Rule] = {**LAYERED, "min_support": Whole(0)}


class Cred(Layered):
    """How a net becomes rules by one of its hidden layers."""

    rules: ClassVar[Mapping[str, Rule]] = RULES
    layer: str | None
    min_support: int

    def _chosen(self, hidden: tuple[str, ...]) -> tuple[str, ...]:
        return named_layers(type(self).__name__, self.layer, hidden, self.oracle.box)[-1:]

    def _learn(self, oracle: Any) -> RuleSet:
        layers, goals = self._layers(), self._goals()
        while True:
            found = compose(layers, goals, max_nodes=10 * self.max_rules, min_rows=0)
            expanded = graph_of(found, self.rows_, goals).expand(max_rules=self.max_rules)
            if expanded.is_complete:
                break
            layers = smaller(replace(layers, max_leaves=found.max_leaves))
        if found.max_leaves < self.max_leaves:
            self._say(
                f"There would have been more than {self.max_rules:,} rules before joining "
                f"(max_rules): the trees were grown with at most {found.max_leaves} leaves "
                f"instead of {self.max_leaves}."
            )
        self.n_trees_ = found.n_trees
        self.n_substituted_ = expanded.rules.n_rules
        return joined_rules(expanded.rules, self.rows_, goals, min_support=self.min_support)

    @property
    def rules_(self) -> RuleSet:
        """The form itself."""
        check_is_fitted(self, "form_")
        form: RuleSet = self.form_
        return form


class CredClassifier(Decides, Cred):
    """Rules that say a net's decisions by its inputs, found through one hidden layer.

    A C4.5 tree says the decisions by the layer's units. For each of its tests, "unit h > t",
    a C4.5 tree says the truth of it by the inputs. The terms of the first are replaced by
    the rules of the others; what contradicts itself is left out, and rules that differ in
    one interval are joined while errors on the rows fitted do not rise [1]_.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle
        What is asked; its box must show hidden layers (torch, .onnx, scikit-learn's MLP).
    layer : str or None
        The hidden layer; None: the last that is found.
    n_queries : int
        Perturbed rows asked, besides the rows given to `fit`.
    sampler : {"mixed", "neighbours", "gaussian"} or sampler
        Where perturbed rows come from; an object is asked for `draw(n, seed=)`.
    jitter : float
        Noise of the named samplers, in standard deviations.
    real_weight : float
        Share of the weight that the rows given to `fit` have together, if others are asked.
    min_cases : float
        Least weight of rows in two branches of a test, of each tree.
    confidence : float
        Of C4.5's pruning; smaller prunes more.
    max_leaves : int
        Most leaves of each tree.
    max_units : int
        Most units read of the layer: those that vary most.
    max_rules : int
        Most rules before joining; where there would be more, all trees get half the leaves.
    min_support : int
        Rules that fewer of the rows fitted are in are left out; such rows get the default.
    random_state : int
        Seed of all draws.

    Attributes
    ----------
    form_ : surrogate.forms.RuleSet
        What is shown, and what predicts: where rules that were joined across a gap overlap,
        they vote by the share of rows that each was made from.
    layers_ : tuple of one str
        The layer.
    n_trees_, n_substituted_ : int
        How many trees were grown, and how many rules there were before joining.
    classes_, domain_, rows_, notes_, interrupted_, rejected_, n_features_in_, feature_names_in_
        As in `surrogate.trees.CartClassifier`.

    References
    ----------
    .. [1] M. Sato, H. Tsukimoto, "Rule Extraction from Neural Networks via Decision Tree
       Induction", IJCNN (2001).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPClassifier
    >>> from surrogate import Domain, Oracle, wrap
    >>> from surrogate.rules import CredClassifier
    >>> X = np.random.default_rng(0).integers(0, 2, (200, 3)).astype(float)
    >>> y = np.where(X[:, 0] != X[:, 1], "different", "equal")
    >>> net = MLPClassifier((8, 4), max_iter=2000, random_state=1).fit(X, y)
    >>> cred = CredClassifier(Oracle(wrap(net), Domain.infer(X))).fit(X)
    >>> bool((cred.predict(X) == y).all()), cred.form_.n_rules
    (True, 4)
    """

    def __init__(
        self,
        oracle: Any = None,
        *,
        layer: str | None = None,
        n_queries: int = 0,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        min_cases: float = 2.0,
        confidence: float = 0.25,
        max_leaves: int = 32,
        max_units: int = 256,
        max_rules: int = 1000,
        min_support: int = 1,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.layer = layer
        self.n_queries = n_queries
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.min_cases = min_cases
        self.confidence = confidence
        self.max_leaves = max_leaves
        self.max_units = max_units
        self.max_rules = max_rules
        self.min_support = min_support
        self.random_state = random_state


class CredRegressor(Follows, Cred):
    """Rules that say in which interval a net's one output lies, by its inputs.

    As the paper has it for numbers: the outputs of the rows fitted are parted into
    intervals, here of about equally many rows, which are treated as classes are in
    `CredClassifier`; a rule answers the mean output of its rows.

    Parameters
    ----------
    n_intervals : int
        How many intervals.
    oracle, layer, n_queries, sampler, jitter, real_weight, min_cases, confidence
        As of `CredClassifier`.
    max_leaves, max_units, max_rules, min_support, random_state
        As of `CredClassifier`.

    Attributes
    ----------
    form_, rules_, layers_, n_trees_, n_substituted_, domain_, rows_, notes_, interrupted_
        As of `CredClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from surrogate import Domain, Oracle, wrap
    >>> from surrogate.rules import CredRegressor
    >>> X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    >>> net = MLPRegressor(hidden_layer_sizes=(10, 5), max_iter=2000, random_state=0)
    >>> net = net.fit(X, np.abs(X[:, 0]))
    >>> cred = CredRegressor(Oracle(wrap(net), Domain.infer(X)), n_intervals=4).fit(X)
    >>> bool(np.corrcoef(cred.predict(X), net.predict(X))[0, 1] > 0.9)
    True
    """

    def __init__(
        self,
        oracle: Any = None,
        *,
        n_intervals: int = 8,
        layer: str | None = None,
        n_queries: int = 0,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        min_cases: float = 2.0,
        confidence: float = 0.25,
        max_leaves: int = 32,
        max_units: int = 256,
        max_rules: int = 1000,
        min_support: int = 1,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.n_intervals = n_intervals
        self.layer = layer
        self.n_queries = n_queries
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.min_cases = min_cases
        self.confidence = confidence
        self.max_leaves = max_leaves
        self.max_units = max_units
        self.max_rules = max_rules
        self.min_support = min_support
        self.random_state = random_state
