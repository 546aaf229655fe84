"""A beeswarm: every row's effects, feature by feature, coloured by the feature's value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._optional import require
from surrogate.render.canvas import BLUE, GREY, ORANGE, axes_or_new, headline, label, tidy
from surrogate.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_swarm", "ranks"]

_MIDDLE = "#a8a4a8"
_ACROSS = 120  # places along the axis in which points are stacked
_HALF = 0.4  # of the way to the next feature, how far a stack may reach
_PALE = 0.3  # opacity of rows that are explained badly
_VECTOR = 2_000  # points up to which they are drawn as shapes, and not as an image


def plot_swarm(
    names: Sequence[str],
    effects: FloatArray,
    *,
    colours: FloatArray,
    pale: BoolArray | None = None,
    title: str = "",
    below: str = "",
    xlabel: str = "effect on the answer",
    top: int = 12,
    ax: Axes | None = None,
) -> Axes:
    """Draw a point for each row and feature; the features of the largest mean size come first.

    Parameters
    ----------
    names : sequence of d str
    effects : array of shape (n, d)
        In the unit of the answer.
    colours : array of shape (n, d)
        From 0 (low) to 1 (high), NaN where a value is neither.
    pale : bool array of shape (n,), optional
        Rows that are drawn faintly.
    title, below, xlabel : str
        `below` stands smaller under the title.
    top : int
        Features at most.
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
    order = np.argsort(-np.abs(effects).mean(axis=0), kind="stable")[:top]
    ax = axes_or_new(ax, width=7.2, height=1.5 + 0.3 * len(order))
    made = require("matplotlib.colors", extra="plot").LinearSegmentedColormap.from_list
    shades = made("swarm", [BLUE, _MIDDLE, ORANGE]).with_extremes(bad=GREY)
    alpha = np.ones(len(effects)) if pale is None else np.where(pale, _PALE, 1.0)
    low, high = _span(effects[:, order])
    for place, j in enumerate(order.tolist()):
        inks = shades(np.ma.masked_invalid(colours[:, j]))  # (n, 4)
        inks[:, 3] = alpha
        ax.scatter(
            effects[:, j],
            place + _stacked(effects[:, j], low, high),
            color=inks,
            s=9,
            linewidths=0,
            rasterized=effects[:, order].size > _VECTOR,
        )
    ax.axvline(0, color=ax.xaxis.label.get_color(), linewidth=0.8, zorder=0)
    ax.set_yticks(range(len(order)), [label(names[j]) for j in order.tolist()], parse_math=False)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.set_xlabel(label(xlabel, 80), parse_math=False)
    headline(ax, title, below)
    tidy(ax)
    _legend(ax, shades)
    return ax


def ranks(values: FloatArray) -> FloatArray:
    """Share of a column's values that are less, and half of the equal ones: (n,) in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.render.plot_swarm import ranks
    >>> ranks(np.array([3.0, 1.0, np.nan, 3.0]))
    array([0.75, 0.  ,  nan, 0.75])
    """
    known = np.isfinite(values)
    column = values[known]
    ordered = np.sort(column)
    low = np.searchsorted(ordered, column, side="left")
    high = np.searchsorted(ordered, column, side="right")
    shares = np.full(len(values), np.nan)
    shares[known] = (low + high - 1) / 2 / max(len(column) - 1, 1)
    return shares


def _span(effects: FloatArray) -> tuple[float, float]:
    """Ends of the axis; where all is equal, around it."""
    low, high = float(effects.min(initial=0.0)), float(effects.max(initial=0.0))
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _stacked(column: FloatArray, low: float, high: float) -> FloatArray:
    """How far each point stands aside of its line, (n,): near ones stack up on both sides."""
    place = np.floor((column - low) / (high - low) * (_ACROSS - 1)).astype(int)
    aside = np.zeros(len(column))
    for at in np.unique(place):
        (here,) = np.nonzero(place == at)
        step = np.arange(len(here))
        aside[here] = (step + 1) // 2 * np.where(step % 2, 1, -1)
    most = float(np.abs(aside).max(initial=0.0))
    return aside * min(0.09, _HALF / most if most else 1.0)


def _legend(ax: Axes, shades: Any) -> None:
    """What the colours say, beside the axes."""
    colours = require("matplotlib.cm", extra="plot").ScalarMappable(cmap=shades)
    scale = ax.figure.colorbar(colours, ax=ax, aspect=40, pad=0.02, shrink=0.9)
    scale.set_ticks([0, 1], labels=["low", "high"])
    scale.set_label("value of the feature (grey: a category)", size="small")
    scale.outline.set_visible(False)
    scale.ax.tick_params(length=0, labelsize="small")
