"""Fidelity and stability over the kernel width, in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surrogate.render.canvas import BLUE, ORANGE, axes_or_new, tidy
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_widths"]


def plot_widths(
    widths: FloatArray,
    lines: dict[str, FloatArray],
    *,
    chosen: float | None = None,
    level: float = 0.95,
    ax: Axes | None = None,
) -> Axes:
    """Draw two lines over the width, each with its band.

    Parameters
    ----------
    widths : array of shape (w,)
    lines : mapping from name to array of shape (w, 3)
        Value, low and high.
    chosen : float, optional
        The width that was picked; marked.
    level : float
        Of the bands.
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
    ax = axes_or_new(ax, width=6.4, height=3.2)
    for (name, line), colour, marker in zip(lines.items(), (BLUE, ORANGE), ("o", "s")):
        ax.fill_between(widths, line[:, 1], line[:, 2], color=colour, alpha=0.18, linewidth=0)
        ax.plot(widths, line[:, 0], color=colour, marker=marker, markersize=4, label=name)
    if chosen is not None:
        ax.axvline(chosen, color=ax.xaxis.label.get_color(), linestyle=(0, (4, 3)), linewidth=1)
    ax.set_ylim(-0.05, 1.05)
    ax.set_xscale("log", base=2)
    ax.set_xticks(widths, [f"{width:.3g}" for width in widths])
    ax.minorticks_off()
    ax.set_xlabel("kernel width, in units of z")
    ax.set_ylabel(f"{100 * level:g} % bands")
    ax.legend(frameon=False, loc="lower right")
    tidy(ax, keep=("bottom", "left"))
    return ax
