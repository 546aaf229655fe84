"""A heat map: all rows from left to right, the strongest features from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.cluster import hierarchy

from surrogate._optional import require
from surrogate.render.canvas import BLUE, GREY, ORANGE, axes_or_new, headline, label, tidy
from surrogate.types import FloatArray, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ORDERS", "plot_heat"]

ORDERS = ("answer", "similarity")
"""How the rows are ordered: by what the model says, or like beside like."""


def plot_heat(
    names: Sequence[str],
    effects: FloatArray,
    *,
    answers: FloatArray,
    order: str = "answer",
    title: str = "",
    below: str = "",
    legend: str = "effect on the answer",
    top: int = 30,
    ax: Axes | None = None,
) -> Axes:
    """Draw effects as colours, and above them what the model says of each row.

    Parameters
    ----------
    names : sequence of d str
    effects : array of shape (n, d)
        In the unit of the answer.
    answers : array of shape (n,)
        The model's.
    order : {"answer", "similarity"}
        How the rows are ordered; similarity joins rows of near effects (average linkage), which
        takes memory by the square of the rows.
    title, below, legend : str
        `below` stands smaller under the title.
    top : int
        Features at most, those of the largest mean size.
    ax : matplotlib.axes.Axes, optional
        Drawn on; new ones if not given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingDependency
        If matplotlib is not installed.
    """
    features = np.argsort(-np.abs(effects).mean(axis=0), kind="stable")[:top]
    rows = _ordered(effects[:, features], answers, order)
    ax = axes_or_new(ax, width=7.6, height=2.2 + 0.2 * len(features))
    shown = effects[rows][:, features].T  # (features, rows)
    most = _most(shown)
    image = ax.imshow(
        shown, cmap=_shades(), vmin=-most, vmax=most, aspect="auto", interpolation="nearest"
    )
    ax.set_yticks(
        range(len(features)), [label(names[j]) for j in features.tolist()], parse_math=False
    )
    ax.set_xticks([])
    how = "by the model's answer" if order == "answer" else "like beside like"
    ax.set_xlabel(f"{len(rows):,} rows, {how}")
    tidy(ax, keep=())
    _answers(ax, answers[rows])
    headline(ax, title, below, pad=44)
    scale = ax.figure.colorbar(image, ax=ax, aspect=40, pad=0.02, shrink=0.9)
    scale.set_label(label(legend, 60), size="small", parse_math=False)
    scale.outline.set_visible(False)
    scale.ax.tick_params(length=0, labelsize="small")
    return ax


def _ordered(effects: FloatArray, answers: FloatArray, order: str) -> IntArray:
    """Rows from left to right."""
    if order == "answer" or len(effects) < 3:
        return np.argsort(answers, kind="stable")
    joined = hierarchy.linkage(effects, method="average")
    leaves = hierarchy.leaves_list(joined)
    if answers[leaves[: len(leaves) // 2]].mean() > answers[leaves[len(leaves) // 2 :]].mean():
        leaves = leaves[::-1]
    return np.asarray(leaves, dtype=np.intp)


def _most(shown: FloatArray) -> float:
    """The effect of full colour: one row in a hundred may have a larger one."""
    most = float(np.quantile(np.abs(shown), 0.99)) or float(np.abs(shown).max(initial=0.0))
    return most or 1.0


def _shades() -> Any:
    """Orange below 0, blue above, and nothing at 0, so that any page shows through."""
    colours = require("matplotlib.colors", extra="plot")
    steps = np.linspace(-1.0, 1.0, 256)
    ends = np.array([colours.to_rgba(ORANGE), colours.to_rgba(BLUE)])
    table = ends[(steps > 0).astype(int)]
    table[:, 3] = np.abs(steps)
    return colours.ListedColormap(table, name="effects")


def _answers(ax: Axes, answers: FloatArray) -> None:
    """What the model says of each row, as a line above the map."""
    strip = ax.inset_axes((0.0, 1.02, 1.0, 0.0))
    strip.set_axes_locator(_Above(ax, 32.0))
    strip.fill_between(np.arange(len(answers)), answers, answers.min(), color=GREY, linewidth=0)
    strip.set_xlim(-0.5, len(answers) - 0.5)
    strip.set_xticks([])
    strip.set_yticks([])
    strip.set_ylabel("the model", rotation=0, ha="right", va="center", size="small", labelpad=4)
    tidy(strip, keep=())


class _Above:
    """Places axes right above others, so many points high."""

    def __init__(self, ax: Axes, height: float) -> None:
        self._ax, self._height = ax, height

    def __call__(self, strip: Any, renderer: Any) -> Any:
        bbox = require("matplotlib.transforms", extra="plot").Bbox
        figure = self._ax.get_figure(root=True)
        assert figure is not None
        below = self._ax.get_position()
        point = 1.0 / (72.0 * figure.get_size_inches()[1])
        low = below.y1 + 4 * point
        return bbox.from_extents(below.x0, low, below.x1, low + self._height * point)
