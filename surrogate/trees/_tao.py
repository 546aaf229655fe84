"""Tree alternating optimisation: every test is chosen again, given all the others.

Carreira-Perpiñán and Tavallali, "Alternating optimization of decision trees, with
application to learning sparse oblique trees", NeurIPS 2018, for tests of one column. A
node's test matters only to the rows that would fare better on one side than on the
other: its care set. The test that sends them best is found exactly, by running sums over
the ranks of each column and, of categories, by the sign of each one's sum. The whole
never gets worse. Other than there, a leaf's answer is fitted in the same pass, the loss
may be squared error, and what no row reaches is pruned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate.forms import CategorySet, Condition, Interval, Tree
from surrogate.sampling import generator
from surrogate.trees._choose import fit_of
from surrogate.trees._labelled import Labelled
from surrogate.trees._ranks import Ranks, rank
from surrogate.trees._sketch import Sketch, goes_left, pruned, sketches_of, tree_of
from surrogate.trees._thresholds import shortest
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["ROUNDS", "Improver"]

ROUNDS = 20
"""Most passes over the tree; it is seldom that five change anything."""

MANY_BINS = 1023
"""Bins of a column where rows were drawn; a cut lies between two rows that care anyway."""

GAIN = 1e-6
"""Share of the whole weight (of its scatter, in regression) that a new test must bring."""


class Improver:
    """Improves trees that were fitted to some rows.

    Parameters
    ----------
    rows : Labelled
    min_reach : float
        Least share of the weight in a leaf.
    most : int
        Of more rows so many are drawn to choose the tests by; whether the tree is better,
        all of them say.
    seed : int
    """

    def __init__(self, rows: Labelled, *, min_reach: float, most: int, seed: int) -> None:
        self.rows = rows
        n = len(rows.matrix)
        some = np.arange(n)
        if n > most:
            some = np.sort(generator(seed, "improving").choice(n, most, replace=False))
        looked_at = rows if n <= most else rows.some(some)
        ranks = rank(looked_at.matrix, looked_at.features, most=None if n <= most else MANY_BINS)
        least = min_reach * float(looked_at.weight.sum())
        self.work = _Work(looked_at, ranks, least, _losses_of(looked_at))

    def improve(self, tree: Tree) -> Tree:
        """The tree with its tests chosen anew, of the same shape or pruned.

        It never fits the rows worse.
        """
        root = sketches_of(tree)[0]
        for node in root.walk():
            node.decision = None  # what most of its rows say, and they will be others
        self.work.run(root)
        better = pruned(tree_of(root, self.rows), self.rows, tree.n_leaves)
        if len(self.work.rows.matrix) == len(self.rows.matrix):
            return better
        return max(tree, better, key=lambda one: fit_of(one, self.rows))


@dataclass(eq=False)
class _Losses:
    """What each row costs under each answer, and answers that cost least."""

    weight: FloatArray
    decision: IntArray | None
    values: FloatArray
    n_classes: int
    least: float  # a gain below counts for nothing

    def of(self, answer: FloatArray, rows: IntArray) -> FloatArray:
        """Loss of some rows under an answer: (n,)."""
        if self.decision is not None:
            return np.asarray(self.weight[rows] * (self.decision[rows] != answer[0]))
        return np.asarray(self.weight[rows] * ((self.values[rows] - answer) ** 2).sum(axis=1))

    def best(self, rows: IntArray) -> FloatArray:
        """The answer that costs these rows least."""
        w = self.weight[rows]
        if self.decision is not None:
            votes = np.bincount(self.decision[rows], w, minlength=self.n_classes)
            return np.array([float(votes.argmax())])
        return np.asarray(w @ self.values[rows] / w.sum())


def _losses_of(rows: Labelled) -> _Losses:
    """Errors by weight of a classification, squared ones of a regression."""
    whole = float(rows.weight.sum())
    if rows.decision is None:
        mean = rows.weight @ rows.values / whole
        whole = float((rows.weight[:, None] * (rows.values - mean) ** 2).sum())
    return _Losses(rows.weight, rows.decision, rows.values, len(rows.classes or ()), GAIN * whole)


class _Work:
    """One tree's improvement: answers of leaves, and passes over its nodes."""

    def __init__(self, rows: Labelled, ranks: Ranks, least: float, losses: _Losses) -> None:
        self.rows, self.ranks, self.least, self.losses = rows, ranks, least, losses
        self.answers: dict[int, FloatArray] = {}

    def run(self, root: Sketch) -> None:
        """Pass over the tree until nothing changes."""
        self.answers = {}
        everything = np.arange(len(self.rows.matrix))
        for _ in range(ROUNDS):
            if not self.once(root, everything):
                break
        self.tidy(root, everything)

    def once(self, root: Sketch, everything: IntArray) -> bool:
        """Choose every node's answer or test again, children first; whether a test changed."""
        changed = False
        for node, here in reversed(self._reached(root, everything)):
            if node.test is None:
                if len(here) or id(node) not in self.answers:
                    self.answers[id(node)] = self.losses.best(here if len(here) else everything)
            elif len(here):
                changed |= self._choose(node, here)
        return changed

    def tidy(self, root: Sketch, everything: IntArray) -> None:
        """Leave out every test without which its rows fare as well."""
        for node, here in reversed(self._reached(root, everything)):
            if node.test is None or not len(here):
                continue
            losses = [float(self._loss(child, here).sum()) for child in node.children]
            best = int(losses[1] < losses[0])
            if losses[best] <= float(self._loss(node, here).sum()) + self.losses.least:
                child = node.children[best]
                node.test, node.left, node.right = child.test, child.left, child.right
                if child.test is None:
                    self.answers[id(node)] = self.answers[id(child)]

    def _reached(self, root: Sketch, everything: IntArray) -> list[tuple[Sketch, IntArray]]:
        """Nodes with their rows, parents first."""
        found, waiting = [], [(root, everything)]
        while waiting:
            node, here = waiting.pop()
            found.append((node, here))
            if node.test is not None:
                left = goes_left(node.test, self.rows.matrix, here)
                waiting += zip(node.children, (here[left], here[~left]))
        return found

    def _choose(self, node: Sketch, here: IntArray) -> bool:
        """Give a node the test that costs its rows least, if it is better than its own."""
        assert node.test is not None
        left, right = (self._loss(child, here) for child in node.children)
        gain = left - right  # what a row saves by going right
        care = np.flatnonzero(gain)
        if not len(care):
            return False
        rows, gain = here[care], gain[care]
        now = float(gain[goes_left(node.test, self.rows.matrix, rows)].sum())
        found = _best_test(self.rows, self.ranks, rows, gain, now - self.losses.least)
        if isinstance(found, CategorySet):
            found = self._with_idle(node, found, rows, here)
        if found is None or not self._has_room(node, found, here):
            return False
        x = self.rows.matrix[here, found.feature]
        if not np.isnan(x).any():  # nothing was seen missing here: the way that most rows go
            goes = goes_left(found, self.rows.matrix, here)
            w = self.rows.weight[here]
            found = replace(found, missing=bool(w[goes].sum() >= w[~goes].sum()))
        node.test = found
        return True

    def _with_idle(
        self, node: Sketch, found: CategorySet, care: IntArray, here: IntArray
    ) -> CategorySet:
        """Categories that no row which cares has stay where they went, or go with most rows."""
        column, matrix = found.feature, self.rows.matrix
        known = set(matrix[care, column][~np.isnan(matrix[care, column])].astype(int).tolist())
        idle = frozenset(range(len(self.rows.features[column].categories))) - known
        if isinstance(node.test, CategorySet) and node.test.feature == column:
            return replace(found, codes=found.codes | (idle & node.test.codes))
        left, weight = np.isin(matrix[here, column], list(found.codes)), self.rows.weight[here]
        most = weight[left].sum() > weight[~left].sum()
        return replace(found, codes=found.codes | idle if most else found.codes)

    def _loss(self, node: Sketch, rows: IntArray) -> FloatArray:
        """What rows cost if they go down from a node: (n,)."""
        if node.test is None:
            return self.losses.of(self.answers[id(node)], rows)
        goes = goes_left(node.test, self.rows.matrix, rows)
        loss = np.empty(len(rows))
        for child, some in zip(node.children, (goes, ~goes)):
            loss[some] = self._loss(child, rows[some])
        return loss

    def _has_room(self, node: Sketch, test: Condition, here: IntArray) -> bool:
        """Whether every leaf below keeps enough weight with another test."""
        if not self.least:
            return True
        kept, node.test = node.test, test
        reached = self._reached(node, here)
        node.test = kept
        leaves = (rows for below, rows in reached if below.test is None)
        return all(self.rows.weight[rows].sum() >= self.least for rows in leaves)


def _best_test(
    rows: Labelled, ranks: Ranks, care: IntArray, gain: FloatArray, below: float
) -> Interval | CategorySet | None:
    """The test whose left side sums up the least gain, if that is less than `below`."""
    best: tuple[float, int, FloatArray] | None = None
    for column in range(len(rows.features)):
        sums, missing = ranks.sums(column, care, gain)
        if rows.features[column].is_nominal:
            total = float(np.minimum(sums, 0.0).sum())
        else:
            total = min(0.0, float(np.cumsum(sums).min()))
        total += min(0.0, missing)
        if total < below:
            best, below = (missing, column, sums), total
    if best is None:
        return None
    missing, column, sums = best
    return _test(rows, ranks, care, column=column, sums=sums, missing=missing < 0)


def _test(
    rows: Labelled,
    ranks: Ranks,
    care: IntArray,
    *,
    column: int,
    sums: FloatArray,
    missing: bool,
) -> Interval | CategorySet:
    """Say a column's best cut, between the rows that care."""
    feature = rows.features[column]
    x = rows.matrix[care, column]
    if feature.is_nominal:
        return CategorySet(column, frozenset(np.flatnonzero(sums < 0).tolist()), missing)
    running = np.cumsum(sums)
    cut = int(running.argmin()) if running.min() < 0 else -1
    left: BoolArray = ranks.codes[column][care] <= cut
    known = ~np.isnan(x)
    low, high = x[left & known], x[~left & known]
    if not len(high):
        return Interval(column, missing=missing)
    return Interval(
        column,
        high=shortest(float(low.max()) if len(low) else -np.inf, float(high.min())),
        missing=missing,
    )
