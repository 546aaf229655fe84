"""A tree while it is made: nodes that are changed, numbered and counted at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from surrogate.forms import LEAF, CategorySet, Condition, Interval, Tree
from surrogate.trees._labelled import Labelled
from surrogate.trees._prune import best_subtree
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["Sketch", "best_smaller", "goes_left", "pruned", "sketches_of", "tree_of"]


@dataclass(eq=False, slots=True)
class Sketch:
    """A node: rows for which the test holds go left; without a test it is a leaf.

    Parameters
    ----------
    test : Condition or None
    left, right : Sketch or None
    decision : int or None
        Code of the class decided. None: most of the rows that reach the node.
    """

    test: Condition | None = None
    left: Sketch | None = None
    right: Sketch | None = None
    decision: int | None = None

    @property
    def children(self) -> tuple[Sketch, ...]:
        """The children, left first; none of a leaf."""
        return () if self.left is None or self.right is None else (self.left, self.right)

    def walk(self) -> Iterator[Sketch]:
        """Give the node itself and all below, parents first, left before right."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)

    def split(self, test: Condition) -> tuple[Sketch, Sketch]:
        """Give the node a test, and two leaves."""
        self.test, self.left, self.right = test, Sketch(), Sketch()
        return self.left, self.right

    def cut(self) -> None:
        """Make a leaf of the node."""
        self.test = self.left = self.right = None


def tree_of(root: Sketch, rows: Labelled) -> Tree:
    """The form of a sketch, with what its nodes answer to some rows.

    Parameters
    ----------
    root : Sketch
    rows : Labelled
        They are sent down the tree; a node that no row reaches answers as its parent.

    Returns
    -------
    tree : Tree
    """
    nodes = list(root.walk())
    number = {id(node): i for i, node in enumerate(nodes)}
    left, right = (
        np.array([number[id(n.children[side])] if n.children else LEAF for n in nodes])
        for side in (0, 1)
    )
    reached = _reached(nodes, left, right, rows.matrix)
    value, weight, votes = _answers(reached, left, right, rows)
    decision = None
    if votes is not None:
        given = np.array([-1 if n.decision is None else n.decision for n in nodes])
        decision = np.where(given < 0, votes.argmax(axis=1), given)
    return Tree.of_tests(
        rows.features,
        rows.classes,
        [node.test for node in nodes],
        left=left,
        right=right,
        value=value,
        weight=weight,
        count=np.array([len(here) for here in reached]),
        decision=decision,
    )


def best_smaller(tree: Tree, rows: Labelled, max_leaves: int) -> Tree:
    """The best subtree of at most so many leaves, by what its leaves answer to the rows.

    Parameters
    ----------
    tree : Tree
    rows : Labelled
        Those that its nodes were counted on.
    max_leaves : int

    Returns
    -------
    tree : Tree
        Of a classification the one that agrees with most weight, of a regression the one
        of least squared error; `tree` itself if it is small enough.
    """
    return tree if tree.n_leaves <= max_leaves else pruned(tree, rows, max_leaves)


def pruned(tree: Tree, rows: Labelled, max_leaves: int) -> Tree:
    """The best subtree, without what brings nothing even where there is room for it."""
    nodes = sketches_of(tree)
    reached = _reached(nodes, tree.left, tree.right, rows.matrix)
    score = np.array([_score(tree, rows, node, here) for node, here in enumerate(reached)])
    inner = best_subtree(tree.left, tree.right, score, max_leaves)
    for node, stays in zip(nodes, inner):
        if not stays:
            node.cut()
    return tree_of(nodes[0], rows)


def _score(tree: Tree, rows: Labelled, node: int, here: IntArray) -> float:
    """What a node adds to the agreement, or takes off as squared error, as a leaf."""
    w = rows.weight[here]
    if tree.decision is not None and rows.decision is not None:
        return float(w[rows.decision[here] == tree.decision[node]].sum())
    error = rows.values[here] - tree.value[node]
    return -float((w[:, None] * error**2).sum())


def sketches_of(tree: Tree) -> list[Sketch]:
    """The nodes of a form as sketches, in their order."""
    nodes = [Sketch(decision=None) for _ in tree.feature]
    for at, node in enumerate(nodes):
        if tree.decision is not None:
            node.decision = int(tree.decision[at])
        if tree.feature[at] != LEAF:
            node.test = tree.test(at)[0]
            node.left, node.right = nodes[int(tree.left[at])], nodes[int(tree.right[at])]
    return nodes


def goes_left(test: Condition, matrix: FloatArray, rows: IntArray) -> BoolArray:
    """Whether a test holds for some rows of a matrix (n, d); only its column is read."""
    if isinstance(test, Interval | CategorySet):
        column = matrix[rows, test.feature][:, None]
        return np.asarray(replace(test, feature=0).holds(column))
    return np.asarray(test.holds(matrix[rows]))


def _reached(
    nodes: list[Sketch], left: IntArray, right: IntArray, matrix: FloatArray
) -> list[IntArray]:
    """Indices of the rows that reach each node."""
    reached: list[IntArray] = [np.empty(0, dtype=np.intp)] * len(nodes)
    reached[0] = np.arange(len(matrix))
    for at, node in enumerate(nodes):
        if node.test is not None:
            here = reached[at]
            goes = goes_left(node.test, matrix, here)
            reached[int(left[at])], reached[int(right[at])] = here[goes], here[~goes]
    return reached


def _answers(
    reached: list[IntArray], left: IntArray, right: IntArray, rows: Labelled
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Mean value (m, k), weight (m,) and votes (m, classes) of each node's rows."""
    m = len(reached)
    value = np.zeros((m, rows.values.shape[1]))
    votes = None if rows.decision is None else np.zeros((m, len(rows.classes or ())))
    weight = np.array([rows.weight[here].sum() for here in reached])
    for at, here in enumerate(reached):
        w = rows.weight[here]
        if len(here):
            value[at] = w @ rows.values[here] / weight[at]
            if votes is not None and rows.decision is not None:
                votes[at] = np.bincount(rows.decision[here], w, minlength=votes.shape[1])
        for child in (int(left[at]), int(right[at])):
            if child != LEAF and not len(reached[child]):
                value[child] = value[at]
                if votes is not None:
                    votes[child] = votes[at]
    return value, weight, votes
