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
        Cells; cleaned and, where the table is too wide, clipped from the widest column on.
    align : str
        One letter a column: "l" or "r".
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
    cells = [[clean(cell) for cell in row] for row in [header, *rows]]
    widths = [max(width_of(row[j]) for row in cells) for j in range(len(header))]
    widths = _shrink(widths, (width or terminal_width()) - _GAP * (len(widths) - 1))
    lines = [_line(row, widths, align) for row in cells]
    rule = (" " * _GAP).join("─" * w for w in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int], align: str) -> str:
    parts = [
        spread(clip(cell, w), w, right=side == "r") for cell, w, side in zip(row, widths, align)
    ]
    return (" " * _GAP).join(parts).rstrip()


def _shrink(widths: Sequence[int], room: int) -> list[int]:
    """Take from the widest column until all fit, or none can give more."""
    widths = list(widths)
    while sum(widths) > room:
        widest = max(range(len(widths)), key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            break
        others = sorted(widths)[-2] if len(widths) > 1 else 0
        surplus = sum(widths) - room
        floor = max(_NARROWEST, others - 1, widths[widest] - surplus)
        widths[widest] = floor if floor < widths[widest] else widths[widest] - 1
    return widths


def bar(share: float, width: int = 12) -> str:
    """Draw a share from 0 to 1 as blocks.

    Examples
    --------
    >>> from surrogate.render.text import bar
    >>> bar(0.5, 8)
    '████'
    """
    return "█" * round(width * min(1.0, max(0.0, share)))
