"""A comparison as text for a terminal: the claim first, then what may mislead, then figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from surrogate.explanation import comparison_tables as tables
from surrogate.explanation import comparison_words as words
from surrogate.render.names import clean, clip, for_terminal
from surrogate.render.numbers import count
from surrogate.render.tables import Table
from surrogate.render.text import paragraph, table, terminal_width

if TYPE_CHECKING:
    from surrogate.explanation.compared import ModelFacts
    from surrogate.explanation.comparison import Comparison

__all__ = ["ENDED", "MOST", "text", "title"]

MOST = 40
"""Lines of verdicts and of figures that are printed; all are in `to_frame`."""
ENDED = "it was interrupted, and this is what there was by then"


def text(comparison: Comparison) -> str:
    """The claims, the guards, the models, the verdicts, where they differ, the cost."""
    head = clip(title(comparison), terminal_width())
    marked = [ENDED] if comparison.interrupted else []
    marked += [*comparison.notes, *words.guards(comparison)]
    marked += words.of_models(comparison)
    read = [one for one in comparison.measured if one.method and one.region.kind == "clean"]
    parts = [
        f"{head}\n{'─' * min(terminal_width(), len(head))}",
        *map(paragraph, words.claims(comparison)),
        *(paragraph(f"! {clean(note)}") for note in marked),
        *_table(tables.models_table([_briefly(model) for model in comparison.models])),
        *_table(tables.contrast_table(comparison.rows[:MOST])),
        *_more(len(comparison.rows) - MOST, "verdict", 'to_frame("contrasts")'),
        *_table(tables.measured_table(read[:MOST])),
        *_more(len(comparison.measured) - len(read[:MOST]), "figure", 'to_frame("measured")'),
        *_table(tables.transfer_table(comparison.transfer)),
        *([] if comparison.disagreement is None else ["", str(comparison.disagreement)]),
        "",
        *([paragraph(words.made_by(comparison))] if words.made_by(comparison) else []),
        *(paragraph(f"queries of {clean(n)}: {q}") for n, q in comparison.queries.items()),
    ]
    return for_terminal("\n".join(parts).rstrip())


def title(comparison: Comparison) -> str:
    """Of whom, and how many."""
    names = [clip(clean(arm), 40) for arm in comparison.arms]
    return f"comparison of {', '.join(names)}: {count(len(comparison.models), 'model')}"


def _table(content: Table) -> list[str]:
    """An empty line and the table, if there is anything in it.

    Why a figure has no interval would take the width of all others; `to_frame` says it.
    """
    if not content.rows:
        return []
    rows = [
        ["none" if cell.startswith("no interval") else cell for cell in row] for row in content.rows
    ]
    return ["", table(content.header, rows, align=content.align)]


def _briefly(model: ModelFacts) -> ModelFacts:
    """A model with the spread of its output on the first rows alone."""
    return replace(model, spread=model.spread[:1])


def _more(left: int, what: str, where: str) -> list[str]:
    return [f"and {count(left, f'more {what}')}: see {where}"] if left > 0 else []
