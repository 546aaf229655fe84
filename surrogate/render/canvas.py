"""Matplotlib behind one door: axes to draw on, colours, and names that fonts can show."""

from __future__ import annotations

import math
import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from surrogate._optional import require
from surrogate.errors import InputError
from surrogate.render.names import clean, clip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "CLASS_COLOURS",
    "GREY",
    "MARKERS",
    "ORANGE",
    "axes_or_new",
    "headline",
    "label",
    "open_figure",
    "panels",
    "tidy",
]

BLUE, ORANGE, GREY = "#2a7ab9", "#d0641c", "#808890"
"""Told apart with any colour vision, on white and on near-black."""

CLASS_COLOURS = (BLUE, ORANGE, "#2c9c78", "#b8679f", "#b08a00", "#5aa9dd", "#8a6bbf", GREY)
"""After Okabe and Ito; text always says the class too."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
"""One beside each colour, so that none is told by its colour alone."""


def axes_or_new(ax: Axes | None, *, width: float, height: float) -> Axes:
    """Give the axes, or new ones of pyplot's; width and height in inches."""
    if ax is not None:
        return ax
    pyplot = require("matplotlib.pyplot", extra="plot")
    _, made = pyplot.subplots(figsize=(width, height), layout="constrained")
    return made  # type: ignore[no-any-return]


def open_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure that no window and no pyplot knows of; width and height in inches."""
    figure = require("matplotlib.figure", extra="plot").Figure(
        figsize=(width, height), layout="constrained"
    )
    return figure, figure.subplots()


def panels(ax: Axes | None, n: int, *, columns: int, size: tuple[float, float]) -> list[Axes]:
    """Axes for n small pictures side by side, in the place of one.

    Parameters
    ----------
    ax : Axes or None
        Of a grid, as `pyplot.subplots` makes them; it goes. A new figure of pyplot's if None.
    n : int
    columns : int
        Beside each other, at most.
    size : (float, float)
        Of a new figure, in inches.

    Raises
    ------
    InputError
        If the axes stand in no grid, so that they cannot be divided.
    """
    across = max(1, min(columns, n))
    down = max(1, math.ceil(n / across))
    if ax is None:
        pyplot = require("matplotlib.pyplot", extra="plot")
        figure = pyplot.figure(figsize=size, layout="constrained")
        grid = figure.add_gridspec(down, across)
    else:
        place, figure = ax.get_subplotspec(), ax.get_figure(root=False)
        if place is None or figure is None:
            raise InputError("Several small pictures need axes of `pyplot.subplots`, or none.")
        grid = place.subgridspec(down, across)
        ax.remove()
    return [figure.add_subplot(grid[i // across, i % across]) for i in range(n)]


def headline(ax: Axes, title: str, below: str = "", *, pad: float = 6.0) -> None:
    """A title from the left, and smaller lines below it that say how far to trust the picture."""
    width = max(40, int(9 * ax.get_figure(root=True).get_size_inches()[0]))  # type: ignore[union-attr]
    lines = [label(title, 70), *textwrap.wrap(below, width)]
    ax.set_title("\n".join(lines), loc="left", fontsize="small", parse_math=False, pad=pad)


def tidy(ax: Axes, *, keep: tuple[str, ...] = ("bottom",)) -> None:
    """Take away the frame's lines but those to keep."""
    for side in ("left", "right", "top", "bottom"):
        ax.spines[side].set_visible(side in keep)
    ax.tick_params(length=0)


def label(name: object, width: int = 32, *, family: str | None = None) -> str:
    """A name that the current font, or that of a family, can draw, at most `width` characters.

    Pass ``parse_math=False`` beside it: a dollar sign is no formula.
    """
    known = _glyphs(_font_file(family))
    text = clip(clean(name), width)
    return "".join(c if ord(c) in known else "\N{REPLACEMENT CHARACTER}" for c in text)


def _font_file(family: str | None) -> str:
    manager = require("matplotlib.font_manager", extra="plot")
    return str(manager.findfont(manager.FontProperties(family=family)))


@lru_cache(maxsize=8)
def _glyphs(path: str) -> frozenset[int]:
    font: Any = require("matplotlib.ft2font", extra="plot").FT2Font(path)
    return frozenset(font.get_charmap())
