"""Matplotlib's pictures as data: images, one for light pages and one for dark."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surrogate._optional import require
from surrogate.render.canvas import open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Picture", "picture"]

_INK, _PALE_INK = "#23282d", "#dfe3e6"


@dataclass(frozen=True)
class Picture:
    """A picture in both inks, its text alternative and its size in CSS pixels."""

    light: str
    dark: str
    alt: str
    width: int
    height: int


def picture(draw: Callable[[Axes], Any], *, alt: str, width: float, height: float) -> Picture:
    """Draw once, on no background, and give it in dark ink and in light ink.

    Parameters
    ----------
    draw : callable
        Draws on the axes that it is given.
    alt : str
        What the picture shows, for who cannot see it.
    width, height : float
        In inches; 96 CSS pixels each.

    Returns
    -------
    Picture

    Raises
    ------
    MissingDependency
        If matplotlib is not installed.
    """
    drawn = _svg(draw, width, height)
    dark = drawn.replace(_INK, _PALE_INK)
    return Picture(_uri(drawn), _uri(dark), alt, round(96 * width), round(96 * height))


def _svg(draw: Callable[[Axes], Any], width: float, height: float) -> str:
    """One drawing in dark ink; equal drawings give equal text."""
    matplotlib = require("matplotlib", extra="report")
    settings = {
        "text.color": _INK,
        "axes.labelcolor": _INK,
        "axes.edgecolor": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "font.family": ["DejaVu Sans"],
        "font.size": 9.5,
        "svg.hashsalt": "surrogate",
        "svg.fonttype": "path",
    }
    buffer = io.StringIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        figure, ax = open_figure(width, height)
        draw(ax)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
