"""Names that came from data or a model, made safe and short for one line of print."""

from __future__ import annotations

import sys
import unicodedata

__all__ = ["clean", "clip", "for_terminal", "spread", "width_of"]

_ASCII = str.maketrans(
    {
        "²": "2",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "∈": "in",
        "∉": "not in",
        "∞": "inf",
        "─": "-",
        "│": "|",
        "├": "|",
        "└": "`",
        "·": "-",
        "…": "...",
        "–": "-",
        "—": "-",
        "−": "-",
        "±": "+/-",
        "×": "x",
        "→": "->",
        "“": '"',
        "”": '"',
        "’": "'",
        "█": "#",
        "\u00a0": " ",
        "\u202f": " ",
    }
)


def clean(name: object) -> str:
    r"""Text on one line, without characters that steer a terminal or turn the line around.

    Examples
    --------
    >>> from surrogate.render.names import clean
    >>> clean("income\x1b[2J\n(net)")
    'income\\x1b[2J (net)'
    """
    text = " ".join(str(name).split())
    if text.isprintable():  # the common case, in no time
        return text
    return "".join(_visible(c) for c in text)


def _visible(character: str) -> str:
    """Give the character, or its escape where it cannot be seen but acts (Cc, Cf, Cs)."""
    if character == "\u200d" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co"):
        return character
    return character.encode("unicode_escape").decode("ascii")


def width_of(text: str) -> int:
    """Columns that a text takes in a terminal; wide characters take two.

    Examples
    --------
    >>> from surrogate.render.names import width_of
    >>> width_of("age"), width_of("年齢")
    (3, 4)
    """
    return sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character) or character in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clip(text: str, width: int) -> str:
    """Text of at most `width` columns, its middle left out if need be.

    Examples
    --------
    >>> from surrogate.render.names import clip
    >>> clip("concavity of the worst cell", 15)
    'concavi…st cell'
    """
    if len(text) <= width and width_of(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    head = _take(text[:width], (width - 1 + 1) // 2)
    tail = _take(text[-width:][::-1], (width - 1) // 2)[::-1]
    return f"{head}…{tail}"


def _take(text: str, width: int) -> str:
    """As many first characters as fit in `width` columns."""
    taken = 0
    for i, character in enumerate(text):
        taken += _columns(character)
        if taken > width:
            return text[:i]
    return text


def spread(text: str, width: int, *, right: bool = False) -> str:
    """Text padded with spaces to `width` columns."""
    gap = " " * max(0, width - width_of(text))
    return gap + text if right else text + gap


def for_terminal(text: str, encoding: str | None = None) -> str:
    r"""Text that the terminal can print: as it is, or in ASCII where it must be.

    Examples
    --------
    >>> from surrogate.render.names import for_terminal
    >>> for_terminal("R² ≥ .5 · α", "ascii")
    'R2 >= .5 - \\u03b1'
    """
    encoding = encoding or getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        plain = text.translate(_ASCII)
        return plain.encode("ascii", "backslashreplace").decode("ascii")
    return text
