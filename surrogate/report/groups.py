"""Outcomes by group, and what changing one attribute does, on the target's own answers."""

from __future__ import annotations

from collections.abc import Sequence

from surrogate.explanation import AuditResult
from surrogate.explanation import finding_words as said
from surrogate.explanation.findings import by_attribute, by_grouping
from surrogate.fidelity import Flips, Impact
from surrogate.render import fragments
from surrogate.render.features import isolated
from surrogate.render.fragments import Fragment
from surrogate.render.group_tables import cell, flip_table, impact_table, pair_table
from surrogate.render.names import clean
from surrogate.render.plot_scores import plot_scores, scores_size
from surrogate.report.pictures import picture, shown_picture

__all__ = ["flips", "impacts"]

_DRAWN = 24  # groups in a picture


def impacts(audit: AuditResult) -> Fragment | None:
    """Selection rates and impact ratios of every grouping, the surrogates' beside them."""
    if not audit.impacts:
        return None
    parts = [fragments.paragraph(said.IMPACTS_MEAN)]
    for own in by_grouping(audit.impacts):
        parts += _grouping(own)
    return fragments.join(parts)


def _grouping(own: Sequence[Impact]) -> list[Fragment]:
    """One grouping: what is counted, a picture, the figures."""
    first = own[0]
    parts = [
        fragments.heading(isolated(first.grouping)),
        fragments.paragraph(said.counted(first)),
        _picture(first),
        fragments.table(impact_table(own, html=True)),
        fragments.paragraph(said.compared(first), "legend"),
    ]
    if any(one.pairs for one in own):
        parts.append(
            fragments.details("Every two groups", fragments.table(pair_table(own, html=True)))
        )
    return parts


def _picture(one: Impact) -> Fragment:
    """Rates of the target with their intervals."""
    rates = one.rates[:_DRAWN]
    names = [group.group for group in rates]
    lines = "; ".join(f"{clean(group.group)}: {cell(group.rate)}" for group in rates)
    width, height = scores_size(len(rates))
    drawn = picture(
        lambda ax: plot_scores(
            names,
            [group.rate for group in rates],
            small=[group.small for group in rates],
            ax=ax,
        ),
        alt=f"{rates[0].rate.symbol} of each group, as the model decides. {lines}.",
        width=width,
        height=height,
    )
    return shown_picture(drawn)


def flips(audit: AuditResult) -> Fragment | None:
    """What changing one attribute and nothing else does."""
    if not audit.flips:
        return None
    parts = [fragments.paragraph(said.FLIPS_MEAN)]
    for own in by_attribute(audit.flips):
        parts += _attribute(own)
    return fragments.join(parts)


def _attribute(own: Sequence[Flips]) -> list[Fragment]:
    """One attribute: which rows were asked, and the figures."""
    scored = any(one.scores for one in own)
    figures = [fragments.table(flip_table(own, html=True))] if scored else []
    lead = fragments.paragraph(said.flips_said(own[0]))
    return [fragments.heading(isolated(own[0].attribute)), lead, *figures]
