"""Explanations as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from surrogate.explanation import words
from surrogate.explanation.encoding import term_text
from surrogate.explanation.findings import findings_text
from surrogate.forms import Form
from surrogate.render.describe import form_name, size_text
from surrogate.render.features import class_name, shown
from surrogate.render.names import clean, clip, for_terminal
from surrogate.render.numbers import count, number
from surrogate.render.strongest import half_width, strongest
from surrogate.render.tables import Table, effect, fidelity_table, outcome_table
from surrogate.render.text import bar, paragraph, table, terminal_width
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.explanation.audit_result import AuditResult
    from surrogate.explanation.global_explanation import GlobalExplanation
    from surrogate.explanation.local_explanation import LocalExplanation
    from surrogate.explanation.local_explanations import LocalExplanations
    from surrogate.oracle import Queries

__all__ = ["audit_text", "global_text", "local_text", "locals_text"]

MOST = 40
"""Rows that an overview names."""
_TOP = 10
_FULL = 3
_BAR = 10
_ENDED = "interrupted: this is what there was by then"


def global_text(explanation: GlobalExplanation, *, cost: bool = True) -> str:
    """The claim, what is wrong with it, the form, the fidelity table, the cost."""
    target = clip(clean(explanation.target), 60)
    head = f"{clean(explanation.method)} on {target}: {form_name(explanation.form)}"
    parts = [
        _head(head),
        paragraph(words.claim(explanation)),
        paragraph(words.beside(explanation)),
        *_said(words.verdict(explanation)),
        *([_mark(_ENDED)] if explanation.interrupted else []),
        *_bad(words.doubts(explanation)),
        *_notes(explanation.notes, words.drops(explanation)),
        "",
        form_text(explanation.rules if explanation.rules is not None else explanation.form),
        paragraph(f"size: {size_text(explanation.form)}"),
        "",
        _table(fidelity_table(explanation.fidelity)),
        *_stability(explanation),
        *(_cost(explanation.queries) if cost else []),
    ]
    return for_terminal("\n".join(parts))


def form_text(form: Form) -> str:
    """A form in words, its names made safe for a terminal."""
    classes = form.classes
    if classes is not None:
        classes = tuple(class_name(classes, k) for k in range(len(classes)))
    return replace(form, features=shown(form.features), classes=classes).to_text()


def locals_text(explanations: LocalExplanations, *, cost: bool = True) -> str:
    """A few rows in full, and a line for each of the others."""
    n, _, d = explanations.coef.shape
    target = clip(clean(explanations.target), 60)
    head = f"{clean(explanations.method)} on {target}: {count(n, 'row')}, {count(d, 'feature')}"
    ended = [_mark(_ENDED)] if explanations.interrupted else []
    bad = count_bad(explanations)
    claim = paragraph(("! " if bad else "") + words.locals_claim(explanations, bad))
    parts = [_head(head), *ended, claim, *_notes(explanations.notes, None)]
    if n <= _FULL:
        parts += [block for one in explanations for block in ("", _row_text(one))]
    else:
        parts += ["", _table(overview(explanations[:MOST]))]
        left = n - len(explanations[:MOST])
        parts += [f"and {count(left, 'more row')}: see to_frame()"] if left else []
        level = 100 * explanations.fidelity.level
        fresh = count(explanations.fidelity.n, "fresh perturbation")
        parts += [
            "",
            paragraph(
                f"fidelity: {explanations.fidelity.metric} with its {level:g} % interval on "
                f"{fresh} a row; the trivial surrogate, a constant, has 0."
            ),
        ]
    return for_terminal("\n".join([*parts, *(_cost(explanations.queries) if cost else [])]))


def local_text(explanation: LocalExplanation) -> str:
    """One row in full."""
    head = f"{clean(explanation.batch.method)} on {clip(clean(explanation.batch.target), 60)}"
    parts = [_head(head), *_notes(explanation.batch.notes, None), _row_text(explanation)]
    return for_terminal("\n".join([*parts, *_cost(explanation.batch.queries)]))


def audit_text(audit: AuditResult) -> str:
    """Every surrogate, the local explanations, then groups, flips and where it is worst."""
    parts = []
    if audit.interrupted:
        parts.append(_mark(_ENDED))
    parts += _notes(audit.notes, None)
    parts += [block for one in audit.surrogates for block in (global_text(one, cost=False), "")]
    if not audit.surrogates:
        parts += [_mark("no surrogate was fitted"), ""]
    if audit.outcomes:
        parts += [paragraph(words.OUTCOMES), "", _table(outcome_table(audit.outcomes)), ""]
    if audit.local is not None:
        parts += [locals_text(audit.local, cost=False), ""]
    parts += findings_text(audit)
    if audit.steadiness is not None:
        parts += [paragraph(f"the target itself: {audit.steadiness}"), ""]
    parts += _cost(audit.queries)
    return for_terminal("\n".join(parts).rstrip())


def effects_table(explanation: LocalExplanation, k: int, *, html: bool = False) -> Table:
    """The strongest terms for class k, with intervals where errors are claimed."""
    coef = explanation.coef[k]
    features = shown(explanation.batch.domain.features, html=html)
    terms = explanation.batch.encoding.terms(features, explanation.batch.rows[0])
    half = half_widths(explanation, k)
    order = strongest(coef, _TOP)
    rows = tuple(
        (
            term_text(terms[j], features),
            effect(float(coef[j]), None if half is None else float(half[j])),
        )
        for j in order
    )
    head = "effect" if half is None else f"effect, {100 * _level(explanation):g} % interval"
    left = int(np.count_nonzero(coef)) - len(order)
    caption = f"and {count(left, 'weaker term')}" if left else ""
    return Table(("term", head), rows, "lr", caption)


def half_widths(explanation: LocalExplanation, k: int) -> FloatArray | None:
    """Half of the width of each coefficient's interval, where errors are claimed."""
    if explanation.coef_se is None:
        return None
    return half_width(explanation.coef_se[k], level=_level(explanation), dof=explanation.batch.dof)


def shown_classes(explanation: LocalExplanation) -> list[int]:
    """The classes worth showing: one for two classes or regression, else the strongest."""
    if explanation.classes is None or len(explanation.classes) == 1:
        return list(range(explanation.coef.shape[0]))
    if len(explanation.classes) == 2:
        return [1]
    return [int(np.argmax(explanation.box_value))]


def overview(explanations: LocalExplanations, *, html: bool = False) -> Table:
    """One line a row: what the model says, the strongest term, the fidelity, the stability."""
    lines = []
    for one in explanations:
        k = shown_classes(one)[0]
        effects = effects_table(one, k, html=html).rows
        term = effects[0] if effects else ("no effect", "")
        score = one.fidelity[k]
        bad = "bad" if words.local_doubts(one, k) else ""
        name = class_name(one.classes, k, width=16, html=html)
        said = number(float(one.box_value[k]))
        ends = "no interval" if score.interval is None else score.interval_text()
        fidelity = f"{score.value_text()} ({ends})"  # why there is none, the row itself says
        stable = () if one.stability is None else (one.stability.score(0, k).value_text(),)
        lines.append((clean(one.index), name, said, *term, fidelity, *stable, bad))
    stability = explanations.stability
    overlap = () if stability is None else (f"top-{stability.top} Jaccard",)
    header = ("row", "for", "model", "strongest term", "effect", "fidelity (interval)")
    return Table((*header, *overlap, ""), tuple(lines), f"rlrlrr{'r' * len(overlap)}l")


def summary_table(surrogates: Sequence[GlobalExplanation]) -> Table:
    """One line a surrogate: what it is, and its main fidelity on the first rows."""
    lines = []
    for one in surrogates:
        score = one.fidelity[0].main
        lines.append(
            (
                clean(one.method),
                form_name(one.form),
                f"{score.symbol} {score.value_text()}",
                score.interval_text(),
                score.baseline_text(),
                "bad" if words.doubts(one) else "",
            )
        )
    header = ("method", "surrogate", "fidelity", "interval", "trivial", "")
    return Table(header, tuple(lines), "llrrrl")


def count_bad(explanations: LocalExplanations) -> int:
    """How many rows have an explanation that is bad for a class that is shown."""
    flagged = np.array([bool(clauses) for clauses in explanations.flags], dtype=np.bool_)
    doubtful = words.doubtful(explanations.fidelity)  # (n, k)
    n, k = doubtful.shape
    columns = np.ones((n, k), dtype=np.bool_)
    if explanations.classes is not None and k == 2:
        columns[:, 0] = False
    elif explanations.classes is not None and k > 2:
        columns = np.arange(k) == explanations.box_values.argmax(axis=1)[:, None]
    return int((flagged | (doubtful & columns).any(axis=1)).sum())


def _row_text(explanation: LocalExplanation) -> str:
    """One row: per class the claim, what is wrong, the strongest terms with bars."""
    blocks = []
    for k in shown_classes(explanation):
        content = effects_table(explanation, k)
        order = strongest(explanation.coef[k], _TOP)
        largest = max((abs(float(explanation.coef[k][j])) for j in order), default=1.0)
        rows = [
            (*row, bar(abs(float(explanation.coef[k][j])) / largest, _BAR))
            for row, j in zip(content.rows, order)
        ]
        lead = f"row {explanation.index}, {words.local_claim(explanation, k)}"
        blocks += [*_bad(words.local_doubts(explanation, k)), paragraph(lead)]
        blocks += _said(words.local_steadiness(explanation, k))
        blocks.append(table((*content.header, ""), rows, align=content.align + "l"))
        blocks += [content.caption] if content.caption else []
    return "\n".join(blocks)


def _level(explanation: LocalExplanation) -> float:
    return explanation.batch.fidelity.level


def _head(text: str) -> str:
    line = clip(text, terminal_width())
    return f"{line}\n{'─' * min(terminal_width(), len(line))}"


def _mark(text: str) -> str:
    return paragraph(f"! {text}")


def _bad(found: tuple[str, ...]) -> list[str]:
    return [_mark(f"this explanation is bad: {clean(clause)}") for clause in found]


def _said(sentence: str | None) -> list[str]:
    return [paragraph(sentence)] if sentence else []


def _notes(notes: tuple[str, ...], more: str | None) -> list[str]:
    return [_mark(clean(note)) for note in (*notes, *([more] if more else []))]


def _table(content: Table) -> str:
    return table(content.header, content.rows, align=content.align)


def _stability(explanation: GlobalExplanation) -> list[str]:
    if explanation.stability is None:
        return []
    return ["", *(paragraph(f"stability: {score}") for score in explanation.stability.scores)]


def _cost(queries: Queries | None) -> list[str]:
    if queries is None:
        return []
    return [paragraph(f"queries: {clean(queries)}")]
