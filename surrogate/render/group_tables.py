"""Tables of outcomes by group, of flips, of regions and of rows that are answered differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from surrogate.render.features import isolated
from surrogate.render.names import clean, clip
from surrogate.render.numbers import count, number, probability
from surrogate.render.tables import Table

if TYPE_CHECKING:
    from surrogate.fidelity import Flips, Impact, RegionScore, Score
    from surrogate.types import Label

__all__ = [
    "cell",
    "check_table",
    "example_table",
    "flip_table",
    "impact_table",
    "pair_table",
    "region_table",
    "said_of",
]

TOO_FEW = "too few rows to say"
_MOST_GROUPS = 40
_WIDTH = 200  # characters of a region


def cell(score: Score | None) -> str:
    """A figure with its interval behind it; nothing where there is none.

    Examples
    --------
    >>> from surrogate.fidelity import Interval, Score
    >>> from surrogate.render.group_tables import cell
    >>> cell(Score("selection rate", .25, Interval(.2, .3, .95, "Wilson"), 40, 40))
    '25.0 % (20.0 to 30.0)'
    """
    if score is None:
        return ""
    if score.interval is None:
        return score.value_text()
    return f"{score.value_text()} ({score.interval_text()})"


def impact_table(impacts: Sequence[Impact], *, html: bool = False) -> Table:
    """Rate and ratio of every group of one grouping, for whoever decides in turn."""
    first = impacts[0]
    rate, ratio = ("mean", "difference") if first.favourable is None else ("rate", "impact ratio")
    rows: list[tuple[str, ...]] = []
    for one in impacts:
        rows.append((clean(one.who), "", "", ""))
        for group in one.rates[:_MOST_GROUPS]:
            against = TOO_FEW if group.small else cell(group.contrast)
            if not group.small and group.group == one.reference and not one.chosen:
                against = "the reference"
            n = count(group.rate.n)
            rows.append(("  " + _safe(group.group, html), cell(group.rate), against, n))
        left = len(one.rates) - _MOST_GROUPS
        if left > 0:
            rows.append((f"  and {count(left, 'more group')}", "", "", ""))
    level = f"{100 * first.level:g} % interval"
    header = (_safe(first.grouping, html), f"{rate} ({level})", f"{ratio} ({level})", "n")
    return Table(header, tuple(rows), "lrrr")


def pair_table(impacts: Sequence[Impact], *, html: bool = False) -> Table:
    """Every two groups of one grouping, for whoever decides in turn."""
    rows: list[tuple[str, ...]] = []
    for one in impacts:
        if one.pairs:
            rows.append((clean(one.who), "", ""))
        for pair in one.pairs[:_MOST_GROUPS]:
            said = f"  {_safe(pair.first, html)} against {_safe(pair.second, html)}"
            rows.append((said, cell(pair.score), count(pair.score.n)))
    first = impacts[0]
    ratio = "difference" if first.favourable is None else "impact ratio"
    header = ("two groups", f"{ratio} (interval of all pairs)", "n")
    return Table(header, tuple(rows), "lrr")


def flip_table(flips: Sequence[Flips], *, html: bool = False) -> Table:
    """Every change of one attribute, for whoever is asked in turn.

    In a page, shares that became favourable, and stopped being so, have columns of their own.
    """
    scores = [one for own in flips for one in own.scores]
    known = html and any(one.favourable is not None for one in scores)
    moved = any(one.shift is not None for one in scores)
    rows: list[tuple[str, ...]] = []
    for own in flips:
        rows.append((clean(own.who), *[""] * (2 + 2 * known + moved)))
        for one in own.scores:
            both = (cell(one.favourable), cell(one.unfavourable)) if known else ()
            shift = (cell(one.shift),) if moved else ()
            name = "  " + _safe(one.change, html) + (" (few rows)" if one.small else "")
            rows.append((name, cell(one.flips), *both, *shift, count(one.flips.n)))
    what = scores[0].flips.symbol if scores else "flipped"
    head = ("became favourable", "became unfavourable") if known else ()
    header = ("change", what, *head, *(("mean change",) if moved else ()), "n")
    return Table(header, tuple(rows), "l" + "r" * (len(header) - 1))


def region_table(regions: Sequence[RegionScore], *, most: int) -> Table:
    """Regions with their score, the worst first, for a page."""
    shown = regions[:most]
    says = any(one.says for one in shown)
    rows = tuple(
        (
            isolated(one.region, _WIDTH),
            *((isolated(one.says),) if says else ()),
            cell(one.score) + (" (few rows)" if one.small else ""),
            count(one.score.n),
        )
        for one in shown
    )
    symbol = regions[0].score.symbol
    header = ("region", *(("says",) if says else ()), f"{symbol} (interval of all)", "n")
    return Table(header, rows, "l" * (1 + says) + "rr")


def example_table(index: str | int, values: Mapping[str, Label | None], *, most: int) -> Table:
    """One row as it was asked, a column a line, for a page."""
    rows = [(isolated(name), _value(value)) for name, value in [*values.items()][:most]]
    left = len(values) - most
    rows += [(f"and {count(left, 'more column')}", "in the JSON")] if left > 0 else []
    return Table((f"row {clean(index)}", "value"), tuple(rows), "ll")


def said_of(says: Label, sure: float | None = None, *, html: bool = False) -> str:
    """What is said of a row: a class with its probability, or a number."""
    text = number(says, 6) if type(says) is float else _safe(says, html)
    return text if sure is None else f"{text} (p {probability(sure)})"


def _value(value: Label | None) -> str:
    if value is None:
        return "missing"
    if isinstance(value, float):
        return number(value, 6)
    return isolated(value)


def _safe(name: object, html: bool, width: int = 60) -> str:
    """A name that can be shown; in a page it keeps its own writing direction to itself."""
    return isolated(name, width) if html else clip(clean(name), width)


_CHECKS = {"PGI": "PGI (important)", "PGU": "PGU (others)"}


def check_table(scores: Sequence[Score]) -> Table:
    """What came of asking again, beside a random order where there is one."""
    rows = tuple(
        (
            _CHECKS.get(one.metric, one.symbol),
            cell(one),
            "" if one.baseline is None else one.baseline_text(),
            _gain(one),
        )
        for one in scores
    )
    return Table(("check", "mean (interval)", "random order", "better by"), rows, "lrrr")


def _gain(score: Score) -> str:
    if score.lift is None:
        return ""
    if score.lift_interval is None:
        return number(score.lift)
    low, high = score.lift_interval.low, score.lift_interval.high
    return f"{score.lift:+.3f} ({low:.3f} to {high:.3f})"
