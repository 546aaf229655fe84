"""A tree as a picture: from left to right, one line a leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surrogate.forms import Tree
from surrogate.render.canvas import BLUE, CLASS_COLOURS, axes_or_new, label
from surrogate.render.features import class_name, shown
from surrogate.render.numbers import number, share
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_tree", "tree_size"]

_LEVEL, _LINE, _LEAF = 1.75, 0.3, 2.3
"""Inches that a level, a leaf's line and a leaf's text take."""
_CONDITION, _CLASS = 26, 22
"""Characters of a condition and of a class."""


def tree_size(tree: Tree) -> tuple[float, float]:
    """Width and height in inches that a tree needs to be read."""
    return _LEVEL * max(1, tree.depth) + _LEAF, _LINE * (tree.n_leaves + 1)


def plot_tree(tree: Tree, *, ax: Axes | None = None) -> Axes:
    """Draw a tree from left to right: conditions on the branches, answers at the leaves.

    The thickness of a branch is the share of the fitted rows that takes it.

    Parameters
    ----------
    tree : surrogate.forms.Tree
    ax : matplotlib.axes.Axes, optional
        Drawn on; new ones of a fitting size if not given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingDependency
        If matplotlib is not installed.
    """
    width, height = tree_size(tree)
    ax = axes_or_new(ax, width=width, height=height)
    y = _heights(tree)
    depth = tree.depths
    reach = tree.weight / tree.weight[0] if tree.weight[0] > 0 else np.ones(len(y))
    ink = ax.xaxis.label.get_color()
    features = shown(tree.features, width=18)
    for node in np.flatnonzero(~tree.is_leaf):
        children = (int(tree.left[node]), int(tree.right[node]))
        ax.plot([depth[node]] * 2, y[list(children)], color=ink, linewidth=0.8)
        for condition, child in zip(tree.test(int(node)), children):
            thick = 0.8 + 5 * float(reach[child])
            ends = [depth[node], depth[child]]
            ax.plot(ends, [y[child]] * 2, color=BLUE, linewidth=thick, alpha=0.55, zorder=1)
            ax.annotate(
                label(condition.text(features, limit=2), _CONDITION),
                (depth[node], y[child]),
                xytext=(5, 1.5 + thick / 2),
                textcoords="offset points",
                fontsize=8,
                parse_math=False,
            )
    for node in np.flatnonzero(tree.is_leaf):
        _leaf(
            ax, tree, int(node), at=(float(depth[node]), float(y[node])), reach=float(reach[node])
        )
    ax.set_xlim(-0.05, max(1, tree.depth) + _LEAF / _LEVEL)
    ax.set_ylim(tree.n_leaves - 0.4, -0.9)
    ax.set_axis_off()
    return ax


def _leaf(ax: Axes, tree: Tree, node: int, *, at: tuple[float, float], reach: float) -> None:
    """A dot in the class's colour, and what the leaf says."""
    colour = BLUE
    if tree.decision is None:
        said = ", ".join(number(float(v)) for v in tree.value[node])
    else:
        code = int(tree.decision[node])
        colour = CLASS_COLOURS[code % len(CLASS_COLOURS)]
        probability = number(float(tree.value[node, code]), 2)
        said = f"{class_name(tree.classes, code, width=_CLASS)} {probability}"
    ax.plot(*at, marker="o", markersize=6, color=colour, zorder=2)
    ax.annotate(
        label(f"{said}  ({share(reach)})", _CLASS + 16),
        at,
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        parse_math=False,
    )


def _heights(tree: Tree) -> FloatArray:
    """The line of each node: leaves one below the other, others between their children."""
    y = np.zeros(len(tree.feature))
    line = 0
    stack = [0]
    while stack:
        node = stack.pop()
        if tree.is_leaf[node]:
            y[node], line = line, line + 1
        else:
            stack += [int(tree.right[node]), int(tree.left[node])]
    for node in np.flatnonzero(~tree.is_leaf)[::-1]:
        y[node] = (y[tree.left[node]] + y[tree.right[node]]) / 2
    return y
