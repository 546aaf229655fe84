"""Features whose names are safe and short enough to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from surrogate.render.names import clean, clip
from surrogate.types import Feature, Label

__all__ = ["class_name", "isolated", "shown", "unbroken"]

_OPEN, _CLOSE = "\u2068", "\u2069"


def isolated(name: object, width: int = 60) -> str:
    """A clean, clipped name that keeps its own writing direction to itself in HTML.

    Examples
    --------
    >>> from surrogate.render.features import isolated
    >>> isolated("age")
    'age'
    >>> len(isolated("גיל")) - len("גיל")
    2
    """
    text = clip(clean(name), width)
    return text if text.isascii() else f"{_OPEN}{text}{_CLOSE}"


def shown(
    features: Sequence[Feature], *, width: int = 40, html: bool = False
) -> tuple[Feature, ...]:
    r"""Copies of features whose names, units and categories can be printed.

    Parameters
    ----------
    features : sequence of Feature
    width : int
        Characters that a name may take; its middle is left out.
    html : bool
        Whether the text goes into a page, where right-to-left names are isolated.

    Returns
    -------
    tuple of Feature

    Examples
    --------
    >>> from surrogate.render.features import shown
    >>> from surrogate.types import Feature
    >>> shown([Feature("age\nof owner")])[0].name
    'age of owner'
    """
    return tuple(
        replace(
            f,
            name=_safe(f.name, width, html),
            unit=_safe(f.unit, 16, html),
            categories=tuple(_category(c, width, html) for c in f.categories),
        )
        for f in features
    )


def class_name(
    classes: Sequence[Label] | None, k: int, *, width: int = 32, html: bool = False
) -> str:
    """Name of class k, as it can be printed; "value" for regression."""
    return "value" if classes is None else _safe(classes[k], width, html)


def unbroken(text: str, width: int = 44) -> str:
    """A short text that stays on one line of a page; a long one as it is."""
    return text.replace(" ", "\u00a0") if len(text) <= width else text


def _safe(name: object, width: int, html: bool) -> str:
    return isolated(name, width) if html else clip(clean(name), width)


def _category(category: Label, width: int, html: bool) -> Label:
    return _safe(category, width, html) if isinstance(category, str) else category
