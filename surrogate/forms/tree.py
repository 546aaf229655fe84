"""A decision tree as read-only arrays: one entry per node, children behind their parent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from surrogate.errors import InputError
from surrogate.forms._plain import (
    as_matrix,
    feature_from_dict,
    feature_to_dict,
    finite_or_none,
    plain_labels,
    read_only,
    same_array,
    take,
)
from surrogate.forms._tree_text import tree_text
from surrogate.forms.conditions import (
    CategorySet,
    Condition,
    Interval,
    complement,
    condition_from_dict,
    literals,
)
from surrogate.types import Array, BoolArray, Feature, FloatArray, IntArray, Label

if TYPE_CHECKING:
    from surrogate.forms.ruleset import RuleSet

__all__ = ["LEAF", "Tree"]

LEAF = -1
"""What `feature`, `left` and `right` hold at a leaf."""


@dataclass(frozen=True, eq=False)
class Tree:
    """A binary decision tree over the internal matrix.

    A row goes left at a node where its value is at most the node's threshold or, at a
    node with categories, among them; a missing value goes where `missing_left` says, and
    a code that a node does not list goes right. Node 0 is the root, and the children of a
    node have greater numbers than the node itself.

    Parameters
    ----------
    features : tuple of Feature, length d
    classes : tuple or None
        Classes in the order of their codes; None for regression.
    feature : int array of shape (m,)
        Column that a node tests; -1 at a leaf.
    threshold : float array of shape (m,)
        Greatest value that goes left, in the feature's unit; infinite where every known
        value goes left; NaN at leaves and nodes with categories.
    categories : tuple of length m, of frozenset of int or None
        Codes that go left; None at leaves and nodes with a threshold.
    left, right : int arrays of shape (m,)
        Children; -1 at a leaf.
    missing_left : bool array of shape (m,)
    value : float array of shape (m, k)
        Class probabilities, or regression values.
    weight : float array of shape (m,)
        Weight of the fitted rows that reach the node.
    count : int array of shape (m,), optional
        Number of the fitted rows that reach the node; zeros if it is not said.
    decision : int array of shape (m,), optional
        Code of the class that a node decides; the column of the greatest value if it is
        not said. None for regression.
    tests : tuple of length m, of Condition or None, optional
        Tests that are neither a threshold nor a set of categories, such as m of n
        conditions: rows for which the condition holds go left, and it says itself what
        becomes of missing values. `feature` then holds the first column that it looks at.
        `Tree.of_tests` builds a tree from conditions alone.

    Notes
    -----
    Every test has two outcomes and every row reaches one leaf. A nominal split into many
    branches is said as a chain of tests, one category (or set) after the other. Where a
    method fits with fractions of rows whose value is missing, the form sends such a row
    one way at each node: most fractions', if the method does not decide otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.forms import Tree
    >>> from surrogate.types import Feature
    >>> tree = Tree(
    ...     features=(Feature("age", unit="years"),),
    ...     classes=("no", "yes"),
    ...     feature=[0, -1, -1],
    ...     threshold=[37.5, np.nan, np.nan],
    ...     categories=(None, None, None),
    ...     left=[1, -1, -1],
    ...     right=[2, -1, -1],
    ...     missing_left=[False, False, False],
    ...     value=[[0.6, 0.4], [0.9, 0.1], [0.2, 0.8]],
    ...     weight=[100.0, 57.0, 43.0],
    ... )
    >>> tree.predict(np.array([[37.5], [38.0]]))
    array([0, 1])
    >>> print(tree)
    ├─ age <= 37.5 years  ->  no (p 0.9, reach 57 %)
    └─ age > 37.5 years  ->  yes (p 0.8, reach 43 %)
    """

    features: tuple[Feature, ...]
    classes: tuple[Label, ...] | None
    feature: IntArray
    threshold: FloatArray
    categories: tuple[frozenset[int] | None, ...]
    left: IntArray
    right: IntArray
    missing_left: BoolArray
    value: FloatArray
    weight: FloatArray
    count: IntArray = None  # type: ignore[assignment]
    decision: IntArray | None = None
    tests: tuple[Condition | None, ...] = ()

    __hash__ = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        m = len(self.feature)
        count = np.zeros(m) if self.count is None else self.count
        value = np.asarray(self.value, dtype=np.float64).reshape(m, -1)
        decision = self.decision
        if self.classes is not None and decision is None:
            decision = value.argmax(axis=1)
        sets = tuple(None if c is None else frozenset(int(k) for k in c) for c in self.categories)
        fields = {
            "features": tuple(self.features),
            "classes": None if self.classes is None else plain_labels(self.classes),
            "feature": read_only(self.feature, np.intp),
            "threshold": read_only(self.threshold, np.float64),
            "categories": sets,
            "left": read_only(self.left, np.intp),
            "right": read_only(self.right, np.intp),
            "missing_left": read_only(self.missing_left, np.bool_),
            "value": read_only(value, np.float64),
            "weight": read_only(self.weight, np.float64),
            "count": read_only(count, np.intp),
            "decision": None if decision is None else read_only(decision, np.intp),
            "tests": tuple(self.tests) if any(t is not None for t in self.tests) else (),
        }
        for name, field in fields.items():
            object.__setattr__(self, name, field)
        self._check()

    @classmethod
    def of_tests(
        cls,
        features: tuple[Feature, ...],
        classes: tuple[Label, ...] | None,
        tests: Sequence[Condition | None],
        *,
        left: Sequence[int] | IntArray,
        right: Sequence[int] | IntArray,
        value: Array,
        weight: Array,
        count: Array | None = None,
        decision: Array | None = None,
    ) -> Tree:
        """A tree from one condition a node; rows for which it holds go left.

        Parameters
        ----------
        features : tuple of Feature, length d
        classes : tuple or None
        tests : sequence of length m, of Condition or None
            None at leaves. Conditions that a threshold or a set of categories can say
            are stored so.
        left, right : sequences of int, length m
            Children; -1 at a leaf.
        value, weight, count, decision : arrays
            As of a `Tree`.

        Raises
        ------
        InputError
            If they do not make a tree.

        Examples
        --------
        >>> import numpy as np
        >>> from surrogate.forms import AtLeast, Interval, Tree
        >>> from surrogate.types import Feature
        >>> features = (Feature("a"), Feature("b"), Feature("c"))
        >>> two = AtLeast(2, tuple(Interval(j, low=0.5) for j in range(3)))
        >>> tree = Tree.of_tests(
        ...     features, ("no", "yes"), (two, None, None),
        ...     left=[1, -1, -1], right=[2, -1, -1],
        ...     value=[[0.5, 0.5], [0.1, 0.9], [0.8, 0.2]], weight=[10.0, 4.0, 6.0],
        ... )
        >>> print(tree)
        ├─ at least 2 of (a > 0.5, b > 0.5, c > 0.5)  ->  yes (p 0.9, reach 40 %)
        └─ fewer than 2 of them  ->  no (p 0.8, reach 60 %)
        """
        parts = [_stored(test) for test in tests]
        return cls(
            features,
            classes,
            feature=np.array([part[0] for part in parts], dtype=np.intp),
            threshold=np.array([part[1] for part in parts], dtype=np.float64),
            categories=tuple(part[2] for part in parts),
            left=np.asarray(left, dtype=np.intp),
            right=np.asarray(right, dtype=np.intp),
            missing_left=np.array([part[3] for part in parts], dtype=np.bool_),
            value=value,
            weight=weight,
            count=count,  # type: ignore[arg-type]
            decision=decision,
            tests=tuple(part[4] for part in parts),
        )

    def _check(self) -> None:
        """Raise unless the arrays make a tree."""
        m = len(self.feature)
        per_node = ("threshold", "categories", "left", "right", "missing_left", "weight", "count")
        for name in (*per_node, *(["tests"] if self.tests else [])):
            if len(getattr(self, name)) != m:
                raise InputError(
                    f"A Tree of {m} nodes needs {m} entries in `{name}`; "
                    f"got {len(getattr(self, name))}."
                )
        inner = np.flatnonzero(self.feature != LEAF)
        children = np.sort(np.concatenate([self.left[inner], self.right[inner]]))
        behind = (self.left[inner] > inner) & (self.right[inner] > inner)
        if m == 0 or not behind.all() or not np.array_equal(children, np.arange(1, m)):
            raise InputError(
                "A Tree needs a root at node 0 and every other node once as the child of a "
                "node before it."
            )
        greatest = max(self.columns, default=0)
        if inner.size and greatest >= len(self.features):
            raise InputError(
                f"A Tree tests column {greatest}, but has {len(self.features)} features."
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tree):
            return NotImplemented
        plain = ("features", "classes", "categories", "tests")
        arrays = ("feature", "threshold", "left", "right", "missing_left", "value", "weight")
        return all(getattr(self, name) == getattr(other, name) for name in plain) and all(
            same_array(getattr(self, name), getattr(other, name))
            for name in (*arrays, "count", "decision")
        )

    # Size -------------------------------------------------------------------------------

    @property
    def is_leaf(self) -> BoolArray:
        """Which nodes are leaves: (m,)."""
        return np.equal(self.feature, LEAF)

    @property
    def n_leaves(self) -> int:
        """How many leaves there are."""
        return int(self.is_leaf.sum())

    @property
    def n_conditions(self) -> int:
        """How many tests of one column there are; m of n conditions count as n."""
        given = sum(literals(test) - 1 for test in self.tests if test is not None)
        return int((~self.is_leaf).sum()) + given

    @property
    def columns(self) -> frozenset[int]:
        """Columns that any test looks at."""
        plain = {int(j) for j in self.feature[~self.is_leaf]}
        return frozenset(plain).union(*(t.columns for t in self.tests if t is not None))

    @property
    def depths(self) -> IntArray:
        """How many tests lie above each node: (m,)."""
        depth = np.zeros(len(self.feature), dtype=np.intp)
        for node in np.flatnonzero(~self.is_leaf):
            depth[[self.left[node], self.right[node]]] = depth[node] + 1
        return depth

    @property
    def depth(self) -> int:
        """How many tests the longest path has."""
        return int(self.depths.max())

    @property
    def mean_path_length(self) -> float:
        """How many tests a fitted row meets, on average by weight."""
        leaf = self.is_leaf
        weight = self.weight[leaf] if self.weight[leaf].sum() > 0 else np.ones(leaf.sum())
        return float(np.average(self.depths[leaf], weights=weight))

    @property
    def size(self) -> dict[str, float]:
        """How large the form is, by the names that reports use."""
        return {
            "leaves": self.n_leaves,
            "depth": self.depth,
            "conditions": self.n_conditions,
            "mean path length": self.mean_path_length,
        }

    # Prediction -------------------------------------------------------------------------

    def apply(self, matrix: Array) -> IntArray:
        """The leaf that each row reaches.

        Parameters
        ----------
        matrix : array of shape (n, d)
            Rows of the internal matrix.

        Returns
        -------
        leaves : int array of shape (n,)
            Node numbers.
        """
        x = as_matrix(matrix, self.features)
        leaves = np.zeros(len(x), dtype=np.intp)
        rows: dict[int, IntArray] = {0: np.arange(len(x))}
        for node in range(len(self.feature)):
            here = rows.pop(node)
            if self.feature[node] == LEAF:
                leaves[here] = node
                continue
            left = self._goes_left(node, x, here)
            rows[int(self.left[node])] = here[left]
            rows[int(self.right[node])] = here[~left]
        return leaves

    def _goes_left(self, node: int, x: FloatArray, here: IntArray) -> BoolArray:
        """Which of some rows `here` (n,) of a matrix go to a node's left child: (n,)."""
        given = self.tests[node] if self.tests else None
        if given is not None:
            return given.holds(x[here])
        known, codes = x[here, self.feature[node]], self.categories[node]
        if codes is None:
            left = np.less_equal(known, self.threshold[node])
        else:
            left = np.isin(known, np.fromiter(codes, dtype=np.float64))
        return np.asarray(left | np.isnan(known) if self.missing_left[node] else left)

    def predict_values(self, matrix: Array) -> FloatArray:
        """Class probabilities or regression values of rows (n, d): (n, k)."""
        return self.value[self.apply(matrix)]

    def predict(self, matrix: Array) -> IntArray | FloatArray:
        """Class codes (n,) of rows (n, d), or regression values (n,) or (n, k)."""
        leaves = self.apply(matrix)
        if self.decision is not None:
            return self.decision[leaves]
        values = self.value[leaves]
        return values[:, 0] if values.shape[1] == 1 else values

    # Reading ----------------------------------------------------------------------------

    def test(self, node: int) -> tuple[Condition, Condition]:
        """The conditions of going left and of going right at a node."""
        column, codes = int(self.feature[node]), self.categories[node]
        missing = bool(self.missing_left[node])
        given = self.tests[node] if self.tests else None
        left: Condition
        if given is not None:
            left = given
        elif codes is not None:
            left = CategorySet(column, codes, missing)
        else:
            left = Interval(column, high=float(self.threshold[node]), missing=missing)
        return left, complement(left, self.features)

    def paths(self) -> dict[int, tuple[Condition, ...]]:
        """The conditions on the way to each leaf, from the root on."""
        above: dict[int, tuple[Condition, ...]] = {0: ()}
        for node in np.flatnonzero(~self.is_leaf):
            path = above.pop(int(node))
            left, right = self.test(int(node))
            above[int(self.left[node])] = (*path, left)
            above[int(self.right[node])] = (*path, right)
        return above

    def rules(self) -> RuleSet:
        """One rule a leaf, conditions on one column met into one; predicts the same."""
        from surrogate.forms.simplify import ruleset_from_tree

        return ruleset_from_tree(self)

    def to_text(self, *, limit: int | None = 8) -> str:
        """The tree as indented lines, with names, units and categories.

        Parameters
        ----------
        limit : int or None
            How many categories a condition lists before it counts the rest.
        """
        return tree_text(self, limit)

    def __str__(self) -> str:
        return self.to_text()

    # JSON -------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, one list per field; None for what is not finite."""
        return {
            "form": "tree",
            "features": [feature_to_dict(f) for f in self.features],
            "classes": None if self.classes is None else list(self.classes),
            "feature": self.feature.tolist(),
            "threshold": [finite_or_none(t) for t in self.threshold],
            "categories": [None if c is None else sorted(c) for c in self.categories],
            "left": self.left.tolist(),
            "right": self.right.tolist(),
            "missing_left": self.missing_left.tolist(),
            "value": self.value.tolist(),
            "weight": self.weight.tolist(),
            "count": self.count.tolist(),
            "decision": None if self.decision is None else self.decision.tolist(),
            "tests": [None if t is None else t.to_dict() for t in self.tests],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Tree:
        """The tree that `to_dict` wrote.

        Raises
        ------
        InputError
            If an entry is missing, or the entries do not make a tree.
        """
        data = {"tests": [], **data}  # written without it until 0.1
        fields = {name: take(data, name, "tree") for name in cls.__dataclass_fields__}
        fields["features"] = tuple(feature_from_dict(f) for f in fields["features"])
        given = (None if t is None else condition_from_dict(t) for t in fields["tests"])
        fields["tests"] = tuple(given)
        tests = fields["tests"] or (None,) * len(fields["feature"])
        inner = zip(fields["threshold"], fields["feature"], fields["categories"], tests)
        fields["threshold"] = [
            (np.inf if f != LEAF and c is None and test is None else np.nan) if t is None else t
            for t, f, c, test in inner
        ]
        fields["categories"] = tuple(fields["categories"])
        fields["classes"] = None if fields["classes"] is None else tuple(fields["classes"])
        return cls(**fields)


_Stored: TypeAlias = tuple[int, float, "frozenset[int] | None", bool, "Condition | None"]


def _stored(test: Condition | None) -> _Stored:
    """Column, threshold, categories, way of missing values and test of one node."""
    if test is None:
        return LEAF, np.nan, None, False, None
    if isinstance(test, CategorySet):
        return test.feature, np.nan, test.codes, test.missing, None
    if isinstance(test, Interval) and test.low == -np.inf and test.high_closed:
        return test.feature, test.high, None, test.missing, None
    return min(test.columns), np.nan, None, False, test
