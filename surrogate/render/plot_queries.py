"""Queries over time: what was asked until when, by purpose or by model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.render.canvas import CLASS_COLOURS, GREY, axes_or_new, label, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from surrogate.oracle import Timeline

__all__ = ["plot_queries", "plot_totals"]

_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


def plot_queries(timeline: Timeline, *, budget: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw the rows asked until each moment, those of one purpose upon those of another.

    Parameters
    ----------
    timeline : surrogate.oracle.Timeline
    budget : int, optional
        Rows that may be asked; a dashed line, where it is not far above all that was asked.
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
    ax = axes_or_new(ax, width=7.0, height=2.8)
    seconds = np.array([0.0, *timeline.seconds])
    below = np.zeros(len(seconds))
    for at, (_, rows) in enumerate(timeline.rows.items()):
        upon = below + np.array([0, *rows])
        colour = CLASS_COLOURS[at % len(CLASS_COLOURS)]
        ax.fill_between(seconds, below, upon, color=colour, alpha=0.35, linewidth=0)
        ax.plot(seconds, upon, color=colour, linewidth=1.4, linestyle=_DASHES[at % len(_DASHES)])
        below = upon
    if budget is not None and budget <= 2 * below[-1]:
        ax.axhline(budget, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        ax.annotate(
            "budget",
            (0.0, budget),
            xytext=(3, -11),
            textcoords="offset points",
            color=GREY,
        )
    _axes(ax)
    _key(ax, [f"{name}: {rows[-1]:,}" for name, rows in timeline.rows.items()], upward=True)
    return ax


def plot_totals(timelines: Mapping[str, Timeline], *, ax: Axes | None = None) -> Axes:
    """Draw the rows asked of each of several models until each moment.

    Parameters
    ----------
    timelines : mapping from str to surrogate.oracle.Timeline
        By the model's name; each has its own clock, which starts with its first question.
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
    ax = axes_or_new(ax, width=7.0, height=2.8)
    for at, timeline in enumerate(timelines.values()):
        ax.plot(
            [0.0, *timeline.seconds],
            [0, *timeline.total],
            color=CLASS_COLOURS[at % len(CLASS_COLOURS)],
            linestyle=_DASHES[at % len(_DASHES)],
            linewidth=1.6,
        )
    _axes(ax)
    _key(ax, [f"{name}: {line.total[-1]:,}" for name, line in timelines.items() if len(line)])
    return ax


def _axes(ax: Axes) -> None:
    ax.set_ylim(bottom=0)
    ax.set_xlim(left=0)
    ax.set_xlabel("seconds since the first question")
    ax.set_ylabel("rows asked")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    tidy(ax, keep=("bottom", "left"))
    ax.tick_params(length=3)


def _key(ax: Axes, names: list[str], *, upward: bool = False) -> None:
    """Names beside the picture, in the order of what they name."""
    lines: list[Any] = [line for line in ax.lines if len(line.get_xdata()) > 1][: len(names)]  # type: ignore[arg-type]
    key = ax.legend(
        lines[::-1] if upward else lines,
        [f"{at}" for at in range(len(lines))],
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize="small",
    )
    for text, name in zip(key.get_texts(), names[::-1] if upward else names):
        text.set_parse_math(False)
        text.set_text(label(name, 36))
