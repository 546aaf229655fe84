"""From trees of a net's layers to one graph of its inputs: terms replaced by their trees."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from surrogate.forms import CategorySet, Condition, Interval
from surrogate.rules._plan import Plan
from surrogate.rules._terms import Layers
from surrogate.trees._c45_grow import Node
from surrogate.trees._thresholds import shortest
from surrogate.types import FloatArray, IntArray

__all__ = ["Planter"]


class Planter:
    """Replaces tests of hidden units by the trees of what they say, layer by layer.

    A node "h > t" of a layer becomes the tree, over the layer below, of whether h > t; the
    leaves of that tree lead on to where the node's two ways lead. A term has one tree,
    however often it is tested.

    Parameters
    ----------
    layers : Layers
    max_nodes : int
        Most nodes of the graph.

    Raises
    ------
    Full
        By `plant`, where there would be more.
    """

    def __init__(self, layers: Layers, max_nodes: int) -> None:
        self.plan = Plan(max_nodes)
        self.n_trees = 0
        self._layers = layers
        self._terms: dict[tuple[int, int, float], Node] = {}
        self._planted: dict[Hashable, int] = {}
        inputs = layers.seen[0]
        self._sorted = [np.unique(x[~np.isnan(x)]) for x in inputs.T]

    def decide(self, codes: IntArray, layer: int, *, n_classes: int) -> int:
        """Plant the tree, over a layer, of codes (n,); gives its root."""
        self.n_trees += 1
        tree = self._layers.tree(codes, layer, n_classes=n_classes)
        leaves = tuple(self.plan.leaf(code) for code in range(n_classes))
        return self.plant(tree, layer, leaves)

    def plant(self, root: Node, layer: int, leads: tuple[int, ...]) -> int:
        """Plant a tree over a layer whose leaves lead where their codes say; gives its root."""
        key = (id(root), leads)
        if key not in self._planted:
            planted: dict[int, int] = {}
            for node in reversed(list(root.walk())):  # children first, without recursion
                ways = [planted[id(child)] for child in node.children]
                number = leads[node.best] if node.is_leaf else self._tested(node, layer, ways)
                planted[id(node)] = number
            self._planted[key] = planted[id(root)]
        return self._planted[key]

    def _tested(self, node: Node, layer: int, ways: list[int]) -> int:
        """Plant one test whose ways are planted."""
        if layer == 0:
            return self._of_input(node, ways)
        below, above = ways  # of a cut: at most, and more
        if below == above:
            return above
        return self.plant(self._term(layer, node.feature, node.cut), layer - 1, (below, above))

    def _term(self, layer: int, unit: int, cut: float) -> Node:
        """The tree, over the layer below, of whether a unit is more than a cut."""
        key = (layer, unit, cut)
        if key not in self._terms:
            self.n_trees += 1
            holds = self._layers.seen[layer][:, unit] > cut
            self._terms[key] = self._layers.truth(holds, layer - 1)
        return self._terms[key]

    def _of_input(self, node: Node, ways: list[int]) -> int:
        """The test of an input column; a missing value goes the way of most rows."""
        column = node.feature
        weight = [float(child.votes.sum()) for child in node.children]
        if node.cut == node.cut:  # not NaN: a column with an order
            cut = _threshold(self._sorted[column], node.cut)
            test: Condition = Interval(column, low=cut, missing=weight[1] > weight[0])
            return self.plan.test(test, ways[1], ways[0])
        groups: dict[int, list[int]] = {}
        for code, to in enumerate(ways):
            groups.setdefault(to, []).append(code)
        largest = ways[int(np.argmax(weight))]
        last, *others = sorted(groups, key=lambda to: (to != largest, len(groups[to]), to))
        root = last  # the way of most rows, and so of missing values, is what is left over
        for to in others:
            root = self.plan.test(CategorySet(column, frozenset(groups[to])), to, root)
        return root


def _threshold(values: FloatArray, cut: float) -> float:
    """The shortest number that parts the fitted values (m,) of a column as a cut does."""
    at = int(np.searchsorted(values, cut, side="right"))
    return shortest(cut, float(values[at])) if at < len(values) else cut
