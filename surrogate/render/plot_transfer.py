"""Attacker × target: how often each model is wrong on rows that were made on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from surrogate._optional import require
from surrogate.render.canvas import ORANGE, axes_or_new, headline, label, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from surrogate.fidelity import Score

__all__ = ["plot_transfer", "transfer_size"]

_DARKEST = 0.75


def transfer_size(n: int) -> tuple[float, float]:
    """Width and height in inches that n models need to be read."""
    return 1.6 + 1.25 * n, 1.1 + 0.5 * n


def plot_transfer(
    names: Sequence[str],
    cells: Mapping[tuple[str, str], Score],
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw error rates as a table in colours; every cell says its figure and interval.

    Parameters
    ----------
    names : sequence of n str
        Models, in the order of rows and columns.
    cells : mapping from (str, str) to Score
        By the model that the rows were made on, and the one that answers.
    title : str
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
    width, height = transfer_size(len(names))
    ax = axes_or_new(ax, width=width, height=height)
    square = require("matplotlib.patches", extra="plot").Rectangle
    for i, attacker in enumerate(names):
        for j, target in enumerate(names):
            score = cells.get((attacker, target))
            depth = 0.0 if score is None or score.value is None else _DARKEST * score.value
            corner = (j - 0.48, i - 0.46)
            ax.add_patch(square(corner, 0.96, 0.92, color=ORANGE, alpha=depth, linewidth=0))
            _figures(ax, score, i, j)
    shown = [label(name, 18) for name in names]
    ax.set_xticks(range(len(names)), shown, fontsize="small", parse_math=False)
    ax.set_yticks(range(len(names)), shown, fontsize="small", parse_math=False)
    ax.set_xlim(-0.5, len(names) - 0.5)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel("asked of")
    ax.set_ylabel("made on")
    headline(ax, title)
    tidy(ax, keep=())
    return ax


def _figures(ax: Axes, score: Score | None, i: int, j: int) -> None:
    """Value above, interval below; in words where there is none."""
    if score is None:
        lines = ("not measured", "")
    elif score.value is None:
        lines = ("undefined", "")
    else:
        lines = (score.value_text(), score.interval_text())
    for text, lift, size in zip(lines, (4, -7), (9, 7)):
        ax.annotate(
            label(text, 20),
            (j, i),
            xytext=(0, lift),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            parse_math=False,
        )
