"""What was found: fidelity, stability, the surrogates side by side, local explanations."""

from __future__ import annotations

from collections.abc import Sequence

from surrogate.explanation import GlobalExplanation, LocalExplanations, words
from surrogate.explanation.html import ENDED, bad, row_html
from surrogate.explanation.printing import overview, summary_table
from surrogate.fidelity import Fidelity, GroupScore
from surrogate.render import fragments
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean, clip
from surrogate.render.numbers import count
from surrogate.render.plot_curve import plot_curve
from surrogate.render.plot_scores import plot_groups, scores_size
from surrogate.render.tables import curve_table, fidelity_table, group_table, outcome_table
from surrogate.report.pictures import picture, shown_picture

__all__ = ["fidelity", "local", "others", "outcomes", "size", "stability"]

_ROWS = 12  # local explanations that are shown in full
_LINES = 1000  # and those that have a line in a table
_DOTS = 24  # groups in a picture
_MANY = 20  # local explanations from which all are drawn together


def fidelity(explanation: GlobalExplanation) -> Fragment:
    """Every metric with its interval, then the main one by class and group."""
    first = explanation.fidelity[0]
    parts = [
        fragments.table(fidelity_table(explanation.fidelity)),
        fragments.paragraph(_method(explanation)),
    ]
    if first.groups:
        parts += [
            fragments.heading("By class and group"),
            _groups(first),
            fragments.table(group_table(first)),
            fragments.paragraph(
                "Each interval stands for its own group; they do not hold for all at once."
            ),
        ]
    return fragments.join(parts)


def _groups(fidelity: Fidelity) -> Fragment:
    """Classes and groups as dots with their intervals."""
    shown = fidelity.groups[:_DOTS]
    width, height = scores_size(len(shown))
    said = "; ".join(f"{clip(clean(one.group), 40)}: {_figures(one)}" for one in shown)
    drawn = picture(
        lambda ax: plot_groups(fidelity, ax=ax),
        alt=f"{fidelity.main.symbol} by class and group, with intervals. {said}.",
        width=width,
        height=height,
    )
    return shown_picture(drawn)


def _figures(one: GroupScore) -> str:
    """Value and interval of a group, in short."""
    if one.score.value is None:
        return "undefined"
    small = ", few rows" if one.small else ""
    return f"{one.score.value_text()} ({one.score.interval_text()}{small})"


def size(explanation: GlobalExplanation) -> Fragment:
    """Fidelity against size, drawn and in figures."""
    curve = explanation.curve
    assert curve is not None
    chosen = explanation.form.size.get(curve.unit)
    content = curve_table(curve)
    lines = "; ".join(f"{row[0]}: {row[1]} ({row[2]})" for row in content.rows)
    drawn = picture(
        lambda ax: plot_curve(curve, chosen=None if chosen is None else int(chosen), ax=ax),
        alt=f"{content.header[1]} against {clean(curve.unit)}, with intervals. {lines}.",
        width=7.0,
        height=3.2,
    )
    return fragments.join(
        [
            fragments.paragraph(
                f"The same method at other sizes, measured on the same rows. The ring marks the "
                f"surrogate of this report. Size is counted in {clean(curve.unit)}."
            ),
            shown_picture(drawn),
            fragments.table(content),
        ]
    )


def stability(explanation: GlobalExplanation) -> Fragment:
    """The same explanation under other seeds."""
    found = explanation.stability
    assert found is not None
    said = "The same method fitted again under other seeds, and how alike the results are."
    lines = [str(score) for score in found.scores]
    return fragments.join(
        [
            fragments.paragraph(said),
            fragments.listing(lines),
            *(fragments.paragraph(note, "legend") for note in found.notes),
        ]
    )


def outcomes(measured: Sequence[GroupScore]) -> Fragment:
    """How often the model and each surrogate are right."""
    return fragments.join(
        [
            fragments.paragraph(words.OUTCOMES),
            fragments.table(outcome_table(measured)),
        ]
    )


def others(surrogates: Sequence[GlobalExplanation]) -> Fragment:
    """All surrogates in a line each, then what each one claims."""
    claims = [f"{clean(one.method)}: {words.claim(one)}" for one in surrogates]
    table = fragments.table(summary_table(surrogates))
    return fragments.join([table, fragments.listing(claims)])


def local(explanations: LocalExplanations) -> Fragment:
    """A line for every row where there are several, and the first rows in full."""
    parts = [
        fragments.paragraph(
            "Each row is explained by a linear form of its own, which says what would change the "
            "model's answer near that row. Bars are effects on the answer, in its unit, with "
            "their intervals where errors are claimed."
        )
    ]
    if explanations.interrupted:
        parts.append(bad((ENDED,)))
    if explanations.notes:
        parts.append(fragments.listing((clean(note) for note in explanations.notes), "notes"))
    if len(explanations) > 1:
        parts.append(fragments.table(overview(explanations[:_LINES], html=True), live=True))
    if len(explanations) > _LINES:
        left = count(len(explanations) - _LINES, "more row")
        parts.append(fragments.paragraph(f"{left} in the JSON of this report."))
    if len(explanations) >= _MANY:
        parts += _rows(explanations)
    if len(explanations) > _ROWS:
        said = (
            f"The first {_ROWS} rows follow in full; the JSON of this report has all terms of all."
        )
        parts.append(fragments.paragraph(said))
    for one in explanations[:_ROWS]:
        parts += [fragments.heading(f"Row {clean(one.index)}"), row_html(one)]
    return fragments.join(parts)


def _rows(explanations: LocalExplanations) -> list[Fragment]:
    """All rows in two pictures."""
    d = explanations.coef.shape[2]
    swarm = picture(
        lambda ax: explanations.plot(ax, kind="beeswarm"),
        alt="A point for each row and feature, by its effect, which this report's JSON has.",
        width=8.0,
        height=1.5 + 0.3 * min(d, 12),
    )
    heat = picture(
        lambda ax: explanations.plot(ax, kind="heatmap"),
        alt="Effects of the features, a column for each row, ordered by the model's answer.",
        width=8.0,
        height=2.2 + 0.2 * min(d, 30),
    )
    return [
        fragments.heading(f"All {count(len(explanations), 'row')}"),
        shown_picture(swarm),
        shown_picture(heat),
        fragments.paragraph(
            "Above, a point for each row under each feature. Below, a column for each row, by the "
            "model's answer, which stands over it: blue raises the answer, orange lowers it.",
            "legend",
        ),
    ]


def _method(explanation: GlobalExplanation) -> str:
    """How the intervals were made, and what they are about."""
    methods = dict.fromkeys(
        s.interval.method for f in explanation.fidelity for s in f.scores if s.interval is not None
    )
    about = dict.fromkeys(fidelity.estimand for fidelity in explanation.fidelity)
    seeds = dict.fromkeys(str(fidelity.seed) for fidelity in explanation.fidelity)
    return (
        f"Intervals: {'; '.join(methods) or 'none'}. They speak of {' and of '.join(about)}. "
        f"Seeds: {', '.join(seeds)}. The trivial surrogate always gives the commonest answer, or "
        "the mean. Lift is the gain over it, in percentage points for shares."
    )
