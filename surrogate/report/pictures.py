"""Matplotlib's pictures as data: images, one for light pages and one for dark."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from surrogate._optional import require
from surrogate.render.canvas import open_figure
from surrogate.render.fragments import Fragment
from surrogate.report.svg import small

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Picture", "picture", "shown_picture"]

_INK, _PALE_INK = "#23282d", "#dfe3e6"
_FAMILY = "DejaVu Sans,Verdana,sans-serif"
"""Drawn with the first; the second has its widths, and others are narrower."""
_SAFE = "!$&'()*+,-./:;=?@[]^_`{|}~"
"""What stands for itself in an address, and does not end one in an attribute of several."""
_FITTED = 1250  # CSS pixels of a picture that may be made a little smaller to fit the page


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


def shown_picture(drawn: Picture) -> Fragment:
    """A picture in light and dark, scrolled sideways where it is wider than the page."""
    fit = "fit" if drawn.width <= _FITTED else "wide"
    return Fragment(
        '<div class="scroll picture" tabindex="0" role="group"><picture>'
        f'<source media="screen and (prefers-color-scheme: dark)" srcset="{drawn.dark}">'
        f'<img class="{fit}" src="{drawn.light}" alt="{escape(drawn.alt)}" width="{drawn.width}" '
        f'height="{drawn.height}"></picture></div>'
    )


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
        "svg.fonttype": "none",
    }
    buffer = io.StringIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        figure, ax = open_figure(width, height)
        draw(ax)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return small(buffer.getvalue(), family=_FAMILY)


def _uri(svg: str) -> str:
    """A drawing as an address: in base64, or escaped where that is shorter."""
    packed = ";base64," + base64.b64encode(svg.encode()).decode("ascii")
    written = "," + quote(svg, safe=_SAFE)
    return "data:image/svg+xml" + min(packed, written, key=len)
