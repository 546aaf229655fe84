"""Bars with intervals: what each feature adds to one answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from surrogate.render.canvas import BLUE, ORANGE, axes_or_new, headline, label, tidy
from surrogate.render.strongest import strongest
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_effects"]


def plot_effects(
    names: Sequence[str],
    effects: FloatArray,
    *,
    half: FloatArray | None = None,
    level: float = 0.95,
    title: str = "",
    below: str = "",
    xlabel: str = "effect on the answer",
    top: int = 12,
    ax: Axes | None = None,
) -> Axes:
    """Draw the largest effects as bars from zero, with intervals where there are some.

    Parameters
    ----------
    names : sequence of d str
        What each effect belongs to.
    effects : array of shape (d,)
        In the unit of the answer.
    half : array of shape (d,), optional
        Half of the widths of the effects' intervals; NaN where there is none.
    level : float
        Level of these intervals.
    title, below, xlabel : str
        `below` stands smaller under the title.
    top : int
        Bars at most.
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
    shown = strongest(effects, top)
    ax = axes_or_new(ax, width=7.2, height=1.2 + 0.3 * max(1, len(shown)))
    values = np.asarray(effects)[shown]
    places = np.arange(len(shown))
    ax.barh(places, values, color=[BLUE if v > 0 else ORANGE for v in values], height=0.62)
    if half is not None:
        ink = ax.xaxis.label.get_color()
        ax.errorbar(
            values,
            places,
            xerr=np.asarray(half)[shown],
            fmt="none",
            ecolor=ink,
            elinewidth=1,
            capsize=2.5,
        )
        xlabel += f" ({100 * level:g} % interval)"
    ax.axvline(0, color=ax.xaxis.label.get_color(), linewidth=0.8)
    ax.set_yticks(places, [label(names[j], 46) for j in shown], parse_math=False)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlabel(label(xlabel, 80), parse_math=False)
    headline(ax, title, below)
    tidy(ax)
    return ax
