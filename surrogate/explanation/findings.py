"""Groups, flips, regions, disagreements and checks of an audit, as text and as lines of a table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from surrogate.explanation import finding_words as said
from surrogate.render.group_tables import (
    check_table,
    flip_table,
    impact_table,
    pair_table,
    said_of,
)
from surrogate.render.names import clean, clip
from surrogate.render.tables import Table
from surrogate.render.text import paragraph, table, terminal_width

if TYPE_CHECKING:
    from surrogate.explanation.audit_result import AuditResult
    from surrogate.fidelity import Flips, Impact, RegionScore, Score

__all__ = ["by_attribute", "by_grouping", "finding_scores", "findings_text", "frame_lines"]

MOST_REGIONS = 5


def by_grouping(impacts: Sequence[Impact]) -> list[list[Impact]]:
    """Outcomes of one grouping together, in the order of the audit."""
    return [list(own) for _, own in groupby(impacts, key=lambda one: one.grouping)]


def by_attribute(flips: Sequence[Flips]) -> list[list[Flips]]:
    """Flips of one attribute together, in the order of the audit."""
    return [list(own) for _, own in groupby(flips, key=lambda one: one.attribute)]


def findings_text(audit: AuditResult) -> list[str]:
    """Blocks of text, each after an empty line."""
    return [line for block in _blocks(audit) for line in (*block, "")]


def _blocks(audit: AuditResult) -> Iterator[list[str]]:
    """What there is to say, in the order of the report."""
    for impacts in by_grouping(audit.impacts):
        lead = f"{said.counted(impacts[0])} {said.compared(impacts[0])}"
        yield [paragraph(lead), "", _table(impact_table(impacts))]
        if any(one.pairs for one in impacts):
            yield [_table(pair_table(impacts))]
    if audit.impacts:
        yield [paragraph(said.IMPACTS_MEAN)]
    for flips in by_attribute(audit.flips):
        scored = any(one.scores for one in flips)
        yield [paragraph(said.flips_said(flips[0])), *(["", _table(flip_table(flips))] * scored)]
    if any(one.scores for one in audit.flips):
        yield [paragraph(said.FLIPS_MEAN)]
    if audit.regions:
        yield [paragraph(said.regions_said(audit.regions)), *_regions(audit.regions)]
    if audit.disagreements is not None:
        yield list(_disagreements(audit))
    if audit.checks is not None:
        yield [
            paragraph(said.checks_said(audit.checks)),
            "",
            _table(check_table(audit.checks.scores)),
        ]


def _disagreements(audit: AuditResult) -> Iterator[str]:
    """How often, where, and which rows."""
    found = audit.disagreements
    assert found is not None
    yield paragraph(said.disagreements_said(found))
    yield from _regions(found.leaves)
    if found.examples:
        rows = tuple(
            (clean(one.index), said_of(one.model, one.probability), said_of(one.surrogate))
            for one in found.examples
        )
        head = ("row", "the model says", "the surrogate says")
        yield from ("", _table(Table(head, rows, "rll")))


def _regions(regions: Sequence[RegionScore]) -> Iterator[str]:
    """The worst regions of rows enough, a paragraph each; the small ones where all are."""
    enough = [one for one in regions if not one.small] or list(regions)
    for one in enough[:MOST_REGIONS]:
        region = replace(one, region=clip(clean(one.region), 300), says=clip(clean(one.says), 60))
        yield textwrap.indent(paragraph(f"- {region}", width=terminal_width() - 2), "  ")


def _table(content: Table) -> str:
    return table(content.header, content.rows, align=content.align)


def finding_scores(audit: AuditResult) -> Iterator[tuple[str, str, str, Score]]:
    """Every figure with whose it is, what it is about, and the group, change or region."""
    for one in audit.impacts:
        about = f"outcomes by {one.grouping}"
        for group in one.rates:
            yield one.who, about, group.group, group.rate
            if group.contrast is not None:
                yield one.who, about, f"{group.group} against {one.reference}", group.contrast
        for pair in one.pairs:
            yield one.who, about, f"{pair.first} against {pair.second}", pair.score
    for flips in audit.flips:
        for change in flips.scores:
            for score in change.scores():
                yield flips.who, f"{flips.attribute} changed", change.change, score
    first = audit.surrogates[0].method if audit.surrogates else ""
    for region in audit.regions:
        yield first, "regions of the surrogate", region.region, region.score
    if audit.disagreements is not None:
        found = audit.disagreements
        yield found.method, "disagreement", "", found.overall
        for leaf in found.leaves:
            yield found.method, "disagreement", leaf.region, leaf.score
    if audit.checks is not None:
        for score in audit.checks.scores:
            yield audit.checks.method, "checks of explanations", "", score


def frame_lines(audit: AuditResult, cells: Any) -> list[dict[str, Any]]:
    """A line a figure, as `audit_frame` has them; `cells` turns a score into columns."""
    return [
        {"method": who, "distribution": about, "group": group or None, **cells(score)}
        for who, about, group, score in finding_scores(audit)
    ]
