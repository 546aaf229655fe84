"""A decision graph: a tree whose subtrees are shared, as read-only arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.errors import InputError
from surrogate.forms._plain import (
    as_matrix,
    class_text,
    feature_from_dict,
    feature_to_dict,
    plain_labels,
    read_only,
    same_array,
    take,
    value_text,
)
from surrogate.forms.conditions import Condition, condition_from_dict
from surrogate.types import Array, BoolArray, Feature, FloatArray, IntArray, Label

if TYPE_CHECKING:
    from surrogate.forms._expand import Expanded

__all__ = ["DecisionGraph"]

_END = -1  # what `yes` and `no` hold at a leaf


@dataclass(frozen=True, eq=False)
class DecisionGraph:
    """Tests that lead to one another and end in leaves; several may lead to the same.

    Node 0 is the start. A row for which a node's test holds goes on to `yes`, any other to
    `no`; both have greater numbers than the node itself, so that no row goes in circles.

    Parameters
    ----------
    features : tuple of Feature, length d
    classes : tuple or None
        Classes in the order of their codes; None for regression.
    tests : tuple of length m, of Condition or None
        None at leaves.
    yes, no : int arrays of shape (m,)
        Where a row goes; -1 at leaves.
    value : float array of shape (m, k)
        Class probabilities, or regression values, of the fitted rows that come by.
    weight : float array of shape (m,)
        Weight of the fitted rows that come by.
    decision : int array of shape (m,), optional
        Code of the class that a leaf decides; the column of the greatest value if it is not
        said. None for regression.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.forms import DecisionGraph, Interval
    >>> from surrogate.types import Feature
    >>> a, b = Interval(0, low=0.5), Interval(1, low=0.5)
    >>> xor = DecisionGraph(
    ...     features=(Feature("a"), Feature("b")),
    ...     classes=("equal", "different"),
    ...     tests=(a, b, b, None, None),
    ...     yes=[1, 3, 4, -1, -1],
    ...     no=[2, 4, 3, -1, -1],
    ...     value=[[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [1, 0], [0, 1]],
    ...     weight=[4.0, 2.0, 2.0, 2.0, 2.0],
    ... )
    >>> xor.predict(np.array([[0.0, 0.0], [0.0, 1.0]]))
    array([0, 1])
    >>> print(xor)
    Start at 1; what is tested leads on, or decides.
    1. a > 0.5: go to 2, else to 3
    2. b > 0.5: equal (p 1), else different (p 1)
    3. b > 0.5: different (p 1), else equal (p 1)
    """

    features: tuple[Feature, ...]
    classes: tuple[Label, ...] | None
    tests: tuple[Condition | None, ...]
    yes: IntArray
    no: IntArray
    value: FloatArray
    weight: FloatArray
    decision: IntArray | None = None

    __hash__ = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        m = len(self.tests)
        value = np.asarray(self.value, dtype=np.float64).reshape(m, -1)
        decision = self.decision
        if self.classes is not None and decision is None:
            decision = value.argmax(axis=1)
        fields = {
            "features": tuple(self.features),
            "classes": None if self.classes is None else plain_labels(self.classes),
            "tests": tuple(self.tests),
            "yes": read_only(self.yes, np.intp),
            "no": read_only(self.no, np.intp),
            "value": read_only(value, np.float64),
            "weight": read_only(self.weight, np.float64),
            "decision": None if decision is None else read_only(decision, np.intp),
        }
        for name, field in fields.items():
            object.__setattr__(self, name, field)
        self._check()

    def _check(self) -> None:
        """Raise unless the arrays make a graph without circles that is reached everywhere."""
        m = len(self.tests)
        for name in ("yes", "no", "weight"):
            if len(getattr(self, name)) != m:
                raise InputError(
                    f"A DecisionGraph of {m} nodes needs {m} entries in `{name}`; "
                    f"got {len(getattr(self, name))}."
                )
        inner = np.flatnonzero(~self.is_leaf)
        ways = np.concatenate([self.yes[inner], self.no[inner]])
        onward = bool((ways > np.tile(inner, 2)).all()) and bool((ways < m).all())
        reached = np.union1d(ways, [0])
        if m == 0 or not onward or len(reached) != m:
            raise InputError(
                "A DecisionGraph starts at node 0, leads only to nodes of greater numbers, and "
                "to each of them from somewhere."
            )
        for test in (test for test in self.tests if test is not None):
            if max(test.columns, default=-1) >= len(self.features):
                raise InputError(
                    f"A DecisionGraph tests column {max(test.columns)}, but has "
                    f"{len(self.features)} features."
                )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DecisionGraph):
            return NotImplemented
        plain = ("features", "classes", "tests")
        arrays = ("yes", "no", "value", "weight", "decision")
        return all(getattr(self, name) == getattr(other, name) for name in plain) and all(
            same_array(getattr(self, name), getattr(other, name)) for name in arrays
        )

    # Size -------------------------------------------------------------------------------

    @property
    def is_leaf(self) -> BoolArray:
        """Which nodes are leaves: (m,)."""
        return np.array([test is None for test in self.tests], dtype=np.bool_)

    @property
    def columns(self) -> frozenset[int]:
        """Columns that any test looks at."""
        return frozenset().union(*(test.columns for test in self.tests if test is not None))

    @property
    def n_conditions(self) -> int:
        """How many tests there are."""
        return sum(test is not None for test in self.tests)

    @property
    def n_paths(self) -> int:
        """How many ways lead from the start to a leaf, counted without walking them.

        Some may be possible for no row; `expand` leaves these out.
        """
        ways = [0] * len(self.tests)
        for node in reversed(range(len(ways))):
            leaf = self.tests[node] is None
            ways[node] = 1 if leaf else ways[self.yes[node]] + ways[self.no[node]]
        return ways[0]

    @property
    def depth(self) -> int:
        """How many tests the longest way has."""
        depth = np.zeros(len(self.tests), dtype=np.intp)
        for node in np.flatnonzero(~self.is_leaf):
            for to in (self.yes[node], self.no[node]):
                depth[to] = max(depth[to], depth[node] + 1)
        return int(depth.max())

    @property
    def size(self) -> dict[str, float]:
        """How large the form is, by the names that reports use."""
        conditions = self.n_conditions
        return {
            "nodes": len(self.tests),
            "edges": 2 * conditions,
            "paths": self.n_paths,
            "conditions": conditions,
            "depth": self.depth,
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
        waiting: dict[int, list[IntArray]] = {0: [np.arange(len(x))]}
        for node, test in enumerate(self.tests):
            if node not in waiting:
                continue
            here = np.concatenate(waiting.pop(node))
            if test is None:
                leaves[here] = node
                continue
            holds = test.holds(x[here])
            for to, rows in ((self.yes[node], here[holds]), (self.no[node], here[~holds])):
                if len(rows):
                    waiting.setdefault(int(to), []).append(rows)
        return leaves

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

    def expand(self, *, max_rules: int = 1000) -> Expanded:
        """One rule for every way that a row can take, if they are not too many.

        Parameters
        ----------
        max_rules : int
            Where to stop.

        Returns
        -------
        expanded : Expanded
            With `rules`, and whether they are all.
        """
        from surrogate.forms._expand import expand

        return expand(self, max_rules=max_rules)

    def to_text(self, *, limit: int | None = 8) -> str:
        """The tests as numbered lines, with names, units and categories.

        Parameters
        ----------
        limit : int or None
            How many categories a condition lists before it counts the rest.
        """
        if self.tests[0] is None:
            return f"always {self._outcome(0)}"
        inner = np.flatnonzero(~self.is_leaf).tolist()
        number = {node: at for at, node in enumerate(inner, start=1)}
        lines = ["Start at 1; what is tested leads on, or decides."]
        for node in inner:
            test = self.tests[node]
            assert test is not None
            said = test.text(self.features, limit=limit)
            yes, no = int(self.yes[node]), int(self.no[node])
            to = f"go to {number[yes]}" if yes in number else self._outcome(yes)
            other = "to" if yes in number else "go to"
            rest = f"{other} {number[no]}" if no in number else self._outcome(no)
            lines.append(f"{number[node]}. {said}: {to}, else {rest}")
        return "\n".join(lines)

    def _outcome(self, node: int) -> str:
        """What a leaf says."""
        if self.decision is None or self.classes is None:
            return ", ".join(value_text(v) for v in self.value[node])
        code = int(self.decision[node])
        return f"{class_text(self.classes, code)} (p {self.value[node, code]:.3g})"

    def __str__(self) -> str:
        return self.to_text()

    # JSON -------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, one list per field."""
        return {
            "form": "graph",
            "features": [feature_to_dict(f) for f in self.features],
            "classes": None if self.classes is None else list(self.classes),
            "tests": [None if test is None else test.to_dict() for test in self.tests],
            "yes": self.yes.tolist(),
            "no": self.no.tolist(),
            "value": self.value.tolist(),
            "weight": self.weight.tolist(),
            "decision": None if self.decision is None else self.decision.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DecisionGraph:
        """The graph that `to_dict` wrote.

        Raises
        ------
        InputError
            If an entry is missing, or the entries do not make a graph.
        """
        fields = {name: take(data, name, "graph") for name in cls.__dataclass_fields__}
        fields["features"] = tuple(feature_from_dict(f) for f in fields["features"])
        fields["classes"] = None if fields["classes"] is None else tuple(fields["classes"])
        fields["tests"] = tuple(
            None if test is None else condition_from_dict(test) for test in fields["tests"]
        )
        return cls(**fields)
