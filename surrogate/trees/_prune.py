"""The best subtree of each size, by dynamic programming over a grown tree.

Source: Almuallim, "An efficient algorithm for optimal pruning of decision trees",
Artificial Intelligence 83 (1996), after Bohanec and Bratko, Machine Learning 15 (1994).
"""

from __future__ import annotations

import numpy as np

from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["best_scores", "best_subtree", "cost_complexity"]

SLACK = 1e-6
"""A larger subtree must be better by this share of the total: a row in a million is nothing."""


def best_subtree(left: IntArray, right: IntArray, score: FloatArray, max_leaves: int) -> BoolArray:
    """Which nodes stay tests in the best subtree of at most `max_leaves` leaves.

    Parameters
    ----------
    left, right : int arrays of shape (m,)
        Children, numbered after their parent; -1 at a leaf.
    score : float array of shape (m,)
        What a node adds to the whole if it is a leaf; the sum over leaves is maximised.
    max_leaves : int

    Returns
    -------
    inner : bool array of shape (m,)
        Of subtrees equally good, one with the fewest leaves.
    """
    given, _ = _tables(left, right, score, max_leaves)
    inner = np.zeros(len(left), dtype=np.bool_)
    waiting = [(0, max_leaves)]
    while waiting:
        node, leaves = waiting.pop()
        leaves = min(leaves, len(given[node]))
        to_left = int(given[node][leaves - 1])
        if to_left:
            inner[node] = True
            waiting.append((int(left[node]), to_left))
            waiting.append((int(right[node]), leaves - to_left))
    return inner


def best_scores(left: IntArray, right: IntArray, score: FloatArray, max_leaves: int) -> FloatArray:
    """What the best subtree of at most 1, 2, ... leaves scores: (s,), rising, s <= max_leaves."""
    _, top = _tables(left, right, score, max_leaves)
    return top


def cost_complexity(scores: FloatArray) -> list[tuple[float, int]]:
    """The sizes that are best at some price of a leaf, dearest price first.

    Parameters
    ----------
    scores : float array of shape (s,)
        Of the best trees of at most 1, 2, ... leaves.

    Returns
    -------
    path : list of (price, leaves)
        From this price of a leaf down, in units of the scores, to that of the next entry so
        many leaves score most less their price. The first price is infinite, of one leaf.
        Where Breiman et al. (1984, chapter 3) cut the weakest link again and again, this is
        the hull of the best scores: the same trees, found all at once.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.trees._prune import cost_complexity
    >>> cost_complexity(np.array([60.0, 80.0, 85.0, 95.0, 95.0]))
    [(inf, 1), (20.0, 2), (7.5, 4)]
    """
    path, at = [(np.inf, 1)], 0
    while at + 1 < len(scores):
        slopes = (scores[at + 1 :] - scores[at]) / np.arange(1, len(scores) - at)
        steepest = float(slopes.max())
        if steepest <= SLACK * float(np.abs(scores).max()):
            break
        at += 1 + int(np.flatnonzero(slopes >= steepest * (1 - 1e-9))[-1])
        path.append((steepest, at + 1))
    return path


def _tables(
    left: IntArray, right: IntArray, score: FloatArray, max_leaves: int
) -> tuple[list[IntArray], FloatArray]:
    """Per node, entry s: of s + 1 leaves, how many go left, 0 if the node is a leaf itself.

    And what the root's best subtrees score.
    """
    slack = SLACK * max(float(np.abs(score).max()), np.finfo(float).tiny)
    best: list[FloatArray] = [np.empty(0)] * len(left)
    given: list[IntArray] = [np.empty(0, dtype=np.intp)] * len(left)
    for node in reversed(range(len(left))):
        if left[node] < 0:
            best[node], given[node] = np.array([score[node]]), np.zeros(1, dtype=np.intp)
            continue
        a, b = best[left[node]], best[right[node]]
        size = min(max_leaves, len(a) + len(b))
        top, split = np.full(size, score[node]), np.zeros(size, dtype=np.intp)
        for i in range(min(len(a), size - 1)):
            sums = a[i] + b[: size - 1 - i]  # i + 1 leaves to the left, 1.. to the right
            at = slice(i + 1, i + 1 + len(sums))
            better = sums > top[at] + slack
            top[at][better] = sums[better]
            split[at][better] = i + 1
        _carry(top, split, slack)
        best[node], given[node] = top, split
    return given, best[0]


def _carry(top: FloatArray, split: IntArray, slack: float) -> None:
    """Where more leaves bring nothing, keep to the smaller tree."""
    for s in range(1, len(top)):
        if top[s] <= top[s - 1] + slack:
            top[s], split[s] = top[s - 1], split[s - 1]
