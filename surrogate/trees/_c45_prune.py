"""C4.5's pruning: errors as pessimistic bounds, subtrees replaced by leaves or raised.

Quinlan, "C4.5: Programs for Machine Learning" (1993), chapter 4, and the bounds that
release 8 computes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from surrogate.trees._c45_grow import TINY, C45Options, Node, grow_c45
from surrogate.types import FloatArray, IntArray

__all__ = ["c45", "extra_errors", "prune_c45"]

SLACK = 0.1
"""A simpler tree may be predicted this many errors more."""

DEVIATES = (
    (0.0, 4.0),
    (0.001, 3.09),
    (0.005, 2.58),
    (0.01, 2.33),
    (0.05, 1.65),
    (0.10, 1.28),
    (0.20, 0.84),
    (0.40, 0.25),
    (1.00, 0.0),
)
"""Normal deviates of tail probabilities, between which release 8 interpolates."""


def extra_errors(n: float, errors: float, *, confidence: float = 0.25) -> float:
    """How many more errors than the ones seen are predicted, as a pessimist.

    Parameters
    ----------
    n : float
        Weight of the rows.
    errors : float
        Weight of those in error.
    confidence : float
        Probability that the true rate lies above the bound.

    Examples
    --------
    Quinlan's own examples (1993, page 41): the rates 0.206, 0.750 and 0.157.

    >>> from surrogate.trees._c45_prune import extra_errors
    >>> [round((e + extra_errors(n, e)) / n, 3) for n, e in ((6, 0), (1, 0), (16, 1))]
    [0.206, 0.75, 0.157]
    """
    if n <= 0:
        return 0.0
    if errors < 1.0:
        none = n * (1.0 - math.pow(confidence, 1.0 / n))
        if errors < TINY:
            return none
        return none + errors * (extra_errors(n, 1.0, confidence=confidence) - none)
    if errors + 0.5 >= n:
        return 0.67 * max(n - errors, 0.0)
    z2 = _deviate(confidence) ** 2
    half = errors + 0.5
    root = math.sqrt(z2 * (half * (1.0 - half / n) + z2 / 4.0))
    return n * (half + z2 / 2.0 + root) / (n + z2) - errors


def _deviate(confidence: float) -> float:
    """The normal deviate of a tail probability, by the table."""
    for (low, above), (high, below) in pairwise(DEVIATES):
        if confidence <= high:
            return above + (below - above) * (confidence - low) / (high - low)
    return 0.0


def c45(
    matrix: FloatArray,
    codes: IntArray,
    *,
    n_classes: int,
    weight: FloatArray | None = None,
    n_codes: Sequence[int] | None = None,
    options: C45Options | None = None,
) -> Node:
    """Grow a tree as `grow_c45` does, and prune it.

    Parameters
    ----------
    matrix, codes, n_classes, weight, n_codes, options
        As of `surrogate.trees._c45_grow.grow_c45`.

    Returns
    -------
    root : Node
        `surrogate.trees._c45_form.form_of` makes a Tree of it.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.trees._c45_prune import c45
    >>> h = np.linspace(0, 1, 40)[:, None]
    >>> root = c45(h, (h[:, 0] > 0.3).astype(int), n_classes=2)
    >>> len(root.children), round(root.cut, 3)
    (2, 0.282)
    """
    root = grow_c45(
        matrix, codes, n_classes=n_classes, weight=weight, n_codes=n_codes, options=options
    )
    return prune_c45(root, matrix, codes, weight=weight, options=options)


def prune_c45(
    root: Node,
    matrix: FloatArray,
    codes: IntArray,
    *,
    weight: FloatArray | None = None,
    options: C45Options | None = None,
) -> Node:
    """The tree with subtrees replaced by leaves or by their largest branch.

    Parameters
    ----------
    root : Node
        Left as it is.
    matrix, codes, weight, options
        What it was grown on, and how.

    Returns
    -------
    root : Node
        A new tree.
    """
    weight = np.ones(len(matrix)) if weight is None else np.asarray(weight, dtype=np.float64)
    pruner = _Pruner(matrix, codes, len(root.votes), options or C45Options())
    pruned, _ = pruner.prune(root, np.arange(len(matrix)), weight, root.best)
    return pruned


class _Pruner:
    """Walks a tree with its rows, bottom up."""

    def __init__(
        self, matrix: FloatArray, codes: IntArray, n_classes: int, options: C45Options
    ) -> None:
        self.columns = np.ascontiguousarray(np.asarray(matrix, dtype=np.float64).T)
        self.codes, self.n_classes, self.options = codes, n_classes, options

    def prune(self, node: Node, rows: IntArray, w: FloatArray, parent: int) -> tuple[Node, float]:
        """The best tree in place of a node on some rows, and its predicted errors."""
        leaf, as_leaf = self._leaf(rows, w, parent)
        if node.is_leaf or not len(rows):
            return leaf, as_leaf
        parts = self._parts(node, rows, w)
        done = [self.prune(child, *part, leaf.best) for child, part in zip(node.children, parts)]
        as_tree = sum(errors for _, errors in done)
        largest = max(range(len(parts)), key=lambda i: float(parts[i][1].sum()))
        branch = done[largest][0]
        raised = math.inf
        if self.options.raising and not branch.is_leaf:
            raised = self._errors(branch, rows, w)
        if as_leaf <= min(as_tree, raised) + SLACK:
            return leaf, as_leaf
        if raised <= as_tree + SLACK:
            return self.prune(branch, rows, w, parent)
        children = [child for child, _ in done]
        return Node(leaf.votes, leaf.best, node.feature, node.cut, children), as_tree

    def _leaf(self, rows: IntArray, w: FloatArray, parent: int) -> tuple[Node, float]:
        """A leaf of some rows, and its predicted errors."""
        votes: FloatArray = np.bincount(self.codes[rows], w, self.n_classes).astype(np.float64)
        return Node(votes, int(votes.argmax()) if len(rows) else parent), self._predicted(votes)

    def _predicted(self, votes: FloatArray) -> float:
        """Errors predicted of a leaf with these votes."""
        n = float(votes.sum())
        errors = n - float(votes.max())
        return errors + extra_errors(n, errors, confidence=self.options.confidence)

    def _errors(self, node: Node, rows: IntArray, w: FloatArray) -> float:
        """Errors predicted of a tree on some rows."""
        if node.is_leaf or not len(rows):
            return self._leaf(rows, w, node.best)[1]
        parts = self._parts(node, rows, w)
        return sum(self._errors(child, *part) for child, part in zip(node.children, parts))

    def _parts(
        self, node: Node, rows: IntArray, w: FloatArray
    ) -> list[tuple[IntArray, FloatArray]]:
        """Rows and weights that go to each child; a missing value goes to all in part."""
        branch = node.branch(self.columns[node.feature, rows])
        size = len(node.children)
        known = np.bincount(branch + 1, weights=w, minlength=size + 1)
        missing, sizes = branch < 0, known[1:]
        if known[0] == 0 or sizes.sum() == 0:
            return [(rows[branch == i], w[branch == i]) for i in range(size)]
        share = sizes / sizes.sum()
        parts = []
        for i in range(size):
            here = (branch == i) | (missing & bool(share[i] > 0))
            parts.append((rows[here], np.where(missing, w * share[i], w)[here]))
        return parts
