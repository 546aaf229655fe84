"""Explanations as pieces of HTML, for notebooks and for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surrogate.explanation import words
from surrogate.explanation.finding_words import compared, counted
from surrogate.explanation.findings import by_grouping
from surrogate.explanation.printing import (
    MOST,
    count_bad,
    effects_table,
    form_text,
    half_widths,
    overview,
    shown_classes,
    summary_table,
)
from surrogate.render import fragments
from surrogate.render.fragments import Fragment
from surrogate.render.group_tables import impact_table
from surrogate.render.names import clean
from surrogate.render.numbers import count
from surrogate.render.strongest import strongest
from surrogate.render.tables import fidelity_table, outcome_table

if TYPE_CHECKING:
    from surrogate.explanation.audit_result import AuditResult
    from surrogate.explanation.global_explanation import GlobalExplanation
    from surrogate.explanation.local_explanation import LocalExplanation
    from surrogate.explanation.local_explanations import LocalExplanations

__all__ = ["ENDED", "audit_html", "bad", "global_html", "local_html", "locals_html", "row_html"]

ENDED = "it was interrupted, and this is what there was by then"
_TOP = 10
_FULL = 3


def global_html(explanation: GlobalExplanation) -> Fragment:
    """The claim, what is wrong with it, the form, the fidelity table."""
    form = explanation.rules if explanation.rules is not None else explanation.form
    more = words.drops(explanation)
    target = words.verdict(explanation)
    return fragments.join(
        [
            fragments.paragraph(words.claim(explanation), "claim"),
            fragments.paragraph(words.beside(explanation)),
            *([fragments.paragraph(target)] if target else []),
            *([bad((ENDED,))] if explanation.interrupted else []),
            bad(words.doubts(explanation)),
            *(fragments.paragraph(note, "note") for note in explanation.notes),
            *([fragments.paragraph(more, "note")] if more else []),
            fragments.preformatted(form_text(form)),
            fragments.table(fidelity_table(explanation.fidelity)),
        ]
    )


def locals_html(explanations: LocalExplanations) -> Fragment:
    """A few rows in full, or a line for each of many."""
    notes = [fragments.paragraph(note, "note") for note in explanations.notes]
    if explanations.interrupted:
        notes.insert(0, bad((ENDED,)))
    n_bad = count_bad(explanations)
    said = fragments.paragraph(words.locals_claim(explanations, n_bad), "bad" if n_bad else "")
    if len(explanations) <= _FULL:
        return fragments.join([said, *notes, *(row_html(one) for one in explanations)])
    left = len(explanations) - MOST
    more = fragments.paragraph(f"and {count(left, 'more row')}" if left > 0 else "")
    return fragments.join([said, *notes, fragments.table(overview(explanations[:MOST])), more])


def local_html(explanation: LocalExplanation) -> Fragment:
    """One row, after what a reader must see."""
    notes = [fragments.paragraph(note, "note") for note in explanation.batch.notes]
    return fragments.join([*notes, row_html(explanation)])


def audit_html(audit: AuditResult) -> Fragment:
    """Every surrogate in a line, then the first in full."""
    parts = [fragments.paragraph(note, "note") for note in audit.notes]
    if audit.interrupted:
        parts.insert(0, bad((ENDED,)))
    if len(audit.surrogates) > 1:
        parts.append(fragments.table(summary_table(audit.surrogates)))
    parts += [global_html(one) for one in audit.surrogates[:1]]
    if audit.outcomes:
        parts.append(fragments.paragraph(words.OUTCOMES))
        parts.append(fragments.table(outcome_table(audit.outcomes)))
    parts += [] if audit.local is None else [locals_html(audit.local)]
    for impacts in by_grouping(audit.impacts):
        parts.append(fragments.paragraph(f"{counted(impacts[0])} {compared(impacts[0])}"))
        parts.append(fragments.table(impact_table(impacts, html=True)))
    return fragments.join(parts)


def row_html(explanation: LocalExplanation) -> Fragment:
    """One row: per class the claim, what is wrong, the strongest terms with bars."""
    parts = []
    for k in shown_classes(explanation):
        coef = explanation.coef[k]
        half = half_widths(explanation, k)
        order = strongest(coef, _TOP)
        reach = [
            abs(float(coef[j])) + (0.0 if half is None else float(np.nan_to_num(half[j])))
            for j in order
        ]
        most = max(reach, default=1.0)
        low = -most if any(coef[j] < 0 for j in order) or half is not None else 0.0
        bars = [
            fragments.bar(float(coef[j]), low, most, half=None if half is None else float(half[j]))
            for j in order
        ]
        claim = f"Row {explanation.index}, {words.local_claim(explanation, k)}"
        content = effects_table(explanation, k, html=True)
        steadiness = words.local_steadiness(explanation, k)
        parts += [
            bad(words.local_doubts(explanation, k)),
            fragments.paragraph(claim),
            *([fragments.paragraph(steadiness)] if steadiness else []),
            fragments.table(content, pictures=bars) if bars else fragments.paragraph("No effects."),
        ]
    return fragments.join(parts)


def bad(clauses: tuple[str, ...]) -> Fragment:
    """What is bad about an explanation, one paragraph a clause."""
    return fragments.join(
        fragments.paragraph(f"This explanation is bad: {clean(clause)}.", "bad")
        for clause in clauses
    )
