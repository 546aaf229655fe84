"""A global explanation's form as a file, with its claim on top."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from surrogate.errors import AbilityError, InputError
from surrogate.explanation import words
from surrogate.export import export_form, format_of
from surrogate.forms import Tree
from surrogate.render.canvas import open_figure
from surrogate.render.describe import form_name
from surrogate.render.names import clean
from surrogate.render.plot_rules import plot_rules
from surrogate.render.plot_tree import tree_size

if TYPE_CHECKING:
    from surrogate.explanation.global_explanation import GlobalExplanation

__all__ = ["PICTURES", "check_export", "write_form"]

PICTURES = (".png", ".svg", ".pdf")
"""Suffixes of files that are drawn."""


def check_export(path: str | Path, *, format: str | None = None) -> None:
    """Raise unless it is known how to write to a path, before anything is paid for.

    Raises
    ------
    InputError
        If its suffix says no format, or its folder does not exist.
    """
    place = Path(path)
    if not place.parent.is_dir():
        raise InputError(f"The folder {str(place.parent)!r} to export to does not exist.")
    if format is not None or place.suffix.lower() not in PICTURES:
        try:
            format_of(place, format=format)
        except InputError as cause:
            raise InputError(f"{cause} Pictures end in {', '.join(PICTURES)}.") from None


def write_form(
    explanation: GlobalExplanation, path: str | Path, *, format: str | None, rules: bool
) -> None:
    """Write the form, or its rules, under the claim that stands for them."""
    check_export(path, format=format)
    form = explanation.rules if rules else explanation.form
    if form is None:
        raise AbilityError(
            f"This {explanation.method!r} explanation has no rules beside its "
            f"{form_name(explanation.form)}; export it without rules=True."
        )
    if format is None and Path(path).suffix.lower() in PICTURES:
        _draw(explanation, Path(path), rules=rules)
        return
    export_form(form, path, format=format, heading=tuple(_heading(explanation)))


def _heading(explanation: GlobalExplanation) -> Iterator[str]:
    """What may be claimed, what is wrong, and what a reader must know."""
    yield words.claim(explanation)
    yield from (f"This explanation is bad: {clean(doubt)}." for doubt in words.doubts(explanation))
    yield from (clean(note) for note in explanation.notes)


def _draw(explanation: GlobalExplanation, path: Path, *, rules: bool) -> None:
    """Draw on a figure of its own; a tree takes the room that its leaves need."""
    form = explanation.form
    width, height = 9.0, 6.0
    if isinstance(form, Tree) and not rules:
        width, height = tree_size(form)
    figure, ax = open_figure(width, height + 0.5)
    if rules and explanation.rules is not None:
        plot_rules(explanation.rules, ax=ax)
    else:
        explanation.plot(ax=ax)
    figure.suptitle(_broken(words.claim(explanation), int(width * 13)), fontsize=9)
    figure.savefig(path, dpi=150)


def _broken(text: str, width: int) -> str:
    return textwrap.fill(text.replace("$", r"\$"), max(40, width))
