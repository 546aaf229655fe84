"""From labelled rows to a `Tree`: codes, scikit-learn's greedy growth, optimal pruning.

The greedy growth is scikit-learn's, which compares float32. It is therefore given the
rank of each value instead of the value: ranks are exact, so that every fitted row goes
the way that scikit-learn sent it, whatever the offset and scale of its column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from surrogate.forms import LEAF, Tree
from surrogate.trees._codes import Coding, coding_of
from surrogate.trees._histogram import Greedy, grow_binned
from surrogate.trees._labelled import Labelled
from surrogate.trees._prune import best_scores, best_subtree, cost_complexity
from surrogate.trees._thresholds import between
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["OVERGROW", "Grown", "grow"]

OVERGROW = 4
"""How many times more leaves are grown greedily than the best subtree may keep."""

TINY = float(np.finfo(float).tiny)

MANY_ROWS = 50_000
"""More rows are grown on bins: scikit-learn sorts them at every node."""

MANY_BINS = 255
"""Bins a column then, of about as many rows each."""


@dataclass(frozen=True, eq=False)
class Grown:
    """A large tree, out of which smaller ones are cut without growing again."""

    rows: Labelled
    coding: Coding
    feature: IntArray  # (m,)
    split: FloatArray  # (m,) the greatest rank that goes left
    left: IntArray
    right: IntArray
    missing_left: BoolArray
    leaf: IntArray  # (n,) the leaf of each row
    weight: FloatArray  # (m,)
    count: IntArray  # (m,)
    value: FloatArray  # (m, k)
    votes: FloatArray | None  # (m, classes) weight of the rows that decide for each class
    score: FloatArray  # (m,) what a node adds to the whole if it is a leaf
    max_leaves: int  # the largest size that it was grown for

    def tree(self, max_leaves: int) -> Tree:
        """The best tree of at most so many leaves in what was grown for this size."""
        left, right = self._prefix(max_leaves)
        inner = best_subtree(left, right, self.score, max_leaves)
        order = _preorder(left, right, inner)
        number = np.full(len(self.feature), LEAF)
        number[order] = np.arange(len(order))
        is_inner = inner[order]
        threshold, categories, missing_left = self._tests(order, is_inner)
        votes = self.votes
        return Tree(
            features=self.rows.features,
            classes=self.rows.classes,
            feature=np.where(is_inner, self.feature[order], LEAF),
            threshold=threshold,
            categories=tuple(categories),
            left=np.where(is_inner, number[self.left[order]], LEAF),
            right=np.where(is_inner, number[self.right[order]], LEAF),
            missing_left=missing_left,
            value=self.value[order],
            weight=self.weight[order],
            count=self.count[order],
            decision=None if votes is None else votes[order].argmax(axis=1),
        )

    def prices(self, max_leaves: int) -> list[tuple[float, int]]:
        """Sizes up to `max_leaves` that are best at some price of a leaf, dearest first.

        The price is a share of what one leaf for all leaves to gain: of the weight, or of
        the scatter in regression.
        """
        left, right = self._prefix(max_leaves)
        scores = best_scores(left, right, self.score, max_leaves)
        whole = float(self.weight[0]) if self.votes is not None else -float(self.score[0])
        return [(price / max(whole, TINY), size) for price, size in cost_complexity(scores)]

    def _prefix(self, max_leaves: int) -> tuple[IntArray, IntArray]:
        """Children of the nodes that a growth for `max_leaves` has.

        Growth is best-first and numbers nodes as they come: a smaller growth is a prefix.
        """
        end = 2 * OVERGROW * max_leaves - 1
        left, right = (np.where(self.left < end, child, LEAF) for child in (self.left, self.right))
        return left, right

    def _tests(
        self, order: IntArray, is_inner: BoolArray
    ) -> tuple[FloatArray, list[frozenset[int] | None], BoolArray]:
        """Thresholds, category sets and missing routing of the nodes in `order`."""
        threshold = np.full(len(order), np.nan)
        categories: list[frozenset[int] | None] = [None] * len(order)
        missing_left = self.missing_left[order] & is_inner
        rows_of = self._rows_of_nodes()
        for at in np.flatnonzero(is_inner):
            node = int(order[at])
            column = int(self.feature[node])
            x = self.rows.matrix[:, column]
            left, right = (x[rows_of[c]] for c in (int(self.left[node]), int(self.right[node])))
            if self.rows.features[column].is_nominal:
                categories[at] = self.coding.codes_up_to(column, self.split[node])
            else:
                threshold[at] = between(left, right)
            if not (np.isnan(left).any() or np.isnan(right).any()):
                # Nothing was seen missing here: the way that most rows go.
                missing_left[at] = self.weight[self.left[node]] >= self.weight[self.right[node]]
        return threshold, categories, missing_left

    def _rows_of_nodes(self) -> dict[int, IntArray]:
        """Indices of the rows that reach each node."""
        by_leaf = np.argsort(self.leaf, kind="stable")
        leaves, start = np.unique(self.leaf[by_leaf], return_index=True)
        rows = dict(zip(leaves.tolist(), np.split(by_leaf, start[1:])))
        for node in reversed(range(len(self.feature))):
            if self.feature[node] != LEAF:
                children = (int(self.left[node]), int(self.right[node]))
                rows[node] = np.concatenate([rows[child] for child in children])
        return rows


def grow(
    rows: Labelled,
    *,
    max_leaves: int,
    max_depth: int | None,
    min_reach: float,
    soft: bool,
    seed: int,
) -> Grown:
    """Grow best-first to `OVERGROW` times `max_leaves`; trees are cut out of what was grown."""
    by_class = rows.decision is not None and not soft
    most = MANY_BINS if len(rows.matrix) > MANY_ROWS else None
    coding = coding_of(rows.matrix, rows.features, rows.values, rows.weight, most=most)
    how = _Growth(max(2, OVERGROW * max_leaves), max_depth, min_reach, by_class, seed)
    tree = (_greedy if most is None else _greedy_binned)(rows, coding, how)
    leaf, left, right = tree.leaf, np.asarray(tree.left), np.asarray(tree.right)
    weight, count, value, votes = _statistics(rows, leaf, left, right)
    score = votes.max(axis=1) if votes is not None else -_scatter(rows, leaf, left, right, value)
    inner = left != LEAF
    return Grown(
        rows=rows,
        coding=coding,
        feature=np.where(inner, tree.feature, LEAF),
        split=np.asarray(tree.split),
        left=left,
        right=right,
        missing_left=np.asarray(tree.missing_left, dtype=np.bool_),
        leaf=leaf,
        weight=weight,
        count=count,
        value=value,
        votes=votes,
        score=score,
        max_leaves=max_leaves,
    )


class _Growth(NamedTuple):
    """How far and by what to grow."""

    max_leaves: int
    max_depth: int | None
    min_reach: float
    by_class: bool
    seed: int


def _greedy(rows: Labelled, coding: Coding, how: _Growth) -> Greedy:
    """scikit-learn's growth on exact ranks."""
    codes = coding.encode(rows.matrix)
    kind: Any = DecisionTreeClassifier if how.by_class else DecisionTreeRegressor
    fitted = kind(
        max_leaf_nodes=how.max_leaves,
        max_depth=how.max_depth,
        min_weight_fraction_leaf=how.min_reach,
        random_state=how.seed,
    ).fit(codes, rows.decision if how.by_class else rows.values, sample_weight=rows.weight)
    tree = fitted.tree_
    return Greedy(
        leaf=fitted.apply(codes),
        feature=tree.feature,
        split=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        missing_left=tree.missing_go_to_left,
    )


def _greedy_binned(rows: Labelled, coding: Coding, how: _Growth) -> Greedy:
    """Growth of our own on bins, for many rows."""
    codes, sizes = coding.bins(rows.matrix)
    return grow_binned(
        codes,
        sizes=sizes,
        weight=rows.weight,
        classes=rows.decision if how.by_class else None,
        values=None if how.by_class else rows.values,
        max_leaves=how.max_leaves,
        max_depth=how.max_depth,
        min_weight=how.min_reach * float(rows.weight.sum()),
    )


def _summed(per_row: FloatArray, leaf: IntArray, left: IntArray, right: IntArray) -> FloatArray:
    """Sums over the rows of each node: (n, k) -> (m, k)."""
    total = np.zeros((len(left), per_row.shape[1]))
    for column in range(per_row.shape[1]):
        total[:, column] = np.bincount(leaf, weights=per_row[:, column], minlength=len(left))
    for node in reversed(range(len(left))):
        if left[node] != LEAF:
            total[node] = total[left[node]] + total[right[node]]
    return total


def _statistics(
    rows: Labelled, leaf: IntArray, left: IntArray, right: IntArray
) -> tuple[FloatArray, IntArray, FloatArray, FloatArray | None]:
    """Weight (m,), count (m,), mean value (m, k) and votes (m, classes) of each node."""
    w = rows.weight[:, None]
    parts = [w, np.ones_like(w), w * rows.values]
    if rows.decision is not None and rows.classes is not None:
        parts.append(w * np.eye(len(rows.classes))[rows.decision])
    ends = np.cumsum([part.shape[1] for part in parts])[:-1]
    sums = np.split(_summed(np.hstack(parts), leaf, left, right), ends, axis=1)
    weight = sums[0][:, 0]
    votes = sums[3] if len(sums) > 3 else None
    return weight, sums[1][:, 0].astype(np.intp), sums[2] / weight[:, None], votes


def _scatter(
    rows: Labelled, leaf: IntArray, left: IntArray, right: IntArray, value: FloatArray
) -> FloatArray:
    """Weighted squared distance of each node's rows to their mean: (m,)."""
    w = rows.weight[:, None]
    nearest = np.abs(rows.values - value[0]).argmin(axis=0)
    centre = rows.values[nearest, np.arange(len(nearest))]  # of equal values, exactly theirs
    centred = rows.values - centre  # keeps the difference of large squares exact
    weight = _summed(w, leaf, left, right)
    mean = _summed(w * centred, leaf, left, right) / weight
    squares = _summed(w * centred**2, leaf, left, right)
    return np.asarray((squares - weight * mean**2).sum(axis=1))


def _preorder(left: IntArray, right: IntArray, inner: BoolArray) -> IntArray:
    """Nodes of the pruned tree, parents first, left before right."""
    order, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if inner[node]:
            waiting += [int(right[node]), int(left[node])]
    return np.array(order)
