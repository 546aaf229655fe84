"""Results as Markdown for a pipeline's summary: the claim first, then what stands beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from surrogate.explanation import comparison_tables, comparison_words, finding_words, words
from surrogate.explanation.comparison_text import title
from surrogate.explanation.findings import by_attribute, by_grouping
from surrogate.explanation.gate import gate_of
from surrogate.explanation.printing import count_bad, form_text, overview, summary_table
from surrogate.render.describe import form_name, size_text
from surrogate.render.group_tables import flip_table, impact_table
from surrogate.render.markdown import fenced, inline, listing, markdown_table
from surrogate.render.names import clean, clip
from surrogate.render.tables import Table, fidelity_table, outcome_table

if TYPE_CHECKING:
    from surrogate.explanation.audit_result import AuditResult
    from surrogate.explanation.comparison import Comparison
    from surrogate.explanation.global_explanation import GlobalExplanation
    from surrogate.explanation.local_explanations import LocalExplanations

__all__ = ["audit_markdown", "comparison_markdown", "global_markdown", "locals_markdown"]

MOST_LINES = 40
"""Lines of a form, and rows of a table, that a summary shows."""
_MOST_NOTES = 12
_ENDED = "It was interrupted: this is what there was by then."


def audit_markdown(audit: AuditResult, sha256: str, *, min_fidelity: float | None = None) -> str:
    """Every surrogate in a line, the first in full, true outcomes, single rows."""
    parts = [f"## {inline(clip(_name(audit), 80))}", ""]
    notes = [*([_ENDED] if audit.interrupted else []), *audit.notes]
    for one in audit.surrogates[:1]:
        parts += _claimed(one, min_fidelity, [*notes, *one.notes])
        parts += _table(fidelity_table(one.fidelity))
        if len(audit.surrogates) > 1:
            parts += _table(summary_table(audit.surrogates))
        parts += _form(one)
    if not audit.surrogates:
        parts += [*_noted(notes)]
    if audit.outcomes:
        parts += [inline(words.OUTCOMES), "", *_table(outcome_table(audit.outcomes))]
    if audit.local is not None:
        parts += _locals(audit.local)
    parts += _findings(audit)
    return _text([*parts, *_verified(sha256, kept=audit.evidence is not None)])


def global_markdown(
    explanation: GlobalExplanation, sha256: str, *, min_fidelity: float | None = None
) -> str:
    """The claim, what is wrong with it, every figure, the form."""
    head = f"{explanation.method} on {clip(clean(explanation.target), 60)}"
    notes = [*([_ENDED] if explanation.interrupted else []), *explanation.notes]
    parts = [f"## {inline(head)}", "", *_claimed(explanation, min_fidelity, notes)]
    parts += _table(fidelity_table(explanation.fidelity))
    return _text([*parts, *_form(explanation), *_verified(sha256, kept=False)])


def locals_markdown(explanations: LocalExplanations, sha256: str) -> str:
    """How many rows are bad, and a line for each."""
    head = f"{explanations.method} on {clip(clean(explanations.target), 60)}"
    notes = [_ENDED] if explanations.interrupted else []
    parts = [f"## {inline(head)}", "", *_locals(explanations), *_noted(notes)]
    return _text([*parts, *_verified(sha256, kept=False)])


def comparison_markdown(
    comparison: Comparison, sha256: str, *, min_fidelity: float | None = None
) -> str:
    """The claims, the models, the verdicts."""
    parts = [f"## {inline(title(comparison))}", ""]
    for said in comparison_words.claims(comparison):
        parts += [f"**{inline(said)}**", ""]
    parts += [] if min_fidelity is None else [*_gated(comparison, min_fidelity)]
    notes = [*([_ENDED] if comparison.interrupted else []), *comparison.notes]
    parts += _noted([*notes, *comparison_words.guards(comparison)])
    parts += _table(comparison_tables.models_table(comparison.models))
    parts += _table(comparison_tables.contrast_table(comparison.rows))
    tested = comparison_words.made_by(comparison)
    parts += [inline(tested), ""] if tested else []
    return _text([*parts, *_verified(sha256, kept=comparison.evidence is not None)])


def _name(audit: AuditResult) -> str:
    return f"Fidelity report: {clean(audit.target.get('name') or 'the model')}"


def _claimed(one: GlobalExplanation, min_fidelity: float | None, notes: Iterable[str]) -> list[str]:
    """The claim, the trivial surrogate, what is wanted, what is bad, the notes."""
    parts = [f"**{inline(words.claim(one))}**", "", inline(words.beside(one)), ""]
    target, drops = words.verdict(one), words.drops(one)
    parts += [inline(target), ""] if target else []
    parts += [] if min_fidelity is None else _gated(one, min_fidelity)
    bad = [f"This explanation is bad: {clean(clause)}." for clause in words.doubts(one)]
    return [*parts, *_noted([*bad, *([drops] if drops else []), *notes])]


def _gated(result: GlobalExplanation | Comparison, wanted: float) -> list[str]:
    gate = gate_of(result, wanted)
    return [f"{'✅' if gate.shown else '❌'} {inline(str(gate))}.", ""]


def _noted(notes: Sequence[str]) -> list[str]:
    """Warnings, the first of them in full."""
    found = [clip(clean(note), 400) for note in dict.fromkeys(notes)]
    left = len(found) - _MOST_NOTES
    more = [f"and {left} more"] if left > 0 else []
    return [*listing([*found[:_MOST_NOTES], *more]), ""] if found else []


def _table(content: Table) -> list[str]:
    return [*markdown_table(content, most=MOST_LINES), ""] if content.rows else []


def _form(one: GlobalExplanation) -> list[str]:
    """The form, folded away."""
    form = one.rules if one.rules is not None else one.form
    said = f"The {form_name(one.form)}: {size_text(one.form)}"
    body = fenced(form_text(form), most=MOST_LINES)
    return ["<details>", f"<summary>{inline(said)}</summary>", "", body, "", "</details>", ""]


def _locals(explanations: LocalExplanations) -> list[str]:
    claim = words.locals_claim(explanations, count_bad(explanations))
    table = _table(overview(explanations[:MOST_LINES]))
    left = len(explanations) - MOST_LINES
    more = [f"and {left:,} more rows", ""] if left > 0 else []
    return [inline(claim), "", *table, *more, *_noted(explanations.notes)]


def _findings(audit: AuditResult) -> list[str]:
    """Outcomes by group and flips, with what they do not say."""
    parts: list[str] = []
    for impacts in by_grouping(audit.impacts):
        lead = f"{finding_words.counted(impacts[0])} {finding_words.compared(impacts[0])}"
        parts += [inline(lead), "", *_table(impact_table(impacts))]
    parts += [inline(finding_words.IMPACTS_MEAN), ""] if audit.impacts else []
    for flips in by_attribute(audit.flips):
        parts += [inline(finding_words.flips_said(flips[0])), ""]
        parts += _table(flip_table(flips)) if any(one.scores for one in flips) else []
    asked = any(one.scores for one in audit.flips)
    return [*parts, *([inline(finding_words.FLIPS_MEAN), ""] if asked else [])]


def _verified(sha256: str, *, kept: bool) -> list[str]:
    """How to check the JSON that this is a summary of."""
    does = "computes its figures again without asking the model" if kept else "checks its hash"
    return [
        f"The JSON of this result has the SHA-256 `{sha256}`; `surrogate verify FILE.json` {does}."
    ]


def _text(parts: Sequence[str]) -> str:
    return "\n".join(parts).rstrip() + "\n"
