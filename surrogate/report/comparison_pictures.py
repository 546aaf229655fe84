"""The pictures of a comparison, each with its figures in words or beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from surrogate.explanation import Comparison
from surrogate.explanation import comparison_tables as tables
from surrogate.explanation.comparison_pictures import (
    Sweep,
    effects,
    lines,
    sweeps,
    transfers,
    transfers_size,
)
from surrogate.render import fragments
from surrogate.render.features import isolated
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean, clip
from surrogate.render.numbers import count, number
from surrogate.render.plot_contrasts import contrasts_size, plot_contrasts
from surrogate.render.plot_queries import plot_totals
from surrogate.render.plot_radius import Line, plot_radius, radius_size
from surrogate.render.tables import Table
from surrogate.report.backing import FEWEST
from surrogate.report.pictures import picture, shown_picture

__all__ = ["curves", "forest", "over_time", "transfer"]

_ROWS = 240
"""Lines of the table under a picture of curves; more are in the table of every figure."""
_FOREST = 24
_CLOCKS = 8
"""Models whose queries are drawn over time."""


def curves(comparison: Comparison) -> Fragment | None:
    """Every sweep: all metrics together over the radius, then their figures."""
    found = sweeps(comparison)
    if not found:
        return None
    said = (
        "Fidelity over the radius, for every model, with bands that are intervals. Read the small "
        "pictures together: a model that varies less has smaller errors and may still have a lower "
        "R²."
    )
    if any(model.facts.get("trained_eps") for model in comparison.models):
        said += (
            " A dotted line stands at the radius that a model was trained for: left of it is "
            "inside, right of it outside."
        )
    parts = [fragments.paragraph(said)]
    for sweep in found:
        parts += _sweep(comparison, sweep)
    return fragments.join(parts)


def _sweep(comparison: Comparison, sweep: Sweep) -> list[Fragment]:
    drawn = lines(comparison, sweep)
    title = {
        "noise": "rows with noise",
        "adversarial": f"{clean(sweep.attack)} rows, made on each model itself",
        "local": "fresh rows around single rows",
    }[sweep.over]
    width, height = radius_size(len(drawn))
    shown = picture(
        partial(_draw, drawn, sweep.axis),
        alt=f"Curves of {', '.join(drawn)} over the {clean(sweep.axis)}. {_ends(drawn)}",
        width=width,
        height=height,
    )
    table = _curve_table(drawn, sweep.axis)
    parts = [fragments.heading(f"{clean(sweep.method)}, {title}"), shown_picture(shown)]
    if len(table.rows) <= _ROWS:
        parts.append(fragments.details("The figures of this picture", fragments.table(table)))
    else:
        parts.append(fragments.paragraph('Its figures are under "Every figure".', "legend"))
    return parts


def _draw(drawn: Mapping[str, Sequence[Line]], axis: str, ax: object) -> None:
    plot_radius(drawn, xlabel=axis, ax=ax)  # type: ignore[arg-type]


def _ends(drawn: Mapping[str, Sequence[Line]]) -> str:
    """First and last figure of each curve of the first metric, in words."""
    metric, first = next(iter(drawn.items()), ("", ()))
    said = []
    for line in first[:6]:
        (start, low), *_, (end, high) = [line.points[0], *line.points]
        said.append(
            f"{clean(line.name)}: {low.value_text()} at {start:g}, {high.value_text()} at {end:g}"
        )
    return f"{metric[:1].upper()}{metric[1:]} of {'; '.join(said)}." if said else ""


def _curve_table(drawn: Mapping[str, Sequence[Line]], axis: str) -> Table:
    rows: list[tuple[str, ...]] = []
    for metric, of in drawn.items():
        rows.append((metric, *[""] * 4))
        rows += [
            (
                f"  {isolated(line.name, 40)}",
                f"{radius:g}",
                score.value_text(),
                score.interval_text(),
                count(score.n),
            )
            for line in of
            for radius, score in line.points
        ]
    return Table(("model", clean(axis), "value", "interval", "n"), tuple(rows), "lrrrr")


def forest(comparison: Comparison) -> Fragment:
    """Effects with their intervals; the table below it says the same."""
    found = effects(comparison, top=_FOREST)
    left = len(comparison.rows) - sum(map(len, found.values()))
    width, height = contrasts_size(found)
    said = "; ".join(f"{one.name}, {one.said}" for rows in found.values() for one in rows[:2])
    drawn = picture(
        lambda ax: plot_contrasts(found, ax=ax),
        alt=f"Effects and their intervals around zero. {said[:900]}. All are in the table below.",
        width=width,
        height=height,
    )
    legend = (
        "A filled mark is a difference that is shown: blue where it speaks for the first-named "
        "model, orange where against it, grey where neither way is better. A hollow one is none "
        "that is shown. Each interval stands by itself; the verdict is by Holm's p."
    )
    if left:
        legend += f" {count(left, 'more verdict')} on other rows in the table."
    return fragments.join([shown_picture(drawn), fragments.paragraph(legend, "legend")])


def transfer(comparison: Comparison) -> Fragment | None:
    """Error rates of every model on rows made on every model."""
    if not comparison.transfer:
        return None
    width, height = transfers_size(comparison)
    named = ", ".join(transfers(comparison))
    drawn = picture(
        lambda ax: comparison.plot(ax, kind="transfer"),
        alt=f"Error rates, attacker by target, on {named}. The table below says each figure.",
        width=width,
        height=height,
    )
    return fragments.join(
        [
            fragments.paragraph(
                "How often each model is wrong on rows that were made on each: down, the model "
                "that they were made on; across, the one that is asked. Darker is more often."
            ),
            shown_picture(drawn),
            fragments.details(
                "As a table", fragments.table(tables.transfer_table(comparison.transfer), live=True)
            ),
        ]
    )


def over_time(comparison: Comparison) -> Fragment:
    """Rows asked of every model until each moment, where it was noted."""
    known = [(n, q.timeline) for n, q in comparison.queries.items() if len(q.timeline) >= FEWEST]
    if not known or len(known) > _CLOCKS:
        return Fragment("")
    said = "; ".join(
        f"{clip(clean(name), 40)}: {count(line.total[-1])} in {number(line.seconds[-1])} s"
        for name, line in known
    )
    drawn = picture(
        lambda ax: plot_totals(dict(known), ax=ax),
        alt=f"Rows asked of each model over time. {said}.",
        width=7.0,
        height=2.8,
    )
    return shown_picture(drawn)
