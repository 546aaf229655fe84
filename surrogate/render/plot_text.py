"""A text whose words are coloured by their effects, drawn line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from surrogate._optional import require
from surrogate.render.canvas import BLUE, ORANGE, axes_or_new, label
from surrogate.render.marked import STRENGTHS, strength
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_text"]

_COLUMNS, _LINES = 64, 40
_FONT = 10.0  # points; a letter of the font is .602 of that wide
_LETTER = 0.602


class _Word(NamedTuple):
    """A word on the page."""

    text: str
    part: int
    line: int
    column: int


def plot_text(
    pieces: Sequence[str],
    owner: Sequence[int],
    effects: FloatArray,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a text, its words on blue where they add and on orange where they take.

    Words that take are underlined, too. Of a long text the first lines are drawn.

    Parameters
    ----------
    pieces : sequence of p str
        The text, cut up.
    owner : sequence of p int
        Which effect each piece has; -1: none.
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
    words, lines = _laid_out(pieces, owner)
    inches = _COLUMNS * _FONT * _LETTER / 72
    ax = axes_or_new(ax, width=inches + 0.4, height=0.7 + 0.27 * lines)
    steps = strength(effects)
    boxes = require("matplotlib.patches", extra="plot")
    for text, part, line, column in words:
        step = steps[part] if part >= 0 else 0
        if step:
            colour = BLUE if effects[part] > 0 else ORANGE
            place = (column - 0.15, line - 0.42), len(text) + 0.3, 0.84
            ax.add_patch(boxes.Rectangle(*place, color=colour, alpha=0.75 * step / STRENGTHS, lw=0))
            if effects[part] < 0:
                ax.plot([column, column + len(text)], [line + 0.36] * 2, color=ORANGE, lw=1.2)
        ax.text(
            column,
            line,
            text,
            family="monospace",
            fontsize=_FONT,
            va="center_baseline",
            parse_math=False,
        )
    ax.set_xlim(-0.5, _COLUMNS)
    ax.set_ylim(lines - 0.4, -0.6)
    ax.set_axis_off()
    ax.set_title(label(title, 70), loc="left", parse_math=False)
    return ax


def _laid_out(pieces: Sequence[str], owner: Sequence[int]) -> tuple[list[_Word], int]:
    """Each word with its line and column, and the number of lines."""
    words: list[_Word] = []
    line = column = 0
    for piece, part in zip(pieces, owner):
        for found in re.finditer(r"\s+|\S+", piece):
            text = found[0]
            if text.isspace():
                line, column = (line + 1, 0) if "\n" in text else (line, column + (column > 0))
                continue
            text = label(text, _COLUMNS, family="monospace")
            if column + len(text) > _COLUMNS:
                line, column = line + 1, 0
            if line >= _LINES:
                words.append(_Word("...", -1, _LINES, 0))
                return words, _LINES + 1
            words.append(_Word(text, part, line, column))
            column += len(text)
    return words, line + 1
