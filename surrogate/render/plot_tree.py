"""A tree as a picture: from left to right, one line a leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surrogate.forms import Tree, branch_texts
from surrogate.render.canvas import BLUE, CLASS_COLOURS, MARKERS, axes_or_new, label
from surrogate.render.features import class_name, shown
from surrogate.render.numbers import number, probability, share
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_tree", "tree_size"]

_LINE, _CHARACTER, _PAD = 0.29, 0.07, 0.22
"""Inches that a leaf's line, a character and the room around a text take."""
_CONDITION, _CLASS = 50, 22
"""Characters of a condition and of a class, at most."""


def tree_size(tree: Tree) -> tuple[float, float]:
    """Width and height in inches that a tree needs to be read."""
    return float(_places(tree)[-1]), _LINE * (tree.n_leaves + 1)


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
    places = _places(tree)
    y, x = _heights(tree), places[:-1]
    reach = tree.weight / tree.weight[0] if tree.weight[0] > 0 else np.ones(len(y))
    ink = ax.xaxis.label.get_color()
    for node in np.flatnonzero(~tree.is_leaf):
        children = (int(tree.left[node]), int(tree.right[node]))
        ax.plot([x[node]] * 2, y[list(children)], color=ink, linewidth=0.8, zorder=1)
        for said, child in zip(_conditions(tree, int(node)), children):
            thick = 0.8 + 5 * float(reach[child])
            ends = [x[node], x[child]]
            ax.plot(ends, [y[child]] * 2, color=BLUE, linewidth=thick, alpha=0.5, zorder=1)
            ax.annotate(
                said,
                (x[node], y[child]),
                xytext=(5, 2 + thick / 2),
                textcoords="offset points",
                fontsize=8,
                parse_math=False,
            )
    for leaf in np.flatnonzero(tree.is_leaf):
        _leaf(ax, tree, int(leaf), at=(float(x[leaf]), float(y[leaf])))
    ax.set_xlim(-0.05, places[-1])
    ax.set_ylim(tree.n_leaves - 0.4, -0.9)
    ax.set_axis_off()
    return ax


def _leaf(ax: Axes, tree: Tree, node: int, *, at: tuple[float, float]) -> None:
    """A mark of the class's shape and colour, and what the leaf says."""
    code = 0 if tree.decision is None else int(tree.decision[node])
    colour, marker = CLASS_COLOURS[code % len(CLASS_COLOURS)], MARKERS[code % len(MARKERS)]
    ax.plot(*at, marker=marker, markersize=6, color=colour, linestyle="none")
    ax.annotate(
        _answer(tree, node),
        at,
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        parse_math=False,
    )


def _answer(tree: Tree, node: int) -> str:
    """Class and probability, or value, and the share of the fitted rows."""
    if tree.decision is None:
        said = ", ".join(number(float(v)) for v in tree.value[node][:4])
    else:
        code = int(tree.decision[node])
        name = class_name(tree.classes, code, width=_CLASS)
        said = f"{name} {probability(float(tree.value[node, code]))}"
    reach = tree.weight[node] / tree.weight[0] if tree.weight[0] > 0 else np.nan
    return label(f"{said}  ({share(float(reach))})" if np.isfinite(reach) else said, _CLASS + 16)


def _conditions(tree: Tree, node: int) -> tuple[str, str]:
    """Texts of the branches to the left and to the right child."""
    features = shown(tree.features, width=22)
    left, right = branch_texts(*tree.test(node), features, limit=2)
    return label(left, _CONDITION), label(right, _CONDITION)


def _places(tree: Tree) -> FloatArray:
    """Inches from the left of each node, behind its parent's texts; last, where all texts end."""
    places = np.zeros(len(tree.feature) + 1)
    for node in np.flatnonzero(~tree.is_leaf):
        room = max(map(_inches, _conditions(tree, int(node))))
        places[[tree.left[node], tree.right[node]]] = places[node] + room
    leaves = np.flatnonzero(tree.is_leaf)
    places[-1] = max(places[leaf] + _inches(_answer(tree, int(leaf))) for leaf in leaves)
    return places


def _inches(text: str) -> float:
    return len(text) * _CHARACTER + _PAD


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
