"""C4.5's growth, vectorised: gain ratio, multiway nominal tests, missing values as fractions.

Quinlan, "C4.5: Programs for Machine Learning" (1993), and for continuous columns "Improved
use of continuous attributes in C4.5", JAIR 4 (1996). The columns are sorted once; a node
hands each child its rows in that order, so that no row is sorted twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from surrogate.trees._thresholds import shortest
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["DEEPEST", "C45Options", "Node", "grow_c45"]

DEEPEST = 200
"""No path is longer, so that walking a tree never exceeds Python's stack."""

TINY = 1e-9
"""Beyond rounding: what a gain must reach, and what an error must differ by."""


@dataclass(frozen=True)
class C45Options:
    """What growth and pruning may be told.

    Parameters
    ----------
    min_cases : float
        Least weight in two branches of a test (C4.5's ``-m``).
    confidence : float
        Of the pessimistic error in pruning, in (0, 1]; smaller prunes more (C4.5's ``-c``).
    raising : bool
        Whether pruning may replace a subtree by its largest branch.
    short : bool
        Whether a cut is the shortest number between two values, which reads well, instead
        of the largest data value up to their middle, as C4.5 has it. Both part alike the
        rows that the cut was found on.
    max_depth : int
        Most tests on a path.
    """

    min_cases: float = 2.0
    confidence: float = 0.25
    raising: bool = True
    short: bool = False
    max_depth: int = DEEPEST


@dataclass(eq=False, slots=True)
class Node:
    """A test with its children, or a leaf.

    Parameters
    ----------
    votes : float array of shape (k,)
        Weight of the fitted rows of each class; rows whose value is missing count in
        every branch with a fraction.
    best : int
        Code of the class decided here; where no row came, the parent's.
    feature : int
        Column tested; -1 at a leaf.
    cut : float
        Greatest value of a continuous column that goes to the first of two children; NaN
        at leaves and nominal tests.
    children : list of Node
        Two of a continuous column; one for each code of a nominal one.
    """

    votes: FloatArray
    best: int
    feature: int = -1
    cut: float = np.nan
    children: list[Node] = field(default_factory=list)

    @property
    def is_leaf(self) -> bool:
        """Whether there is no test."""
        return self.feature < 0

    def walk(self) -> Iterator[Node]:
        """Give the node itself and all below, parents first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)

    def branch(self, x: FloatArray) -> IntArray:
        """Which child each value (n,) of the tested column goes to; -1 where it is missing."""
        return _branch_of(x, self.cut)


def grow_c45(
    matrix: FloatArray,
    codes: IntArray,
    *,
    n_classes: int,
    weight: FloatArray | None = None,
    n_codes: Sequence[int] | None = None,
    options: C45Options | None = None,
) -> Node:
    """Grow the unpruned tree; `surrogate.trees._c45_prune.c45` grows and prunes.

    Parameters
    ----------
    matrix : float array of shape (n, d)
        NaN where a value is missing.
    codes : int array of shape (n,)
        Class of each row, from 0 to `n_classes` - 1.
    n_classes : int
    weight : float array of shape (n,), optional
        Positive; 1 each by default.
    n_codes : sequence of d ints, optional
        How many codes a nominal column has; 0 for a column with an order. All by default.
    options : C45Options, optional

    Returns
    -------
    root : Node

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.trees._c45_grow import grow_c45
    >>> h = np.array([[0.1, 0.7], [0.2, 0.1], [0.8, 0.3], [0.9, 0.9]])
    >>> root = grow_c45(h, np.array([0, 0, 1, 1]), n_classes=2)
    >>> root.feature, root.cut, [child.best for child in root.children]
    (0, 0.2, [0, 1])
    """
    options = options or C45Options()
    nominal = np.zeros(matrix.shape[1], dtype=np.intp) if n_codes is None else np.asarray(n_codes)
    weight = np.ones(len(matrix)) if weight is None else np.asarray(weight, dtype=np.float64)
    cases = _Cases.of(np.asarray(matrix, dtype=np.float64), codes, weight, nominal > 0)
    search = _Search(cases, nominal, n_classes, options)
    root = search.node(cases.y, cases.w, 0)
    waiting = [(root, cases, 0)]
    while waiting:
        node, cases, depth = waiting.pop()
        if depth >= options.max_depth or search.is_done(node):
            continue
        test = search.best_test(cases)
        if test is None:
            continue
        node.feature, node.cut = test.feature, test.cut
        cases = cases.varying()
        for number, share in enumerate(test.share):
            here, w = _branch(cases.w, test.branch, number=number, share=float(share))
            child = search.node(cases.y[here], w[here], node.best)
            node.children.append(child)
            if not search.is_done(child):
                waiting.append((child, cases.part(here, w), depth + 1))
    _collapse(root)
    return root


@dataclass(frozen=True, eq=False)
class _Test:
    """A test, and where the rows of a node go by it."""

    feature: int
    cut: float
    branch: IntArray  # (n,), -1 where the value is missing
    share: FloatArray  # (branches,) of the known weight


@dataclass(frozen=True, eq=False)
class _Cases:
    """The rows of a node; `order` and `values` hold them in the order of each column."""

    matrix: FloatArray  # (n, d)
    y: IntArray  # (n,)
    w: FloatArray  # (n,)
    columns: IntArray  # (c,) continuous columns that are not constant
    order: npt.NDArray[np.int32]  # (c, n)
    values: FloatArray  # (c, n), missing ones last

    @classmethod
    def of(cls, matrix: FloatArray, y: IntArray, w: FloatArray, nominal: BoolArray) -> _Cases:
        """All rows, sorted by every continuous column."""
        columns = np.flatnonzero(~nominal)
        table = np.ascontiguousarray(matrix.T[columns])  # (c, n)
        order = table.argsort(axis=1, kind="stable").astype(np.int32)
        values = np.take_along_axis(table, order, axis=1)
        return cls(matrix, np.asarray(y, dtype=np.intp), w, columns, order, values)

    def varying(self) -> _Cases:
        """The same without columns of one value, which part no rows below."""
        vary = self.values[:, 0] != self.values[:, -1]  # NaN differs from itself: kept
        if vary.all():
            return self
        return replace(
            self, columns=self.columns[vary], order=self.order[vary], values=self.values[vary]
        )

    def part(self, here: BoolArray, w: FloatArray) -> _Cases:
        """Some of the rows, with weights w (n,) of all, in the same orders."""
        n, c = int(np.count_nonzero(here)), len(self.columns)
        new = np.cumsum(here, dtype=np.int32) - np.int32(1)
        kept = np.flatnonzero(here[self.order])  # n in every column
        order = new[self.order.ravel()[kept]].reshape(c, n)
        values = self.values.ravel()[kept].reshape(c, n)
        return _Cases(self.matrix[here], self.y[here], w[here], self.columns, order, values)


def _branch_of(x: FloatArray, cut: float) -> IntArray:
    """Which side of a cut, or which code if it is NaN, each value (n,) is; -1 if missing."""
    missing = np.isnan(x)
    to = np.where(missing, 0, x) if np.isnan(cut) else x > cut
    return np.where(missing, -1, to.astype(np.intp))


def _branch(
    w: FloatArray, branch: IntArray, *, number: int, share: float
) -> tuple[BoolArray, FloatArray]:
    """Which rows go down a branch, missing ones with its share: rows (n,), weights (n,)."""
    here, missing = branch == number, branch < 0
    if share > 0 and missing.any():
        return here | missing, np.where(missing, w * share, w)
    return here, w


class _Found(NamedTuple):
    """A possible test; `at` is where the cut lies in the order of a column, or -1."""

    gain: float
    split: float
    column: int
    at: tuple[int, int] | None


class _Search:
    """The best test of a node, as C4.5 chooses it."""

    def __init__(
        self, cases: _Cases, n_codes: IntArray, n_classes: int, options: C45Options
    ) -> None:
        self.n_codes, self.n_classes, self.options = n_codes, n_classes, options
        self.nominal = np.flatnonzero(n_codes > 0)
        self.sorted = dict(zip(cases.columns.tolist(), cases.values))
        self.any_missing = bool(np.isnan(cases.matrix).any())
        # Of whole numbers x log x is looked up, which takes a third of the time.
        self.whole = bool((cases.w == 1).all()) and not self.any_missing
        self.known = _plogp(np.arange(len(cases.w) + 1.0)) if self.whole else np.empty(0)

    def node(self, y: IntArray, w: FloatArray, best: int) -> Node:
        """A leaf of these rows; `best` where there are none."""
        votes: FloatArray = np.bincount(y, w, self.n_classes).astype(np.float64)
        return Node(votes, int(votes.argmax()) if len(y) else best)

    def is_done(self, node: Node) -> bool:
        """Whether the rows are too few to part, or of one class."""
        total = float(node.votes.sum())
        others = total - float(node.votes[node.best])
        return total < 2 * self.options.min_cases or others <= TINY * total

    def best_test(self, cases: _Cases) -> _Test | None:
        """The greatest gain ratio among the tests of at least average gain."""
        found = [*self._cuts(cases), *self._sets(cases)]
        if not found:
            return None
        average = sum(test.gain for test in found) / len(found)
        able = [test for test in found if test.gain >= average - TINY and test.split > TINY]
        if not able:
            return None
        best = max(able, key=lambda test: test.gain / test.split)
        cut = np.nan if best.at is None else self._cut(cases, best.column, best.at)
        branch = _branch_of(cases.matrix[:, best.column], cut)
        size = 2 if best.at is not None else int(self.n_codes[best.column])
        known = np.bincount(branch + 1, weights=cases.w, minlength=size + 1)[1:]
        return _Test(best.column, cut, branch, known / known.sum())

    def _cuts(self, cases: _Cases) -> list[_Found]:
        """The best cut of each continuous column that has one with a gain."""
        if not len(cases.columns):
            return []
        low, w = self._running(cases)  # (c, n) or (1, n)
        known = low[:, -1:]
        total = float(cases.w.sum())
        least = np.maximum(np.clip(0.1 * known / self.n_classes, None, 25.0), self.least) - TINY
        can = (low[:, :-1] >= least) & (low[:, :-1] <= known - least)
        # Only the span of places where some column may be cut.
        some = np.flatnonzero(can.any(axis=0))
        if not len(some):
            return []
        span = slice(int(some[0]), int(some[-1]) + 1)
        can = can[:, span] & (
            cases.values[:, span] < cases.values[:, span.start + 1 : span.stop + 1]
        )
        tries = np.count_nonzero(can, axis=1)
        if not tries.any():
            return []
        low = low[:, span]
        base, parted = self._information(cases, w, low=low, known=known, span=span)
        # Gain on the known rows times their share of all, less what telling the cut costs.
        gain = np.where(can, base - parted, -np.inf)
        best = gain.argmax(axis=1)
        lines = np.arange(len(best))
        gains = (gain[lines, best] - np.log2(np.maximum(tries, 1))) / total
        below = np.broadcast_to(low, gain.shape)[lines, best]
        above = known[:, 0] - below
        split = _entropy(np.stack([below, above, total - below - above])) / total
        return [
            _Found(float(gains[j]), float(split[j]), int(cases.columns[j]), (j, span.start + k))
            for j, k in zip(lines.tolist(), best.tolist())
            if gains[j] > TINY
        ]

    @property
    def least(self) -> float:
        """Least weight of a branch."""
        return self.options.min_cases

    def _running(self, cases: _Cases) -> tuple[Any, FloatArray | None]:
        """The weight up to each place (c, n), and that of each place; None if all weigh 1."""
        if self.whole:
            return np.arange(1, len(cases.w) + 1)[None, :], None
        w = cases.w[cases.order]
        if self.any_missing:
            w = np.where(np.isnan(cases.values), 0.0, w)
        return np.cumsum(w, axis=1), w

    def _information(
        self, cases: _Cases, w: FloatArray | None, *, low: Any, known: Any, span: slice
    ) -> tuple[Any, Any]:
        """Weight times entropy, of the known rows (c, 1) and within both sides of cuts."""
        y = cases.y[cases.order]  # (c, n)
        present = np.flatnonzero(np.bincount(cases.y))
        base = self._plogp(known)
        parted = self._plogp(low) + self._plogp(known - low)
        rest, rest_known = low, known
        for code in present[:-1]:
            is_code = y == code
            below = np.cumsum(is_code if w is None else is_code * w, axis=1)
            of_class, below = below[:, -1:], below[:, span]
            base = base - self._plogp(of_class)
            parted = parted - self._plogp(below) - self._plogp(of_class - below)
            rest, rest_known = rest - below, rest_known - of_class
        base = base - self._plogp(rest_known)
        return base, parted - self._plogp(rest) - self._plogp(rest_known - rest)

    def _plogp(self, x: Any) -> Any:
        """Each x times log2 x."""
        return self.known[x] if self.whole else _plogp(x)

    def _cut(self, cases: _Cases, column: int, at: tuple[int, int]) -> float:
        """The largest value of the whole data up to the middle, or the shortest number."""
        low, high = float(cases.values[at]), float(cases.values[at[0], at[1] + 1])
        if self.options.short:
            return shortest(low, high)
        values = self.sorted[column]
        middle = low + (high - low) / 2
        cut = float(values[np.searchsorted(values, middle, side="right") - 1])
        return cut if cut < high else low

    def _sets(self, cases: _Cases) -> list[_Found]:
        """The tests of nominal columns that part."""
        found = []
        total = float(cases.w.sum())
        for column in self.nominal:
            x = cases.matrix[:, column]
            known = ~np.isnan(x)
            size = int(self.n_codes[column])
            pair = x[known].astype(np.intp) * self.n_classes + cases.y[known]
            votes = np.bincount(pair, cases.w[known], size * self.n_classes)
            table: FloatArray = votes.astype(np.float64).reshape(size, self.n_classes)
            sizes: FloatArray = table.sum(axis=1)  # (codes,)
            if np.count_nonzero(sizes >= self.least - TINY) < 2:
                continue
            gain = (_entropy(table.sum(axis=0)) - _entropy(table.T).sum()) / total
            split = _entropy(np.append(sizes, total - sizes.sum())) / total
            if gain > -TINY:
                found.append(_Found(float(gain), float(split), int(column), None))
        return found


def _collapse(root: Node) -> None:
    """Make leaves of tests whose leaves err as often on the fitted rows."""
    errors: dict[int, float] = {}
    for node in reversed(list(root.walk())):
        own = float(node.votes.sum() - node.votes[node.best])
        below = sum(errors[id(child)] for child in node.children) if node.children else own
        if node.children and below >= own - TINY * max(1.0, own):
            node.feature, node.cut, node.children, below = -1, np.nan, [], own
        errors[id(node)] = below


def _entropy(sizes: FloatArray) -> Any:
    """Total size times the entropy of sizes (m,) or (m, c), over the first axis."""
    return _plogp(sizes.sum(axis=0)) - _plogp(sizes).sum(axis=0)


def _plogp(x: Any) -> Any:
    """Each x times log2 x, 0 at 0."""
    positive = np.maximum(x, 0.0)
    return positive * np.log2(np.where(positive > 0, positive, 1.0))
