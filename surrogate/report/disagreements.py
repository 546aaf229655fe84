"""Where the surrogate is worst, which rows it gets wrong, and whether single rows hold up."""

from __future__ import annotations

from surrogate.explanation import AuditResult
from surrogate.explanation import finding_words as said
from surrogate.explanation.disagreements import Example
from surrogate.explanation.printing import form_text
from surrogate.render import fragments
from surrogate.render.fragments import Fragment
from surrogate.render.group_tables import cell, check_table, example_table, region_table, said_of
from surrogate.render.names import clean, clip
from surrogate.render.numbers import count
from surrogate.render.plot_scores import plot_scores, scores_size
from surrogate.report.pictures import picture, shown_picture

__all__ = ["checks", "disagreements", "regions"]

_MOST = 12
_COLUMNS = 40  # of a row that is shown


def regions(audit: AuditResult) -> Fragment | None:
    """Fidelity in each leaf or rule of the first surrogate, the worst first."""
    if not audit.regions:
        return None
    left = len(audit.regions) - _MOST
    more = [fragments.paragraph(f"{count(left, 'more region')} in the JSON of this report.")]
    return fragments.join(
        [
            fragments.paragraph(said.regions_said(audit.regions)),
            _picture(audit),
            fragments.table(region_table(audit.regions, most=_MOST)),
            *(more if left > 0 else []),
        ]
    )


def _picture(audit: AuditResult) -> Fragment:
    """The worst regions as dots, beside the surrogate as a whole."""
    shown = audit.regions[:_MOST]
    overall = audit.surrogates[0].fidelity[0].main if audit.surrogates else None
    same = overall is not None and overall.metric == shown[0].score.metric
    lines = "; ".join(f"{i}: {cell(one.score)}" for i, one in enumerate(shown, start=1))
    width, height = scores_size(len(shown))
    drawn = picture(
        lambda ax: plot_scores(
            [f"{i}: {clip(clean(one.region), 44)}" for i, one in enumerate(shown, start=1)],
            [one.score for one in shown],
            small=[one.small for one in shown],
            overall=overall if same else None,
            ax=ax,
        ),
        alt=f"{shown[0].score.symbol} of each region, as in the table below. {lines}.",
        width=width,
        height=height,
    )
    return shown_picture(drawn)


def disagreements(audit: AuditResult) -> Fragment | None:
    """How often surrogate and target differ, where, and a few rows."""
    found = audit.disagreements
    if found is None:
        return None
    parts = [fragments.paragraph(said.disagreements_said(found))]
    if found.leaves:
        parts.append(fragments.table(region_table(found.leaves, most=_MOST)))
    if found.tree is not None:
        words = "The tree that looks for disagreement, as it was fitted"
        parts.append(fragments.details(words, fragments.preformatted(form_text(found.tree))))
    if found.examples:
        parts.append(fragments.heading("Rows that they answer differently"))
        parts += [_example(one) for one in found.examples]
    return fragments.join(parts)


def _example(one: Example) -> Fragment:
    """One row, folded away under what each says of it."""
    model = said_of(one.model, one.probability, html=True)
    surrogate = said_of(one.surrogate, html=True)
    head = f"Row {clean(one.index)}: the model says {model}, the surrogate {surrogate}"
    body = fragments.table(example_table(one.index, one.values, most=_COLUMNS))
    return fragments.details(head, body)


def checks(audit: AuditResult) -> Fragment | None:
    """Local explanations, checked by asking the target again."""
    if audit.checks is None:
        return None
    return fragments.join(
        [
            fragments.paragraph(said.checks_said(audit.checks)),
            fragments.table(check_table(audit.checks.scores)),
        ]
    )
