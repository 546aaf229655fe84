"""From a decision graph to rules: one for every way that a row can take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from surrogate._validate import Whole, check
from surrogate.forms._boxes import clean, possible
from surrogate.forms.conditions import AtLeast, Condition, complement, meet
from surrogate.forms.graph import DecisionGraph
from surrogate.forms.ruleset import Rule, RuleSet

__all__ = ["Expanded", "expand"]

Box: TypeAlias = tuple[dict[int, Condition], tuple[Condition, ...]]
"""One condition a column, and those that speak of several columns."""


@dataclass(frozen=True, eq=False)
class Expanded:
    """The rules of a graph, as far as they go.

    Parameters
    ----------
    rules : RuleSet
        Unordered, and no two hold for one row. If they are all, exactly one holds for each
        row and they predict as the graph does; else rows in none get the default.
    is_complete : bool
        Whether every way that a row can take is among them.
    """

    rules: RuleSet
    is_complete: bool


def expand(graph: DecisionGraph, *, max_rules: int = 1000) -> Expanded:
    """One rule for every way that a row can take, if they are not too many.

    Ways whose tests contradict each other in some column are not walked to their end, so
    that the work grows with the rules found and not with the ways counted by
    `DecisionGraph.n_paths`.

    Parameters
    ----------
    graph : DecisionGraph
    max_rules : int
        Where to stop.

    Returns
    -------
    expanded : Expanded

    Examples
    --------
    >>> from surrogate.forms import DecisionGraph, Interval
    >>> from surrogate.types import Feature
    >>> graph = DecisionGraph(
    ...     (Feature("a"),), ("no", "yes"),
    ...     (Interval(0, low=1.0), Interval(0, low=0.0), None, None),
    ...     yes=[3, 3, -1, -1], no=[1, 2, -1, -1],
    ...     value=[[0.5, 0.5], [0.6, 0.4], [0.9, 0.1], [0.2, 0.8]], weight=[4.0, 3.0, 2.0, 2.0],
    ... )
    >>> print(graph.expand().rules)
    Rules in no order; at most one holds for a row.
    1. if a > 1
       then yes (p 0.8)
    2. if 0 < a <= 1
       then yes (p 0.8)
    3. if a <= 0
       then no (p 0.9)
    otherwise no (p 0.5)
    """
    check("expand", {"max_rules": Whole(1)}, {"max_rules": max_rules})
    decision = None if graph.decision is None else graph.decision.tolist()
    if graph.tests[0] is None:
        rules: list[Rule] = []
        return Expanded(_ruleset(graph, rules), True)
    rules = []
    ways = _ways(graph)
    for box, leaf in islice(ways, max_rules):
        conditions = clean([*box[0].values(), *box[1]], graph.features)
        if conditions is not None:
            code = None if decision is None else decision[leaf]
            rules.append(Rule(conditions, graph.value[leaf], code))
    return Expanded(_ruleset(graph, rules), next(ways, None) is None)


def _ruleset(graph: DecisionGraph, rules: list[Rule]) -> RuleSet:
    """The rules, with what the graph says on the whole as default."""
    decision = None if graph.decision is None else int(graph.decision[0])
    return RuleSet(graph.features, graph.classes, tuple(rules), graph.value[0], decision)


def _ways(graph: DecisionGraph) -> Iterator[tuple[Box, int]]:
    """Every way that its own columns allow, with the leaf that it ends in."""
    no = [test and complement(test, graph.features) for test in graph.tests]
    waiting: list[tuple[Box, int]] = [(({}, ()), 0)]
    while waiting:
        box, node = waiting.pop()
        test, other = graph.tests[node], no[node]
        if test is None or other is None:
            yield box, node
            continue
        for condition, to in ((other, graph.no[node]), (test, graph.yes[node])):
            narrower = _narrowed(box, condition)
            if narrower is not None:
                waiting.append((narrower, int(to)))


def _narrowed(box: Box, condition: Condition) -> Box | None:
    """A box where one condition more holds; None where no row is left in it."""
    single, several = box
    if isinstance(condition, AtLeast):
        if condition in several:
            return box
        wider = (*several, condition)
        return (single, wider) if possible([*single.values(), *wider]) else None
    column = condition.feature
    both = meet(single[column], condition) if column in single else condition
    if both is None:  # an interval beside a set of categories of the same column
        return single, (*several, condition)
    if both.is_empty or (several and not possible([both, *several])):
        return None
    return {**single, column: both}, several
