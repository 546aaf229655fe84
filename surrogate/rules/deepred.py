"""DeepRED: every hidden layer of a net, said by the one below it, down to the inputs.

Zilke, Loza Mencía and Janssen, "DeepRED: Rule Extraction from Deep Neural Networks",
Discovery Science (2016). Other than there, terms are not substituted into rules, whose
number multiplies, but into the nodes of one decision graph, which is written out as rules
afterwards if they are few enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sklearn.utils.validation import check_is_fitted

from surrogate._validate import Rule, Whole
from surrogate.forms import DecisionGraph, RuleSet
from surrogate.rules._compose import compose, graph_of
from surrogate.rules._layered import LAYERED, Layered, Names, named_layers
from surrogate.trees._estimator import Decides, Follows, Sampler

__all__ = ["DeepRedClassifier", "DeepRedRegressor"]

RULES: Mapping[str, Rule] = {**LAYERED, "max_nodes": Whole(1), "min_rows": Whole(0)}


class DeepRed(Layered):
    """How a net becomes a decision graph."""

    rules: ClassVar[Mapping[str, Rule]] = RULES
    layers: Names
    max_nodes: int
    min_rows: int

    def _chosen(self, hidden: tuple[str, ...]) -> tuple[str, ...]:
        return named_layers(type(self).__name__, self.layers, hidden, self.oracle.box)

    def _learn(self, oracle: Any) -> DecisionGraph:
        layers, goals = self._layers(), self._goals()
        found = compose(layers, goals, max_nodes=self.max_nodes, min_rows=self.min_rows)
        if found.max_leaves < self.max_leaves:
            self._say(
                f"The graph would have had more than {self.max_nodes:,} tests (max_nodes): its "
                f"trees were grown with at most {found.max_leaves} leaves instead of "
                f"{self.max_leaves}."
            )
        self.n_trees_ = found.n_trees
        form = graph_of(found, self.rows_, goals)
        self._rules = None
        expanded = form.expand(max_rules=self.max_rules)
        if expanded.is_complete:
            rules = expanded.rules.measured(self.rows_.matrix, self.rows_.decision)
            largest_first = sorted(rules.rules, key=lambda rule: -(rule.n_covered or 0))
            self._rules = replace(rules, rules=tuple(largest_first))
        else:
            self._say(
                f"The graph stands for more than {self.max_rules:,} rules (max_rules), which are "
                "not written out; it is read as a graph."
            )
        return form

    @property
    def rules_(self) -> RuleSet | None:  # type: ignore[override]
        """The graph as rules of which one holds for each row; None where they are too many."""
        check_is_fitted(self, "form_")
        return self._rules


class DeepRedClassifier(Decides, DeepRed):
    """A decision graph that says a net's decisions by its inputs, through all hidden layers.

    A C4.5 tree says the decisions by the last hidden layer read. Each of its tests, "unit
    h > t", is replaced by a C4.5 tree that says the truth of it by the layer below, and so
    on down to the inputs; a term has one tree, however often it is tested. Tests that the
    tests before them decide are passed by [1]_.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle
        What is asked; its box must show hidden layers (torch, .onnx, scikit-learn's MLP).
    layers : str, sequence of str or None
        Hidden layers to go through, from input to output; None: all that are found.
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
        Most units read of a layer: those that vary most.
    max_nodes : int
        Most tests of the graph; where there would be more, all trees get half the leaves.
    max_rules : int
        Most rules that the graph is written out as; it is a graph either way.
    min_rows : int
        A test stays where, of the fitted rows that come that way, so many go either way; 0
        keeps every test that the ones before it do not decide, as the paper does.
    random_state : int
        Seed of all draws.

    Attributes
    ----------
    form_ : surrogate.forms.DecisionGraph
        What is shown, and what predicts.
    rules_ : surrogate.forms.RuleSet or None
        The graph as rules; None where they are more than `max_rules`.
    layers_ : tuple of str
        The layers gone through.
    n_trees_ : int
        How many trees were grown.
    classes_, domain_, rows_, notes_, interrupted_, rejected_, n_features_in_, feature_names_in_
        As in `surrogate.trees.CartClassifier`.

    References
    ----------
    .. [1] J. R. Zilke, E. Loza Mencía, F. Janssen, "DeepRED: Rule Extraction from Deep Neural
       Networks", Discovery Science (2016).

    Examples
    --------
    A net whose hidden units say "exactly one" of two columns:

    >>> import numpy as np
    >>> from sklearn.neural_network import MLPClassifier
    >>> from surrogate import Domain, Oracle, wrap
    >>> from surrogate.rules import DeepRedClassifier
    >>> X = np.random.default_rng(0).integers(0, 2, (200, 3)).astype(float)
    >>> y = np.where(X[:, 0] != X[:, 1], "different", "equal")
    >>> net = MLPClassifier((8, 4), max_iter=2000, random_state=1).fit(X, y)
    >>> oracle = Oracle(wrap(net), Domain.infer(X))
    >>> graph = DeepRedClassifier(oracle).fit(X)
    >>> bool((graph.predict(X) == y).all())
    True
    """

    def __init__(
        self,
        oracle: Any = None,
        *,
        layers: Names = None,
        n_queries: int = 0,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        min_cases: float = 2.0,
        confidence: float = 0.25,
        max_leaves: int = 32,
        max_units: int = 256,
        max_nodes: int = 10_000,
        max_rules: int = 1000,
        min_rows: int = 1,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.layers = layers
        self.n_queries = n_queries
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.min_cases = min_cases
        self.confidence = confidence
        self.max_leaves = max_leaves
        self.max_units = max_units
        self.max_nodes = max_nodes
        self.max_rules = max_rules
        self.min_rows = min_rows
        self.random_state = random_state


class DeepRedRegressor(Follows, DeepRed):
    """A decision graph that says in which interval a net's one output lies, by its inputs.

    The outputs of the rows fitted are parted into intervals of about equally many rows,
    which are treated as classes are in `DeepRedClassifier`; a leaf answers the mean output
    of its rows. That is no part of the paper.

    Parameters
    ----------
    n_intervals : int
        How many intervals.
    oracle, layers, n_queries, sampler, jitter, real_weight, min_cases, confidence
        As of `DeepRedClassifier`.
    max_leaves, max_units, max_nodes, max_rules, min_rows, random_state
        As of `DeepRedClassifier`.

    Attributes
    ----------
    form_, rules_, layers_, n_trees_, domain_, rows_, notes_, interrupted_, rejected_
        As of `DeepRedClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from surrogate import Domain, Oracle, wrap
    >>> from surrogate.rules import DeepRedRegressor
    >>> X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    >>> net = MLPRegressor(hidden_layer_sizes=(10, 5), max_iter=2000, random_state=0)
    >>> net = net.fit(X, np.abs(X[:, 0]))
    >>> graph = DeepRedRegressor(Oracle(wrap(net), Domain.infer(X)), n_intervals=4).fit(X)
    >>> bool(np.corrcoef(graph.predict(X), net.predict(X))[0, 1] > 0.9)
    True
    """

    def __init__(
        self,
        oracle: Any = None,
        *,
        n_intervals: int = 8,
        layers: Names = None,
        n_queries: int = 0,
        sampler: Sampler = "mixed",
        jitter: float = 0.3,
        real_weight: float = 0.5,
        min_cases: float = 2.0,
        confidence: float = 0.25,
        max_leaves: int = 32,
        max_units: int = 256,
        max_nodes: int = 10_000,
        max_rules: int = 1000,
        min_rows: int = 1,
        random_state: int = 0,
    ) -> None:
        self.oracle = oracle
        self.n_intervals = n_intervals
        self.layers = layers
        self.n_queries = n_queries
        self.sampler = sampler
        self.jitter = jitter
        self.real_weight = real_weight
        self.min_cases = min_cases
        self.confidence = confidence
        self.max_leaves = max_leaves
        self.max_units = max_units
        self.max_nodes = max_nodes
        self.max_rules = max_rules
        self.min_rows = min_rows
        self.random_state = random_state
