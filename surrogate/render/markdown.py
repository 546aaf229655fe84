"""GitHub-flavoured Markdown of text that came from data or a model: shown, never obeyed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from surrogate.render.names import clean
from surrogate.render.tables import Table

__all__ = ["fenced", "inline", "listing", "markdown_table"]

_JOIN = "\u2060"  # seen by nobody, and no link, mention or reference goes across it
_MARKS = re.compile(r"([\\`*_\[\]|~$])")
_STARTS = re.compile(r"^([#+\-=]|\d+(?=[.)]\s))")
_LINKS = re.compile(r"(?i)(@|#|://?|\bwww|\bGH-|\b(?:mailto|xmpp):)(?=\S)")


def inline(text: str, *, begins: bool = True) -> str:
    r"""Text for a line or, where it does not begin one, a cell.

    No markup, no HTML, no link and no mention comes of it.

    Examples
    --------
    >>> from surrogate.render.markdown import inline
    >>> print(inline("<b>age</b> | *net* [x](y)"))
    &lt;b&gt;age&lt;/b&gt; \| \*net\* \[x\](y)
    """
    said = clean(text)
    said = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    said = _LINKS.sub(rf"\1{_JOIN}", _MARKS.sub(r"\\\1", said))
    return _STARTS.sub(rf"{_JOIN}\1", said) if begins else said


def fenced(text: str, *, most: int) -> str:
    """Lines as they are, in a fence that none of them closes; `most` lines at most."""
    lines = text.splitlines()
    kept = lines[:most]
    if len(lines) > most:
        kept.append(f"... and {len(lines) - most:,} more lines")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *kept, fence])


def listing(items: Iterable[str]) -> list[str]:
    """A line for each item."""
    return [f"- {inline(item)}" for item in items]


def markdown_table(content: Table, *, most: int) -> list[str]:
    """A table; a row that heads those below it is in bold."""
    marks = {"l": "---", "r": "---:"}
    header = [inline(name, begins=False) for name in content.header]
    lines = [_row(header), _row([marks[side] for side in content.align])]
    for row in content.rows[:most]:
        heads = bool(row[0]) and not any(row[1:])
        cells = [inline(cell.strip(), begins=False) for cell in row]
        lines.append(_row([f"**{cells[0]}**", *cells[1:]] if heads else cells))
    left = len(content.rows) - most
    return [*lines, *(["", f"and {left:,} more lines"] if left > 0 else [])]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
