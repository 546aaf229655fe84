"""An image with its superpixels coloured by their effects, drawn with a scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._optional import require
from surrogate.render.canvas import BLUE, ORANGE, axes_or_new, label
from surrogate.render.overlay import overlay
from surrogate.types import FloatArray, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_overlay"]


def plot_overlay(
    image: np.ndarray[Any, Any],
    segments: IntArray,
    effects: FloatArray,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw an image in pale grey, its superpixels blue where they add and orange where they take.

    Parameters
    ----------
    image : array of shape (h, w) or (h, w, c)
    segments : int array of shape (h, w)
    effects : array of shape (m,)
        In the unit of the answer; 0 is left as it is.
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
    h, w = segments.shape
    ax = axes_or_new(ax, width=5.6, height=1.0 + 4.2 * min(h / w, 2.0))
    pixels = overlay(image, segments, effects)
    ax.imshow(pixels, extent=(-0.5, w - 0.5, h - 0.5, -0.5), interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(label(title, 70), loc="left", parse_math=False)
    _scale(ax, float(np.abs(effects).max(initial=0.0)))
    return ax


def _scale(ax: Axes, most: float) -> None:
    """A bar of colours beside the image, from the most against to the most for."""
    colors, cm = (require(f"matplotlib.{name}", extra="plot") for name in ("colors", "cm"))
    shades = colors.LinearSegmentedColormap.from_list("effects", [ORANGE, "#f2f2f2", BLUE])
    norm = colors.Normalize(-(most or 1.0), most or 1.0)
    figure = ax.get_figure()
    assert figure is not None
    bar = figure.colorbar(cm.ScalarMappable(norm, shades), ax=ax, shrink=0.8, pad=0.03)
    bar.set_label("effect on the answer")
    bar.outline.set_visible(False)
