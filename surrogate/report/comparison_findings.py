"""What a comparison found, in tables: verdicts, disagreement, sizes, every figure."""

from __future__ import annotations

from collections.abc import Sequence

from surrogate.explanation import Comparison, Disagreement, ModelFacts, RobustAccuracy
from surrogate.explanation.contrast import p_number
from surrogate.fidelity.values import metric_named
from surrogate.render import fragments
from surrogate.render.features import isolated, shown, unbroken
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean
from surrogate.render.numbers import count, number
from surrogate.render.tables import Table, fidelity_table
from surrogate.report.comparison_pictures import forest

__all__ = ["disagreement", "figures", "side_by_side", "sizes", "verdicts"]

_LAST = ("verdict", "about")
_PAIR = {"model", "against"}
_ONCE = {*_PAIR, "about"}
_MOST = 1000
"""Lines of a table; all are in the result's JSON."""


def verdicts(comparison: Comparison) -> Fragment | None:
    """Every verdict with its effect, drawn and as a table to sort."""
    if not comparison.rows:
        return None
    rows = [
        (
            isolated(one.second, 30),
            isolated(one.first, 30),
            clean(one.method) or "the models",
            isolated(one.region),
            _metric(one.metric, one.scale),
            one.effect_text(),
            one.interval_text() if one.low is not None else clean(one.reason) or "none",
            "none" if one.p_holm is None else p_number(one.p_holm),
            one.verdict,
            one.about,
        )
        for one in comparison.rows[:_MOST]
    ]
    levels = {f"{100 * one.level:g} %" for one in comparison.rows}
    interval = f"{' or '.join(sorted(levels))} interval"
    header = ("model", "against", "by", "on", "metric", "effect", interval, "Holm p", *_LAST)
    said = (
        'Each line is one question that was declared before anything was asked. "Higher" and '
        '"lower" speak of one model against another; an effect is its figure less the other\'s.'
    )
    table = _narrowed(Table(header, tuple(rows), "lllllrrrll"))
    parts = [
        fragments.paragraph(said),
        forest(comparison),
        fragments.table(table, live=True),
        *_rest(len(comparison.rows)),
    ]
    return fragments.join(parts)


def _narrowed(table: Table) -> Table:
    """The table without columns that say the same in every line; its caption says it once."""
    same = {
        at: table.rows[0][at]
        for at, name in enumerate(table.header)
        if name in _ONCE and len({row[at] for row in table.rows}) == 1
    }
    kept = [at for at in range(len(table.header)) if at not in same]
    said = {table.header[at]: what for at, what in same.items()}
    parts = [f"{said.pop('model')} against {said.pop('against')}"] if said.keys() >= _PAIR else []
    parts += [f"{name} {what}" for name, what in said.items()]
    return Table(
        tuple(table.header[at] for at in kept),
        tuple(tuple(row[at] for at in kept) for row in table.rows),
        "".join(table.align[at] for at in kept),
        f"All lines: {', '.join(parts)}." if parts else "",
    )


def side_by_side(models: Sequence[ModelFacts]) -> Table:
    """The models' own figures, a line a figure and a column a model."""
    found: dict[str, dict[str, str]] = {}
    for model in models:
        figures = [("", model.accuracy)] if model.accuracy is not None else []
        figures += [(_attack(one), one.score) for one in model.robust]
        figures += [("", score) for score in model.calibration]
        figures += [(isolated(region), score) for region, score in model.spread]
        for where, score in figures:
            line = f"{score.symbol}, {where}" if where else score.symbol
            text = f"{score.value_text()} ({score.interval_text()})"
            found.setdefault(line, {})[model.name] = text
    rows = tuple(
        (line, *(said.get(model.name, "not measured") for model in models))
        for line, said in found.items()
    )
    header = ("figure, with its interval", *(isolated(model.name, 30) for model in models))
    return Table(header, rows, "l" + "r" * len(models))


def _attack(one: RobustAccuracy) -> str:
    return clean(one.attack) + ("" if one.radius is None else f", radius {one.radius:g}")


def figures(comparison: Comparison) -> Fragment | None:
    """Every measured figure in a line that can be sorted and found."""
    if not comparison.measured:
        return None
    rows = tuple(
        (
            isolated(one.model, 30),
            clean(one.method) or "the model",
            isolated(one.region),
            _metric(one.score.metric, one.scale),
            one.score.value_text(),
            one.score.interval_text(),
            "" if one.score.baseline is None else one.score.baseline_text(),
            count(one.score.n),
        )
        for one in comparison.measured[:_MOST]
    )
    header = ("model", "read by", "on", "metric", "value", "interval", "trivial", "n")
    table = fragments.table(Table(header, rows, "llllrrrr"), live=True)
    said = f"All {count(len(comparison.measured), 'figure')}"
    return fragments.join([fragments.details(said, table), *_rest(len(comparison.measured))])


def sizes(comparison: Comparison) -> Fragment | None:
    """How large each surrogate is, and how alike its refits are."""
    if not comparison.sizes:
        return None
    units = list(dict.fromkeys(unit for one in comparison.sizes for unit in one.size))
    rows = tuple(
        (
            isolated(one.model, 40),
            clean(one.method),
            *(number(one.size[unit]) if unit in one.size else "" for unit in units),
            "not measured" if one.stability is None else str(one.stability),
        )
        for one in comparison.sizes[:_MOST]
    )
    header = ("model", "method", *map(clean, units), "refitted under other seeds")
    said = (
        "Size and steadiness of the surrogates. A larger one follows more closely and reads worse; "
        "fidelity is compared at the sizes that stand here."
    )
    table = fragments.table(Table(header, rows, "ll" + "r" * len(units) + "l"), live=True)
    return fragments.join([fragments.paragraph(said), table, *_rest(len(comparison.sizes))])


def disagreement(comparison: Comparison) -> Fragment | None:
    """Where the models decide differently: the rules of the joint tree."""
    found = comparison.disagreement
    if found is None:
        return None
    names = " and ".join(isolated(name, 40) for name in found.models)
    parts = [fragments.paragraph(f"{names}: {found.rate}.")]
    parts += _differing(found)
    parts += [
        fragments.paragraph(
            "The rules are those of a tree over the models' joint answers. How often it names the "
            "right pattern, on rows that took no part in fitting it:"
        ),
        fragments.table(fidelity_table([found.fidelity])),
    ]
    parts += [fragments.listing(map(clean, found.notes), "notes")] if found.notes else []
    return fragments.join(parts)


def _differing(found: Disagreement) -> list[Fragment]:
    """Rules of disagreement with coverage and precision, each with its interval."""
    features = shown(found.rules.features, html=True)
    lines, bars = [], []
    for rule, pattern, coverage, precision in found.differing():
        texts = (unbroken(c.text(features, limit=4)) for c in rule.conditions)
        lines.append(
            (
                " and ".join(texts) or "always",
                isolated(pattern, 80),
                f"{coverage.value_text()} ({coverage.interval_text()})",
                f"{precision.value_text()} ({precision.interval_text()})",
                count(precision.n),
            )
        )
        ends = precision.interval
        between = None if ends is None else (ends.low, ends.high)
        bars.append(fragments.precision(precision.value, between))
    if not lines:
        return [fragments.paragraph("The joint tree finds no rule of disagreement.")]
    header = ("if", "then", "share of rows", "of these, so", "rows")
    content = Table(header, tuple(lines), "llrrr")
    return [
        fragments.table(content, pictures=bars, picture_head="0 to 100 %", live=True),
        fragments.paragraph(
            "The first share says how many held-out rows a rule holds for, the second how many of "
            "these the models answer as the rule says; each with its interval.",
            "legend",
        ),
    ]


def _metric(metric: str, scale: str) -> str:
    symbol = metric_named(metric).symbol
    return symbol if scale in ("label", "value") else f"{symbol} of the {scale}"


def _rest(total: int) -> list[Fragment]:
    left = total - _MOST
    if left <= 0:
        return []
    return [fragments.paragraph(f"{count(left, 'more line')} in the JSON of this report.")]
