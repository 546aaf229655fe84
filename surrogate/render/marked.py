"""A text whose words are marked by their effects: for a terminal, and for a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from surrogate.render.fragments import Fragment
from surrogate.render.names import clean
from surrogate.render.numbers import number
from surrogate.render.strongest import strongest
from surrogate.types import FloatArray

__all__ = ["STRENGTHS", "marked_html", "marked_text", "strength"]

STRENGTHS = 4
"""Steps from the weakest mark to the strongest."""
_LEAST = 0.05  # of the strongest effect


def strength(effects: FloatArray) -> list[int]:
    """Step of each effect, from 1 to STRENGTHS by its size; 0 of what is left as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.render.marked import strength
    >>> strength(np.array([1.0, -0.3, 0.0, 0.01]))
    [4, 2, 0, 1]
    """
    most = float(np.abs(effects).max(initial=0.0)) or 1.0
    return [int(step) for step in np.ceil(STRENGTHS * np.abs(effects) / most)]


def marked_text(
    pieces: Sequence[str], owner: Sequence[int], effects: FloatArray, *, top: int = 10
) -> str:
    """The text on one line, its strongest words in brackets with their sign.

    Words with less than a twentieth of the strongest effect are left as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.render.marked import marked_text
    >>> marked_text(("not", " ", "bad"), (0, -1, 1), np.array([0.5, -0.25]))
    '[+not] [-bad]'
    """
    least = _LEAST * float(np.abs(effects).max(initial=0.0))
    shown = {j for j in strongest(effects, top) if abs(effects[j]) >= least}
    parts = []
    for piece, part in zip(pieces, owner):
        if part in shown:
            parts.append(f"[{'+' if effects[part] > 0 else '-'}{clean(piece)}]")
        else:
            parts.append(piece)
    return " ".join(clean(word) for word in "".join(parts).split())


def marked_html(pieces: Sequence[str], owner: Sequence[int], effects: FloatArray) -> Fragment:
    """The text as a paragraph, words marked by sign and strength; the effect is their title."""
    steps = strength(effects)
    parts = []
    for piece, part in zip(pieces, owner):
        text = escape(piece)
        if part < 0 or not steps[part]:
            parts.append(text)
            continue
        kind = "for" if effects[part] > 0 else "against"
        said = escape(number(float(effects[part])))
        parts.append(f'<mark class="{kind} s{steps[part]}" title="{said}">{text}</mark>')
    return Fragment(f'<p class="text" dir="auto">{"".join(parts)}</p>')
