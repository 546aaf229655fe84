"""A forest of contrasts: effects with their intervals, and each verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from surrogate.render.canvas import BLUE, GREY, ORANGE, label, panels, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Effect", "contrasts_size", "plot_contrasts"]


@dataclass(frozen=True)
class Effect:
    """One contrast, ready to be drawn.

    Parameters
    ----------
    name : str
        What is compared, where.
    value, low, high : float or None
        The effect and its interval, in the unit of its picture.
    better : bool or None
        Whether it speaks for the second; None where no difference is shown or neither is
        better.
    shown : bool
        Whether a difference is shown.
    said : str
        The verdict in words and figures.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    better: bool | None
    shown: bool
    said: str


def contrasts_size(groups: Mapping[str, Sequence[Effect]]) -> tuple[float, float]:
    """Width and height in inches that the forest needs to be read."""
    lines = sum(len(effects) for effects in groups.values())
    return 10.5, 0.4 + 0.9 * len(groups) + 0.25 * lines


def plot_contrasts(groups: Mapping[str, Sequence[Effect]], *, ax: Axes | None = None) -> list[Axes]:
    """Draw effects as dots with intervals around zero, a small picture a metric.

    Parameters
    ----------
    groups : mapping from str to sequence of Effect
        What each small picture measures, with its unit, and its effects.
    ax : matplotlib.axes.Axes, optional
        Its place is divided; new ones if not given.

    Returns
    -------
    list of matplotlib.axes.Axes
        One a group.

    Raises
    ------
    MissingDependency
        If matplotlib is not installed.
    """
    parts = panels(ax, len(groups), columns=1, size=contrasts_size(groups))
    if len(parts) > 1:
        grid = parts[0].get_gridspec()
        assert grid is not None
        grid.set_height_ratios([len(effects) + 1.5 for effects in groups.values()])
    for part, (what, effects) in zip(parts, groups.items()):
        _forest(part, effects)
        part.set_title(label(what, 90), loc="left", fontsize="small", parse_math=False)
    return parts


def _forest(ax: Axes, effects: Sequence[Effect]) -> None:
    ink = ax.xaxis.label.get_color()
    ax.axvline(0, color=ink, linewidth=0.8)
    for place, one in enumerate(effects):
        colour = GREY if one.better is None else BLUE if one.better else ORANGE
        if one.low is not None and one.high is not None:
            ax.plot([one.low, one.high], [place] * 2, color=colour, linewidth=2.2, alpha=0.6)
        if one.value is not None:
            marker = "o" if one.better is None else ">" if one.value > 0 else "<"
            filled = colour if one.shown else "none"
            ax.plot(one.value, place, marker=marker, markersize=6, mec=colour, mfc=filled)
        ax.annotate(
            label(one.said, 70),
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            parse_math=False,
        )
    names = [label(one.name, 52) for one in effects]
    ax.set_yticks(range(len(names)), names, fontsize=8, parse_math=False)
    ax.set_ylim(max(len(names), 1) - 0.4, -0.6)
    ax.margins(x=0.06)
    tidy(ax)
    ax.tick_params(axis="x", length=3, labelsize=8)
    ax.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
