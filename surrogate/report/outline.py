"""Trees and graphs as lists that fold: read, walked by keyboard, and marked by the script."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

from surrogate.forms import CategorySet, Condition, DecisionGraph, Tree, branch_texts
from surrogate.render.features import class_name, shown
from surrogate.render.fragments import Fragment
from surrogate.render.numbers import count, number, probability, share
from surrogate.types import Feature

__all__ = ["DEEPEST", "graph_list", "tree_outline"]

DEEPEST = 100
"""Depth of a tree up to which browsers nest its outline."""
_OPEN = 4
"""Levels that are open at first."""
_CATEGORIES = 8
_VALUES = 4


def tree_outline(tree: Tree) -> Fragment:
    """A tree as nested lists: each branch folds what is below it; a leaf says its answer.

    Parameters
    ----------
    tree : Tree
        Of depth `DEEPEST` at most.

    Returns
    -------
    Fragment
        Its branches carry the number of the node that they lead to.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.forms import Interval, Tree
    >>> from surrogate.report.outline import tree_outline
    >>> from surrogate.types import Feature
    >>> tree = Tree.of_tests(
    ...     (Feature("age"),), ("no", "yes"), (Interval(0, high=40.0), None, None),
    ...     left=[1, -1, -1], right=[2, -1, -1],
    ...     value=[[0.5, 0.5], [1.0, 0.0], [0.2, 0.8]], weight=[10.0, 4.0, 6.0],
    ... )
    >>> "yes 0.80 <span" in tree_outline(tree)
    True
    """
    features = shown(tree.features, html=True)
    below = np.ones(len(tree.feature), dtype=np.intp)  # leaves below each node
    for node in np.flatnonzero(~tree.is_leaf)[::-1]:
        below[node] = below[tree.left[node]] + below[tree.right[node]]
    writer = _Outline(tree, features, below.tolist())
    return Fragment(f'<div class="outline">{writer.children(0, {}, 0)}</div>')


class _Outline:
    """Writes the lists of one tree."""

    def __init__(self, tree: Tree, features: tuple[Feature, ...], below: list[int]) -> None:
        self.tree, self.features, self.below = tree, features, below

    def children(self, node: int, known: Mapping[int, CategorySet], depth: int) -> str:
        """The list below a node; of sets of categories, what the path leaves of them."""
        if self.tree.is_leaf[node]:
            return f"<ul><li>always {answer(self.tree, node)}</li></ul>"
        sides = [_left_of(condition, known) for condition in self.tree.test(node)]
        texts = branch_texts(sides[0], sides[1], self.features, limit=_CATEGORIES)
        to = (int(self.tree.left[node]), int(self.tree.right[node]))
        items = []
        for condition, text, child in zip(sides, texts, to):
            here = {condition.feature: condition} if isinstance(condition, CategorySet) else {}
            items.append(self._branch(child, text, known={**known, **here}, depth=depth + 1))
        return f"<ul>{''.join(items)}</ul>"

    def _branch(
        self, child: int, text: str, *, known: Mapping[int, CategorySet], depth: int
    ) -> str:
        said = f'<span class="if">{escape(text)}</span>'
        if self.tree.is_leaf[child]:
            return f'<li data-node="{child}">{said} {answer(self.tree, child)}</li>'
        leaves = f'<span class="n">{count(self.below[child], "leaf", "leaves")}</span>'
        opened = " open" if depth < _OPEN else ""
        return (
            f'<li data-node="{child}"><details{opened}><summary>{said} {leaves}</summary>'
            f"{self.children(child, known, depth)}</details></li>"
        )


def graph_list(graph: DecisionGraph) -> Fragment:
    """A decision graph as numbered tests, each with where it leads."""
    features = shown(graph.features, html=True)
    inner = np.flatnonzero(~graph.is_leaf).tolist()
    numbers = {node: at for at, node in enumerate(inner, start=1)}
    if not inner:
        return Fragment(f"<p>always {answer(graph, 0)}</p>")
    items = []
    for node in inner:
        test = graph.tests[node]
        assert test is not None
        yes, no = (
            f"test {numbers[to]}" if to in numbers else answer(graph, to)
            for to in (int(graph.yes[node]), int(graph.no[node]))
        )
        said = escape(test.text(features, limit=_CATEGORIES))
        items.append(
            f'<li data-node="{node}"><span class="if">{said}</span>: {yes}, otherwise {no}</li>'
        )
    return Fragment(f'<ol class="graph">{"".join(items)}</ol>')


def answer(form: Tree | DecisionGraph, node: int) -> Fragment:
    """What a leaf says, and the share of the fitted rows that reach it."""
    if form.decision is None or form.classes is None:
        said = ", ".join(number(float(v)) for v in form.value[node][:_VALUES])
    else:
        code = int(form.decision[node])
        name = class_name(form.classes, code, html=True)
        said = f"{name} {probability(float(form.value[node, code]))}"
    reach = form.weight[node] / form.weight[0] if form.weight[0] > 0 else np.nan
    often = f' <span class="n">({share(float(reach))})</span>' if np.isfinite(reach) else ""
    return Fragment(f'<span class="then">{escape(said)}{often}</span>')


def _left_of(condition: Condition, known: Mapping[int, CategorySet]) -> Condition:
    """Of a set of categories, those that a path leaves of them."""
    if isinstance(condition, CategorySet) and condition.feature in known:
        return condition.meet(known[condition.feature])
    return condition
