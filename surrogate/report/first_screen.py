"""How far to trust the claim: what a reader who stops here must have seen."""

from __future__ import annotations

from surrogate.explanation import AuditResult, GlobalExplanation, LocalExplanations, words
from surrogate.fidelity import Score
from surrogate.oracle import Queries
from surrogate.render import fragments
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean
from surrogate.render.numbers import count
from surrogate.render.tables import Table

__all__ = ["trust"]

_LEGEND = Fragment(
    '<p class="legend">Trivial: always giving one answer, on the same rows. <span class="pic">In '
    "the pictures blue is what was measured, with its interval, and orange the trivial surrogate."
    "</span></p>"
)
_USE = Fragment(
    '<p class="legend">It is meant for judging what the model does with rows like these. It does '
    "not say that the model is right, fair or lawful; what else it does not say stands under "
    '<a href="#limits">Limits</a>.</p>'
)


def trust(audit: AuditResult) -> Fragment:
    """The measured figures side by side, the trivial surrogate among them, and all notes."""
    parts = []
    if audit.surrogates:
        parts.append(_measured(audit.surrogates[0], audit.queries))
        target = words.verdict(audit.surrogates[0])
        parts += [fragments.paragraph(target)] if target else []
        more = words.drops(audit.surrogates[0])
        parts += [fragments.paragraph(more)] if more else []
    elif audit.local is not None:
        parts.append(_of_rows(audit.local))
    notes = dict.fromkeys(_notes(audit))
    parts += [fragments.listing(notes, "notes")] if notes else []
    parts.append(_USE)
    return fragments.join(parts)


def _measured(explanation: GlobalExplanation, asked: Queries | None) -> Fragment:
    """Main scores with their whiskers on one axis, and the lift in words."""
    scores = [(clean(one.distribution), one.main) for one in explanation.fidelity]
    worst = explanation.fidelity[0]
    if "worst-class agreement" in worst:
        scores.append(("the class it serves worst", worst["worst-class agreement"]))
    low = _axis_start([score for _, score in scores])
    rows, pictures = [], []
    for where, score in scores:
        rows.append((where, score.value_text(), score.interval_text(), score.baseline_text()))
        ends = None if score.interval is None else (score.interval.low, score.interval.high)
        pictures.append(fragments.whisker(score.value, ends, score.baseline, low=low))
    first = scores[0][1]
    level = f"{100 * explanation.fidelity[0].level:g} % interval"
    table = Table(("rows", first.symbol, level, "trivial"), tuple(rows), "lrrr")
    axis = f"{low:g} to 1" if not first.percent else f"{100 * low:.0f} to 100 %"
    return fragments.join(
        [
            fragments.table(table, pictures=pictures, picture_head=axis),
            _LEGEND,
            fragments.paragraph(words.beside(explanation)),
            fragments.paragraph(_cost(explanation, asked)),
        ]
    )


def _cost(explanation: GlobalExplanation, asked: Queries | None) -> str:
    """What the figures stand on."""
    n = explanation.fidelity[0].main.n
    if asked is None:
        return f"It was measured on {count(n, 'row')} that took no part in fitting it."
    return (
        f"It was measured on {count(n, 'row')} that took no part in fitting it; the model was "
        f"asked {count(asked.rows, 'row')} in all."
    )


def _axis_start(scores: list[Score]) -> float:
    """Where the axis begins: a round tenth below all that is drawn, 0 at most."""
    drawn = [s.baseline for s in scores[:1]] + [s.value for s in scores]
    drawn += [s.interval.low for s in scores if s.interval is not None]
    least = min((x for x in drawn if x is not None), default=0.0)
    return max(-1.0, min(0.9, int(10 * least) / 10 if least >= 0 else -1.0))


def _of_rows(local: LocalExplanations) -> Fragment:
    fresh = count(local.fidelity.n, "fresh perturbation")
    return fragments.paragraph(
        f"Each explanation was measured on {fresh} around its row, which took no part in fitting "
        "it. A constant, the trivial surrogate, has a weighted R² of 0 there. An explanation "
        "speaks of its own row's neighbourhood and of nothing else."
    )


def _notes(audit: AuditResult) -> list[str]:
    """Warnings of the audit and its surrogates; of local explanations where they are all."""
    found = list(audit.notes)
    for one in audit.surrogates:
        found += one.notes
        found += [note for fidelity in one.fidelity for note in fidelity.notes]
    if audit.local is not None and not audit.surrogates:
        found += audit.local.notes
    return [clean(note)[:400] for note in found]
