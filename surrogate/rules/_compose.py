"""A net's layers as one decision graph of bounded size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from surrogate.forms import DecisionGraph
from surrogate.rules._goals import Goals
from surrogate.rules._plan import Full, Plan
from surrogate.rules._plant import Planter
from surrogate.rules._terms import Layers, smaller
from surrogate.rules._thread import by_logic, by_rows, repeated
from surrogate.trees._labelled import Labelled
from surrogate.types import FloatArray, IntArray

__all__ = ["Composed", "compose", "graph_of"]


@dataclass(frozen=True, eq=False)
class Composed:
    """A graph in the making, and how it came about.

    Parameters
    ----------
    plan : Plan
    root : int
    n_trees : int
        Trees that were grown for it.
    max_leaves : int
        Most leaves that each of them was allowed in the end.
    """

    plan: Plan
    root: int
    n_trees: int
    max_leaves: int


def compose(layers: Layers, goals: Goals, *, max_nodes: int, min_rows: int) -> Composed:
    """The tree of the last layer, with all terms replaced down to the inputs.

    Where more than `max_nodes` tests would come of it, all trees are grown again with half
    the leaves each.

    Parameters
    ----------
    layers : Layers
        Those read, the inputs first.
    goals : Goals
    max_nodes : int
    min_rows : int
        Rows that must go either way at each test, coming that way; 0 keeps every test that
        the tests before it do not decide.
    """
    while True:
        planter = Planter(layers, max_nodes)
        try:
            root = planter.decide(goals.codes, len(layers.seen) - 1, n_classes=goals.n)
        except Full:
            layers = smaller(layers)
            continue
        step = partial(by_logic, features=layers.features)
        plan, root = repeated(step, planter.plan, root)
        if min_rows:
            plan, root = repeated(
                partial(by_rows, matrix=layers.seen[0], least=min_rows), plan, root
            )
        return Composed(plan, root, planter.n_trees, layers.max_leaves)


def graph_of(composed: Composed, rows: Labelled, goals: Goals) -> DecisionGraph:
    """The form, with what the rows fitted say of each node."""
    plan = composed.plan
    order = plan.below(composed.root)
    number = {node: at for at, node in enumerate(order)}
    tests = tuple(plan.tests[node] for node in order)
    ways = np.array(
        [[-1 if to < 0 else number[to] for to in plan.ways[node]] for node in order], dtype=np.intp
    )
    outcome = np.array([plan.outcome[node] for node in order], dtype=np.intp)
    value, weight = _means(tests, ways, rows, goals, outcome)
    decision = None
    if rows.decision is not None:
        decision = np.where(outcome >= 0, outcome, value.argmax(axis=1))
    return DecisionGraph(
        rows.features,
        rows.classes,
        tests,
        ways[:, 0],
        ways[:, 1],
        value=value,
        weight=weight,
        decision=decision,
    )


def _means(
    tests: Sequence[object], ways: IntArray, rows: Labelled, goals: Goals, outcome: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Mean values (m, k) and weights (m,) of the rows that come by each node.

    A leaf that none comes by takes the mean of the rows of its code, a test that of all.
    """
    overall = np.average(goals.values, axis=0, weights=rows.weight)
    value = np.tile(overall, (len(tests), 1))
    weight = np.zeros(len(tests))
    coming: dict[int, list[IntArray]] = {0: [np.arange(len(rows.matrix))]}
    for node, test in enumerate(tests):
        here = np.concatenate(coming.pop(node, [np.empty(0, dtype=np.intp)]))
        like = (
            here if len(here) or outcome[node] < 0 else np.flatnonzero(goals.codes == outcome[node])
        )
        if len(like):
            value[node] = np.average(goals.values[like], axis=0, weights=rows.weight[like])
        weight[node] = rows.weight[here].sum()
        if test is None:
            continue
        yes = test.holds(rows.matrix[here])  # type: ignore[attr-defined]
        for to, some in zip(ways[node].tolist(), (here[yes], here[~yes])):
            coming.setdefault(to, []).append(some)
    return value, weight
