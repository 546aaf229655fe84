"""Trees that say one layer by the layer below it: C4.5 for labels, and for single terms."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from surrogate.trees._c45_grow import C45Options, Node
from surrogate.trees._c45_prune import c45
from surrogate.types import BoolArray, Feature, FloatArray, IntArray

__all__ = ["Layers", "cut_back", "smaller"]


@dataclass(frozen=True, eq=False)
class Layers:
    """What is seen of a net for the rows fitted, and how trees are grown on it.

    Parameters
    ----------
    features : tuple of Feature
        The inputs.
    seen : tuple of float arrays of shape (n, units)
        The inputs first, then hidden layers from input to output.
    weight : float array of shape (n,)
    options : C45Options
    max_leaves : int
        Most leaves of each tree.
    """

    features: tuple[Feature, ...]
    seen: tuple[FloatArray, ...]
    weight: FloatArray
    options: C45Options
    max_leaves: int

    def tree(self, codes: IntArray, layer: int, *, n_classes: int) -> Node:
        """A pruned tree of one layer for the codes (n,) of all rows."""
        n_codes = [len(f.categories) if f.is_nominal else 0 for f in self.features]
        root = c45(
            self.seen[layer],
            codes,
            n_classes=n_classes,
            weight=self.weight,
            n_codes=n_codes if layer == 0 else None,
            options=self.options,
        )
        return cut_back(root, self.max_leaves)

    def truth(self, truth: BoolArray, layer: int) -> Node:
        """A tree of one layer for whether something holds of each row."""
        return self.tree(truth.astype(np.intp), layer, n_classes=2)


def cut_back(root: Node, max_leaves: int) -> Node:
    """The tree with at most so many leaves: where it costs fewest errors, tests become leaves.

    The tree given is changed, as pruning changes it.
    """
    excess = sum(node.is_leaf for node in root.walk()) - max_leaves
    if excess <= 0:
        return root
    parent = {id(child): node for node in root.walk() for child in node.children}
    open_below = {id(n): sum(not c.is_leaf for c in n.children) for n in root.walk()}
    ties = count()
    waiting = [
        (_price(node), next(ties), node)
        for node in root.walk()
        if not node.is_leaf and not open_below[id(node)]
    ]
    heapq.heapify(waiting)
    while excess > 0 and waiting:
        _, _, node = heapq.heappop(waiting)
        excess -= len(node.children) - 1
        node.feature, node.cut, node.children = -1, np.nan, []
        above = parent.get(id(node))
        if above is not None:
            open_below[id(above)] -= 1
            if not open_below[id(above)]:
                heapq.heappush(waiting, (_price(above), next(ties), above))
    return root


def _price(node: Node) -> float:
    """Errors added for each leaf saved, where a test whose children are leaves becomes one."""
    own = float(node.votes.sum() - node.votes[node.best])
    below = sum(float(child.votes.sum() - child.votes[child.best]) for child in node.children)
    return (own - below) / max(len(node.children) - 1, 1)


def smaller(layers: Layers) -> Layers:
    """The same with trees of half the leaves."""
    return replace(layers, max_leaves=max(layers.max_leaves // 2, 2))
