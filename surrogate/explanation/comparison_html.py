"""A comparison as a piece of HTML for notebooks: the claim first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surrogate.explanation import comparison_tables as tables
from surrogate.explanation import comparison_words as words
from surrogate.explanation.comparison_text import ENDED
from surrogate.render import fragments
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean
from surrogate.render.tables import Table

if TYPE_CHECKING:
    from surrogate.explanation.comparison import Comparison

__all__ = ["html"]


def html(comparison: Comparison) -> Fragment:
    """The claims, what may mislead, verdicts, and the rest folded away."""
    marked = [ENDED] if comparison.interrupted else []
    marked += [*comparison.notes, *words.guards(comparison)]
    marked += words.of_models(comparison)
    tested = words.made_by(comparison)
    found = comparison.disagreement
    return fragments.join(
        [
            *(fragments.paragraph(said, "claim") for said in words.claims(comparison)),
            *(fragments.paragraph(clean(note), "bad") for note in marked),
            *_table(tables.models_table(comparison.models)),
            *_table(tables.contrast_table(comparison.rows)),
            *([fragments.paragraph(tested)] if tested else []),
            *_folded("Every figure", tables.measured_table(comparison.measured)),
            *_folded("Attacker × target", tables.transfer_table(comparison.transfer)),
            *([] if found is None else [_differ(str(found))]),
        ]
    )


def _table(content: Table) -> list[Fragment]:
    return [fragments.table(content)] if content.rows else []


def _folded(summary: str, content: Table) -> list[Fragment]:
    return [fragments.details(summary, fragments.table(content))] if content.rows else []


def _differ(text: str) -> Fragment:
    return fragments.details("Where they disagree", fragments.preformatted(text))
