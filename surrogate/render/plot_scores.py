"""Scores side by side: a dot and its interval for each class, group or region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from surrogate.render.canvas import BLUE, GREY, ORANGE, axes_or_new, headline, label, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from surrogate.fidelity import Fidelity, Score

__all__ = ["plot_groups", "plot_scores", "scores_size"]

_MOST = 24


def scores_size(n: int, *, top: int = _MOST) -> tuple[float, float]:
    """Width and height in inches that n scores need to be read."""
    return 8.0, 1.3 + 0.27 * max(1, min(n, top))


def plot_scores(
    names: Sequence[str],
    scores: Sequence[Score],
    *,
    small: Sequence[bool] = (),
    overall: Score | None = None,
    title: str = "",
    top: int = _MOST,
    ax: Axes | None = None,
) -> Axes:
    """Draw one metric of several groups, each with its interval and the trivial surrogate's.

    Parameters
    ----------
    names : sequence of n str
        Classes, groups or regions.
    scores : sequence of n Score
        Of one metric. An undefined one is said in words.
    small : sequence of n bool
        Groups of too few rows to be read alone; their dots are hollow.
    overall : Score, optional
        Of all rows: a dashed line and a pale band.
    title : str
    top : int
        Groups at most, in their order.
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
    names, scores = list(names)[:top], list(scores)[:top]
    hollow = [*small, *[False] * len(scores)][: len(scores)]
    width, height = scores_size(len(scores))
    ax = axes_or_new(ax, width=width, height=height)
    if overall is not None:
        _overall(ax, overall)
    for place, (score, is_small) in enumerate(zip(scores, hollow)):
        _score(ax, score, place, is_small)
    ax.set_yticks(range(len(names)), [label(name, 48) for name in names], parse_math=False)
    ax.set_ylim(max(len(scores), 1) - 0.4, -0.6)
    ax.margins(x=0.04)
    ax.set_xlabel(_axis(scores or ([overall] if overall else [])), parse_math=False)
    headline(ax, title, _key(scores, hollow, overall))
    tidy(ax)
    ax.tick_params(axis="x", length=3)
    ax.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def plot_groups(fidelity: Fidelity, *, top: int = _MOST, ax: Axes | None = None) -> Axes:
    """Draw the main fidelity of every class and group beside that of all rows.

    Parameters
    ----------
    fidelity : surrogate.fidelity.Fidelity
    top : int
        Groups at most, in their order.
    ax : matplotlib.axes.Axes, optional
        Drawn on; new ones if not given.

    Returns
    -------
    matplotlib.axes.Axes
    """
    return plot_scores(
        [one.group for one in fidelity.groups],
        [one.score for one in fidelity.groups],
        small=[one.small for one in fidelity.groups],
        overall=fidelity.main,
        title=fidelity.distribution,
        top=top,
        ax=ax,
    )


def _score(ax: Axes, score: Score, place: int, small: bool) -> None:
    """One line: interval, dot, the trivial surrogate as a tick, the figures behind it."""
    factor = 100.0 if score.percent else 1.0
    if score.value is None:
        said = label(f"undefined{f': {score.reason}' if score.reason else ''}", 60)
    else:
        said = label(f"{score.value_text()} ({score.interval_text()})", 60)
        if score.interval is not None:
            ends = np.array([score.interval.low, score.interval.high]) * factor
            ax.plot(ends, [place] * 2, color=BLUE, linewidth=2.2, alpha=0.55)
        filled = "none" if small else BLUE
        ax.plot(factor * score.value, place, marker="o", markersize=6, mec=BLUE, mfc=filled)
    if score.baseline is not None:
        ax.plot(factor * score.baseline, place, marker="|", markersize=9, mew=2, color=ORANGE)
    ax.annotate(
        said,
        (1.0, place),
        xycoords=("axes fraction", "data"),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        parse_math=False,
    )


def _overall(ax: Axes, score: Score) -> None:
    factor = 100.0 if score.percent else 1.0
    if score.interval is not None:
        low, high = factor * score.interval.low, factor * score.interval.high
        ax.axvspan(low, high, color=GREY, alpha=0.18, linewidth=0)
    if score.value is not None:
        ax.axvline(factor * score.value, color=GREY, linestyle=(0, (4, 3)), linewidth=1)


def _axis(scores: Sequence[Score]) -> str:
    if not scores:
        return ""
    levels = {100 * s.interval.level for s in scores if s.interval is not None}
    level = f" ({levels.pop():g} % interval)" if len(levels) == 1 else ""
    return label(f"{scores[0].symbol}{', %' if scores[0].percent else ''}{level}", 80)


def _key(scores: Sequence[Score], hollow: Sequence[bool], overall: Score | None) -> str:
    """What the marks mean, of those that are there."""
    said = ["dashed: all rows together"] if overall is not None else []
    said += ["hollow: few rows"] if any(hollow) else []
    said += ["tick: the trivial surrogate"] if any(s.baseline is not None for s in scores) else []
    return "; ".join(said)
