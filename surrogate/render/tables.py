"""What tables say, before it is known whether they go to a terminal or a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from surrogate.render.features import isolated
from surrogate.render.names import clean
from surrogate.render.numbers import count, signed

if TYPE_CHECKING:
    from surrogate.fidelity import Fidelity, GroupScore, Score

__all__ = [
    "Table",
    "curve_table",
    "effect",
    "fidelity_table",
    "group_table",
    "outcome_table",
    "queries_table",
]


@dataclass(frozen=True)
class Table:
    """Cells of text under a header; `align` has one letter, l or r, a column.

    A row with nothing behind its first cell heads the rows below it.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    caption: str = ""


def fidelity_table(fidelity: Sequence[Fidelity]) -> Table:
    """Every metric on every distribution of rows, beside the trivial surrogate.

    Parameters
    ----------
    fidelity : sequence of surrogate.fidelity.Fidelity

    Returns
    -------
    Table
    """
    rows: list[tuple[str, ...]] = []
    for one in fidelity:
        rows.append((clean(one.distribution), *[""] * 5))
        rows += [_score_row(score) for score in one.scores]
    header = ("rows and metric", "value", _level(fidelity), "trivial", "lift", "n")
    return Table(header, tuple(rows), "lrrrrr")


def _score_row(score: Score) -> tuple[str, ...]:
    """Cells of one metric, under its rows."""
    return (
        "  " + score.symbol,
        score.value_text(),
        score.interval_text(),
        score.baseline_text(),
        _lift(score),
        count(score.n),
    )


def group_table(fidelity: Fidelity) -> Table:
    """The main metric by class and subgroup."""
    rows = tuple(
        (
            isolated(one.group) + (" (small group)" if one.small else ""),
            one.score.value_text(),
            one.score.interval_text(),
            count(one.score.n),
        )
        for one in fidelity.groups
    )
    return Table(("group", fidelity.main.symbol, _level([fidelity]), "n"), rows, "lrrr")


def outcome_table(outcomes: Sequence[GroupScore]) -> Table:
    """How often the model and each surrogate are right, where true outcomes are known."""
    scores = [one.score for one in outcomes]
    rows = tuple(
        (isolated(one.group), one.score.value_text(), one.score.interval_text(), count(one.score.n))
        for one in outcomes
    )
    header = ("against true outcomes", scores[0].symbol, _score_level(scores), "n")
    return Table(header, rows, "lrrr")


def curve_table(curve: object) -> Table:
    """The main metric at every size: what the picture of the curve shows."""
    from surrogate.fidelity import Curve

    assert isinstance(curve, Curve)
    rows = tuple(
        (count(size), one.main.value_text(), one.main.interval_text(), count(one.main.n))
        for size, one in curve
    )
    header = (curve.unit, curve.fidelities[0].main.symbol, _level(curve.fidelities), "n")
    return Table(header, rows, "rrrr")


def queries_table(purposes: Sequence[tuple[str, int]], total: int) -> Table:
    """Rows asked, by purpose."""
    rows = (*((clean(name), count(rows)) for name, rows in purposes), ("all", count(total)))
    return Table(("purpose", "rows asked"), rows, "lr")


def _level(fidelity: Sequence[Fidelity]) -> str:
    levels = {one.level for one in fidelity}
    return f"{100 * levels.pop():g} % interval" if len(levels) == 1 else "interval"


def _score_level(scores: Sequence[Score]) -> str:
    levels = {one.interval.level for one in scores if one.interval is not None}
    return f"{100 * levels.pop():g} % interval" if len(levels) == 1 else "interval"


def _lift(score: Score) -> str:
    """The lift, in percentage points for shares."""
    if score.lift is None:
        return "not measured"
    return signed(100 * score.lift) if score.percent else signed(score.lift)


def effect(value: float, half: float | None) -> str:
    """One effect with half the width of its interval, to the decimals that this allows.

    Examples
    --------
    >>> from surrogate.render.tables import effect
    >>> effect(0.21834, 0.0418), effect(-0.000624, 0.0418), effect(0.5, None)
    ('+0.218 ± 0.042', '-0.001 ± 0.042', '+0.5')
    """
    if half is None or not math.isfinite(half) or half <= 0:
        return signed(value)
    decimals = min(8, max(0, 1 - math.floor(math.log10(half))))
    return f"{value:+,.{decimals}f} ± {half:,.{decimals}f}"
