"""A tree of C4.5 as a form: a test of many branches becomes a chain of tests."""

from __future__ import annotations

import numpy as np

from surrogate.forms import CategorySet, Interval
from surrogate.trees._c45_grow import Node
from surrogate.trees._sketch import Sketch

__all__ = ["sketch_of"]


def sketch_of(root: Node) -> Sketch:
    """The binary tree that decides as a tree of C4.5 does.

    Branches of a nominal test that are leaves of one decision become one set; leaves come
    first in the chain, the largest subtree last. A missing value, which C4.5 sends down
    all branches in part, goes the way of the branch with the most weight.

    Parameters
    ----------
    root : Node

    Returns
    -------
    root : Sketch
    """
    made = Sketch()
    waiting = [(root, made)]
    while waiting:
        node, at = waiting.pop()
        at.decision = node.best
        if not node.is_leaf:
            waiting += _continuous(node, at) if np.isfinite(node.cut) else _nominal(node, at)
    return made


def _continuous(node: Node, at: Sketch) -> list[tuple[Node, Sketch]]:
    """Say a cut; its children and where they go."""
    sizes = [child.votes.sum() for child in node.children]
    left, right = at.split(
        Interval(node.feature, high=node.cut, missing=bool(sizes[0] >= sizes[1]))
    )
    return [(node.children[0], left), (node.children[1], right)]


def _nominal(node: Node, at: Sketch) -> list[tuple[Node, Sketch]]:
    """Say a test of many branches as a chain; the groups' nodes and where they go."""
    sizes = [float(child.votes.sum()) for child in node.children]
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    groups = _groups(node)
    said: list[tuple[Node, Sketch]] = []
    for codes, child in groups[:-1]:
        left, right = at.split(CategorySet(node.feature, frozenset(codes), largest in codes))
        said.append((child, left))
        at = right
    return [*said, (groups[-1][1], at)]


def _groups(node: Node) -> list[tuple[list[int], Node]]:
    """Codes that go together, in the order of the chain, with the node of each group."""
    leaves: dict[int, list[int]] = {}
    deeper: list[tuple[list[int], Node]] = []
    for code, child in enumerate(node.children):
        if child.is_leaf:
            leaves.setdefault(child.best, []).append(code)
        else:
            deeper.append(([code], child))
    joined = []
    for best, codes in leaves.items():
        votes = np.sum([node.children[code].votes for code in codes], axis=0)
        joined.append((codes, Node(votes, best)))
    joined.sort(key=lambda group: -float(group[1].votes.sum()))
    deeper.sort(key=lambda group: sum(1 for _ in group[1].walk()))
    return [*joined, *deeper]
