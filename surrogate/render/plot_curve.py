"""Fidelity against the size of the surrogate, with its band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surrogate.render.canvas import BLUE, GREY, axes_or_new, label, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from surrogate.fidelity import Curve

__all__ = ["plot_curve"]


def plot_curve(curve: Curve, *, chosen: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw the main fidelity at every size, its intervals as a band, the trivial one as a line.

    Parameters
    ----------
    curve : surrogate.fidelity.Curve
    chosen : int, optional
        Size of the surrogate that is shown; marked.
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
    scores = [one.main for one in curve.fidelities]
    factor = 100.0 if scores[0].percent else 1.0
    sizes = np.asarray(curve.sizes, dtype=np.float64)
    values, low, high = (factor * np.array([_or_nan(v) for v in line]) for line in curve.band())
    level = next((s.interval.level for s in scores if s.interval is not None), None)
    ax.fill_between(sizes, low, high, color=BLUE, alpha=0.22, linewidth=0)
    ax.plot(sizes, values, color=BLUE, marker="o", markersize=4, linewidth=1.6)
    baseline = factor * _or_nan(scores[0].baseline)
    if np.isfinite(baseline):
        ax.axhline(baseline, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        ax.annotate(
            "trivial surrogate",
            (sizes[-1], baseline),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            color=GREY,
        )
    if chosen in curve.sizes:
        at = list(curve.sizes).index(chosen)
        ink = ax.xaxis.label.get_color()
        ax.plot(sizes[at], values[at], marker="o", markersize=10, mfc="none", mec=ink, mew=1.2)
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlabel(label(curve.unit))
    unit = ", %" if scores[0].percent else ""
    band = "" if level is None else f" ({100 * level:g} % band)"
    ax.set_ylabel(f"{label(scores[0].symbol)}{unit}{band}")
    tidy(ax, keep=("bottom", "left"))
    return ax


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)
