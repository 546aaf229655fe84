"""ECLAIRE: each hidden layer's rules, clause by clause said by the inputs; their union votes.

Espinosa Zarlenga, Shams and Jamnik, "Efficient Decompositional Rule Extraction for Deep
Neural Networks" (2021). Each clause is said by the inputs at once and not layer by layer,
so that the work is a number of trees, however deep the net is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from surrogate._validate import Choice
from surrogate._validate import Rule as OptionRule
from surrogate.forms import Condition, Rule, RuleSet
from surrogate.rules._goals import Goals
from surrogate.rules._join import mean_of
from surrogate.rules._layered import LAYERED, Layered, Names, named_layers
from surrogate.rules._terms import Layers, cut_back
from surrogate.trees._c45_grow import grow_c45
from surrogate.trees._c45_rules import rules_of
from surrogate.trees._estimator import Decides, Follows, Sampler
from surrogate.trees._labelled import Labelled
from surrogate.types import BoolArray, Feature, FloatArray, IntArray

__all__ = ["EclaireClassifier", "EclaireRegressor"]

RULES: Mapping[str, OptionRule] = {**LAYERED, "votes": Choice(("equal", "precision"))}


@dataclass(frozen=True, eq=False)
class _Found:
    """A rule of the inputs, with the rows (n,) that it holds for."""

    conditions: tuple[Condition, ...]
    code: int
    holds: BoolArray


class Eclaire(Layered):
    """How the rules of all layers are found."""

    rules: ClassVar[Mapping[str, OptionRule]] = RULES
    layers: Names
    votes: str

    def _chosen(self, hidden: tuple[str, ...]) -> tuple[str, ...]:
        return named_layers(type(self).__name__, self.layers, hidden, self.oracle.box)

    def _learn(self, oracle: Any) -> RuleSet:
        layers, goals = self._layers(), self._goals()
        found: dict[tuple[frozenset[Condition], int], _Found] = {}
        self.n_clauses_ = 0
        for layer in range(1, len(layers.seen)):
            for _, code, truth in _clauses(layers, layer, goals.codes, goals.n):
                self.n_clauses_ += 1
                for rule in _said_by_inputs(layers, truth):
                    key = (frozenset(rule), code)
                    if key not in found:
                        holds = np.logical_and.reduce([c.holds(layers.seen[0]) for c in rule])
                        found[key] = _Found(rule, code, holds)
        kept = self._bounded(list(found.values()), goals)
        return self._form(kept, goals)

    def _bounded(self, found: list[_Found], goals: Goals) -> list[_Found]:
        """The rules that decide most rows rightly, if there are too many."""
        weight = self.rows_.weight
        right = [float(weight[r.holds & (goals.codes == r.code)].sum()) for r in found]
        order = np.argsort(-np.array(right), kind="stable")
        if len(found) > self.max_rules:
            self._say(
                f"Of {len(found):,} rules the {self.max_rules:,} that decide most fitted rows "
                "rightly were kept (max_rules)."
            )
        return [found[at] for at in order[: self.max_rules]]

    def _form(self, found: Sequence[_Found], goals: Goals) -> RuleSet:
        """The rules as a form, with what the rows fitted say of each."""
        rows = self.rows_
        decides = rows.decision is not None
        rest = np.ones(len(rows.matrix), dtype=np.bool_)
        made = []
        for rule in found:
            rest &= ~rule.holds
            vote = 1.0 if self.votes == "equal" else _certainty(rule, goals, rows.weight)
            value = mean_of(goals, rows.weight, rule.holds, rule.code)
            made.append(Rule(rule.conditions, value, rule.code if decides else None, vote))
        some = rest if rest.any() else ~rest
        default = int(np.bincount(goals.codes[some], rows.weight[some], minlength=goals.n).argmax())
        value = mean_of(goals, rows.weight, rest, default)
        form = RuleSet(
            rows.features, rows.classes, tuple(made), value, default if decides else None
        )
        return form.measured(rows.matrix, rows.decision)

    @property
    def rules_(self) -> RuleSet:
        """The form itself."""
        check_is_fitted(self, "form_")
        form: RuleSet = self.form_
        return form


def _clauses(
    layers: Layers, layer: int, codes: IntArray, n: int
) -> Iterator[tuple[tuple[Condition, ...], int, BoolArray]]:
    """C4.5rules of one layer for codes (n,): conditions, code, and where each holds."""
    seen = layers.seen[layer]
    features = layers.features
    if layer:
        features = tuple(Feature(f"h{unit}") for unit in range(seen.shape[1]))
    n_codes = [len(f.categories) if f.is_nominal else 0 for f in features]
    root = grow_c45(
        seen, codes, n_classes=n, weight=layers.weight, n_codes=n_codes, options=layers.options
    )
    rows = Labelled(
        features, tuple(range(n)), seen, np.eye(n)[codes], codes.astype(np.intp), layers.weight
    )
    confidence = layers.options.confidence
    for rule in rules_of(cut_back(root, layers.max_leaves), rows, confidence=confidence).rules:
        yield rule.conditions, rule.decision, rule.holds


def _said_by_inputs(layers: Layers, truth: BoolArray) -> Iterator[tuple[Condition, ...]]:
    """Rules of the inputs for where a clause holds."""
    if truth.any() and not truth.all():
        for conditions, code, _ in _clauses(layers, 0, truth.astype(np.intp), 2):
            if code:
                yield conditions


def _certainty(rule: _Found, goals: Goals, weight: FloatArray) -> float:
    """By how much a rule is right more often than a guess among the codes, smoothed."""
    covered = float(weight[rule.holds].sum())
    right = float(weight[rule.holds & (goals.codes == rule.code)].sum())
    return (right + 1.0) / (covered + goals.n)


class EclaireClassifier(Decides, Eclaire):
    """Rules that say a net's decisions by its inputs, found through every hidden layer at once.

    C4.5rules say the decisions by the units of each layer. For each clause found, such as
    "h3 > 0.2 and h7 <= 1", C4.5rules say by the inputs where it holds, and decide there as
    the clause does. The rules of all clauses of all layers vote [1]_.

    Parameters
    ----------
    oracle : surrogate.oracle.Oracle
        What is asked; its box must show hidden layers (torch, .onnx, scikit-learn's MLP).
    layers : str, sequence of str or None
        Hidden layers to read; None: all that are found.
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
        Of the pessimistic error by which conditions are dropped; smaller drops more.
    max_leaves : int
        Most leaves of each tree, so most clauses of a layer.
    max_units : int
        Most units read of a layer: those that vary most.
    max_rules : int
        Most rules: those that decide most of the rows fitted rightly.
    votes : {"precision", "equal"}
        What a rule's vote weighs: its precision on the rows fitted, smoothed, or 1 as in the
        paper.
    random_state : int
        Seed of all draws.

    Attributes
    ----------
    form_ : surrogate.forms.RuleSet
        What is shown, and what predicts: an unordered set whose rules vote.
    layers_ : tuple of str
        The layers read.
    n_clauses_ : int
        How many clauses there were in all layers.
    classes_, domain_, rows_, notes_, interrupted_, rejected_, n_features_in_, feature_names_in_
        As in `surrogate.trees.CartClassifier`.

    References
    ----------
    .. [1] M. Espinosa Zarlenga, Z. Shams, M. Jamnik, "Efficient Decompositional Rule
       Extraction for Deep Neural Networks", XAI4Debugging at NeurIPS (2021).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPClassifier
    >>> from surrogate import Domain, Oracle, wrap
    >>> from surrogate.rules import EclaireClassifier
    >>> X = np.random.default_rng(0).integers(0, 2, (200, 3)).astype(float)
    >>> y = np.where(X[:, 0] != X[:, 1], "different", "equal")
    >>> net = MLPClassifier((8, 4), max_iter=2000, random_state=1).fit(X, y)
    >>> rules = EclaireClassifier(Oracle(wrap(net), Domain.infer(X))).fit(X)
    >>> bool((rules.predict(X) == y).all())
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
        max_rules: int = 1000,
        votes: Literal["equal", "precision"] = "precision",
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
        self.max_rules = max_rules
        self.votes = votes
        self.random_state = random_state


class EclaireRegressor(Follows, Eclaire):
    """Rules that say in which interval a net's one output lies, by its inputs.

    The outputs of the rows fitted are parted into intervals of about equally many rows,
    which are treated as classes are in `EclaireClassifier`; a rule answers the mean output
    of its rows, and several that hold the mean of theirs. That is no part of the paper.

    Parameters
    ----------
    n_intervals : int
        How many intervals.
    oracle, layers, n_queries, sampler, jitter, real_weight, min_cases, confidence
        As of `EclaireClassifier`.
    max_leaves, max_units, max_rules, votes, random_state
        As of `EclaireClassifier`.

    Attributes
    ----------
    form_, rules_, layers_, n_clauses_, domain_, rows_, notes_, interrupted_, rejected_
        As of `EclaireClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from surrogate import Domain, Oracle, wrap
    >>> from surrogate.rules import EclaireRegressor
    >>> X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    >>> net = MLPRegressor(hidden_layer_sizes=(10, 5), max_iter=2000, random_state=0)
    >>> net = net.fit(X, np.abs(X[:, 0]))
    >>> rules = EclaireRegressor(Oracle(wrap(net), Domain.infer(X)), n_intervals=4).fit(X)
    >>> bool(np.corrcoef(rules.predict(X), net.predict(X))[0, 1] > 0.9)
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
        max_rules: int = 1000,
        votes: Literal["equal", "precision"] = "precision",
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
        self.max_rules = max_rules
        self.votes = votes
        self.random_state = random_state
