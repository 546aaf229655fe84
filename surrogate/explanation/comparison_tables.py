"""What the tables of a comparison say, for a terminal and for a page alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from surrogate.explanation.contrast import Contrast, p_number
from surrogate.fidelity import Score
from surrogate.fidelity.values import metric_named
from surrogate.render.features import isolated
from surrogate.render.names import clean
from surrogate.render.tables import Table

if TYPE_CHECKING:
    from surrogate.explanation.compared import Measured, ModelFacts, Transfer

__all__ = ["contrast_table", "measured_table", "models_table", "transfer_table"]

_VERDICTS = {"higher": "higher", "lower": "lower", "no difference shown": "none shown"}


def models_table(models: Sequence[ModelFacts]) -> Table:
    """The models themselves: accuracy, robust accuracy, calibration, spread of the output."""
    rows: list[tuple[str, ...]] = []
    for one in models:
        figures = [("", one.accuracy)] if one.accuracy is not None else []
        figures += [(_attack(r.attack, r.radius), r.score) for r in one.robust]
        figures += [("", score) for score in one.calibration]
        figures += [(region, score) for region, score in one.spread]
        rows.append((isolated(one.name), *[""] * 3))
        rows += [(f"  {_said(score, where)}", *_cells(score)) for where, score in figures]
    return Table(("model", "value", "interval", "n"), tuple(rows), "lrrr")


def contrast_table(rows: Sequence[Contrast]) -> Table:
    """Verdicts under the pair, method and rows that they are on."""
    lines: list[tuple[str, ...]] = []
    last: tuple[str, ...] = ()
    for one in rows:
        by = f"{clean(one.method)}, " if one.method else ""
        head = f"{isolated(one.second)} against {isolated(one.first)}: {by}{clean(one.region)}"
        if (head,) != last:
            lines.append((head, *[""] * 4))
            last = (head,)
        p = "none" if one.p_holm is None else p_number(one.p_holm)
        metric = _with_scale(metric_named(one.metric).symbol, one.scale)
        ends = one.interval_text() if one.low is not None else "none"
        lines.append((f"  {metric}", one.effect_text(), ends, p, _VERDICTS[one.verdict]))
    levels = {one.level for one in rows}
    interval = f"{100 * levels.pop():g} % interval" if len(levels) == 1 else "interval"
    return Table(("metric", "effect", interval, "Holm p", "verdict"), tuple(lines), "lrrrl")


def measured_table(measured: Sequence[Measured]) -> Table:
    """Figures of the surrogates, each with its interval and beside the trivial one."""
    lines: list[tuple[str, ...]] = []
    last = ""
    for one in measured:
        by = f"{clean(one.method)} on " if one.method else ""
        head = f"{isolated(one.model)}: {by}{clean(one.region)}"
        if head != last:
            lines.append((head, *[""] * 4))
            last = head
        cells = _cells(one.score)
        metric = _with_scale(one.score.symbol, one.scale)
        lines.append((f"  {metric}", *cells[:2], one.score.baseline_text(), cells[2]))
    return Table(("metric", "value", "interval", "trivial", "n"), tuple(lines), "lrrrr")


def transfer_table(transfer: Sequence[Transfer]) -> Table:
    """Error rates of every target on rows made on every attacker."""
    lines = tuple(
        (
            _attack(one.attack, one.radius),
            isolated(one.attacker),
            isolated(one.target),
            one.score.value_text(),
            one.score.interval_text(),
        )
        for one in transfer
    )
    return Table(("attack", "made on", "asked of", "error rate", "interval"), lines, "lllrr")


def _cells(score: Score) -> tuple[str, str, str]:
    return score.value_text(), score.interval_text(), f"{score.n:,}"


def _attack(attack: str, radius: float | None) -> str:
    return clean(attack) + ("" if radius is None else f", radius {radius:g}")


def _said(score: Score, where: str) -> str:
    return f"{score.symbol}, {clean(where)}" if where else score.symbol


def _with_scale(symbol: str, scale: str) -> str:
    return symbol if scale in ("label", "value") else f"{symbol}, {scale}"
