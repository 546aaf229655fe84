"""Tables for a terminal, with no library but Python's own."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

from surrogate.render.names import clean, clip, spread, width_of

__all__ = ["bar", "paragraph", "table", "terminal_width"]

_GAP = 2
_NARROWEST = 8


def terminal_width() -> int:
    """Columns of the terminal, between 60 and 120; 80 where there is none."""
    return min(120, max(60, shutil.get_terminal_size().columns))


def paragraph(text: str, *, width: int | None = None, indent: str = "") -> str:
    """Text broken into lines; text of a name is cleaned by who writes the sentence."""
    return textwrap.fill(
        text,
        width or terminal_width(),
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    align: str,
    width: int | None = None,
) -> str:
    """Aligned columns under a header, no wider than the terminal.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequences of str
        Cells, cleaned. Where the table is too wide, columns of words are clipped.
    align : str
        One letter a column: "l" for words, "r" for figures, which are never clipped.
    width : int, optional
        Columns to keep within; those of the terminal if not given.

    Returns
    -------
    str

    Examples
    --------
    >>> from surrogate.render.text import table
    >>> print(table(["feature", "effect"], [["age", "+0.12"], ["hours", "-0.3"]], align="lr"))
    feature  effect
    ───────  ──────
    age       +0.12
    hours      -0.3
    """
    cells = [[_indented(cell) for cell in row] for row in [header, *rows]]
    full = [row for row in cells if any(row[1:])]
    widths = [max((width_of(row[j]) for row in full), default=0) for j in range(len(header))]
    room = (width or terminal_width()) - _GAP * (len(widths) - 1)
    widths = _shrink(widths, align, room)
    lines = [_line(row, widths, align) for row in cells]
    rule = (" " * _GAP).join("─" * w for w in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def _indented(cell: str) -> str:
    """A clean cell that keeps its indent."""
    return " " * (len(cell) - len(cell.lstrip(" "))) + clean(cell)


def _line(row: Sequence[str], widths: Sequence[int], align: str) -> str:
    if not any(row[1:]) and len(row) > 1:
        return clip(row[0], sum(widths) + _GAP * (len(widths) - 1))
    parts = [
        spread(clip(cell, w), w, right=side == "r") for cell, w, side in zip(row, widths, align)
    ]
    return (" " * _GAP).join(parts).rstrip()


def _shrink(widths: Sequence[int], align: str, room: int) -> list[int]:
    """Take from the widest column of words until all fit; figures are never clipped."""
    shrunk = list(widths)
    words = [j for j, side in enumerate(align) if side == "l"]
    while sum(shrunk) > room:
        widest = max(words, key=shrunk.__getitem__, default=None)
        if widest is None or shrunk[widest] <= _NARROWEST:
            break
        next_widest = max((shrunk[j] for j in words if j != widest), default=0)
        surplus = sum(shrunk) - room
        shrunk[widest] = max(
            _NARROWEST, min(next_widest, shrunk[widest]) - 1, shrunk[widest] - surplus
        )
    return shrunk


def bar(share: float, width: int = 12) -> str:
    """Draw a share from 0 to 1 as blocks.

    Examples
    --------
    >>> from surrogate.render.text import bar
    >>> bar(0.5, 8)
    '████'
    """
    return "█" * round(width * min(1.0, max(0.0, share)))
