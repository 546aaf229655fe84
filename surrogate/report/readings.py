"""What was found: the surrogate itself, its fidelity, and the local explanations."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from surrogate.explanation import GlobalExplanation, LocalExplanations, words
from surrogate.explanation.html import ENDED, bad, row_html
from surrogate.explanation.printing import form_text, overview, summary_table
from surrogate.fidelity import GroupScore
from surrogate.forms import Linear, RuleSet, Tree
from surrogate.render import fragments
from surrogate.render.describe import form_name, size_text
from surrogate.render.features import class_name, shown, unbroken
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean
from surrogate.render.numbers import count, number, share
from surrogate.render.plot_curve import plot_curve
from surrogate.render.plot_tree import plot_tree, tree_size
from surrogate.render.tables import Table, curve_table, fidelity_table, group_table, outcome_table
from surrogate.report.pictures import Picture, picture

__all__ = ["fidelity", "local", "others", "outcomes", "size", "stability", "surrogate"]

_ROWS = 12
_MANY = 20  # local explanations from which all are drawn together
_DRAWN = 64
_FITTED = 1250  # CSS pixels of a picture that may be made a little smaller to fit the page


def surrogate(explanation: GlobalExplanation) -> Fragment:
    """The whole artefact: size, picture, rules, and its text."""
    form = explanation.form
    more = size_text(form, first=1)
    parts = [
        fragments.paragraph(
            f"A {form_name(form)}{f' ({more})' if more else ''}, fitted by the method "
            f"{clean(explanation.method)}. This form is the one whose fidelity was measured."
        ),
    ]
    if isinstance(form, Tree) and form.n_leaves <= _DRAWN:
        parts.append(_tree(form))
    rules = form if isinstance(form, RuleSet) else explanation.rules
    if rules is not None:
        parts.append(_rules(rules))
    said = "The tree as text" if isinstance(form, Tree) else "The surrogate as text"
    if isinstance(form, Linear):
        parts.append(fragments.preformatted(form_text(form)))
    else:
        parts.append(fragments.details(said, fragments.preformatted(form_text(form))))
    return fragments.join(parts)


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
            fragments.table(group_table(first)),
            fragments.paragraph(
                "Each interval stands for its own group; they do not hold for all at once."
            ),
        ]
    return fragments.join(parts)


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
            _shown(drawn),
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
    """All surrogates in a line each, then the others folded away."""
    parts = [fragments.table(summary_table(surrogates))]
    for one in surrogates[1:]:
        body = [
            fragments.paragraph(words.claim(one)),
            fragments.preformatted(form_text(one.form)),
            fragments.table(fidelity_table(one.fidelity)),
        ]
        parts.append(
            fragments.details(f"{clean(one.method)}: {form_name(one.form)}", fragments.join(body))
        )
    return fragments.join(parts)


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
        parts.append(fragments.table(overview(explanations[:_ROWS], html=True)))
    if len(explanations) >= _MANY:
        parts += _rows(explanations)
    if len(explanations) > _ROWS:
        left = len(explanations) - _ROWS
        parts.append(fragments.paragraph(f"{count(left, 'more row')} in the JSON of this report."))
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
        _shown(swarm),
        _shown(heat),
        fragments.paragraph(
            "Above, a point for each row under each feature. Below, a column for each row, by the "
            "model's answer, which stands over it: blue raises the answer, orange lowers it.",
            "legend",
        ),
    ]


def _tree(form: Tree) -> Fragment:
    width, height = tree_size(form)
    drawn = picture(
        lambda ax: plot_tree(form, ax=ax),
        alt=f"Picture of the tree: {form_name(form)}, depth {form.depth}. Its text is below.",
        width=width,
        height=height,
    )
    legend = (
        "Read from left to right. A branch is as thick as the share of the fitted rows that takes "
        "it; at a leaf stand the answer, its probability or value, and that share."
    )
    return fragments.join([_shown(drawn), fragments.paragraph(legend, "legend")])


def _rules(rules: RuleSet) -> Fragment:
    """Rules with support and agreement; in an unordered set the largest come first."""
    features = shown(rules.features, html=True)
    order = list(range(rules.n_rules))
    if not rules.ordered:
        order.sort(key=lambda i: -(rules.rules[i].n_covered or 0))
    most = max((rule.n_covered or 0 for rule in rules.rules), default=0)
    lines, bars = [], []
    for i in order:
        rule = rules.rules[i]
        agree = "" if rule.precision is None else share(rule.precision)
        if agree and rule.precision_interval is not None:
            low, high = rule.precision_interval
            agree += f" ({100 * low:.0f} to {100 * high:.0f})"
        covered = "" if rule.n_covered is None else count(rule.n_covered)
        said = _outcome(rules, i)
        texts = (unbroken(c.text(features, limit=4)) for c in rule.conditions)
        lines.append((f"{i + 1}", " and ".join(texts) or "always", said, covered, agree))
        correct = None if rules.classes is None else rule.n_correct
        bars.append(fragments.support(rule.n_covered or 0, correct, most))
    header = ("rule", "if", "then", "rows", "agree")
    content = Table(header, tuple(lines), "rllrr", _reading(rules))
    return fragments.join([fragments.heading("As rules"), fragments.table(content, pictures=bars)])


def _reading(rules: RuleSet) -> str:
    """How the rules are read, and what holds where none does."""
    default = (
        number(float(rules.value[0]))
        if rules.classes is None or rules.decision is None
        else class_name(rules.classes, rules.decision, html=True)
    )
    how = "In order: the first that holds decides." if rules.ordered else "In no order."
    if not rules.ordered and rules.is_disjoint:
        how = "At most one rule holds for a row; those of most rows come first."
    counted = "Rows are those that a rule was counted on"
    if rules.level is not None and rules.n_rows is not None:
        counted = f"Rows are those of {count(rules.n_rows, 'held-out row')}"
    interval = "" if rules.level is None else f", with its {100 * rules.level:g} % interval"
    return (
        f"{how} Where none holds, the answer is {default}. {counted}, agree the share of these "
        f"where the model says the same{interval}."
    )


def _outcome(rules: RuleSet, i: int) -> str:
    rule = rules.rules[i]
    if rules.classes is None or rule.decision is None:
        return ", ".join(number(float(v)) for v in rule.value)
    return class_name(rules.classes, rule.decision, html=True)


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


def _shown(drawn: Picture) -> Fragment:
    """A picture in light and dark, scrolled sideways where it is wider than the page."""
    fit = "fit" if drawn.width <= _FITTED else "wide"
    return Fragment(
        '<div class="scroll picture" tabindex="0" role="group"><picture>'
        f'<source media="screen and (prefers-color-scheme: dark)" srcset="{drawn.dark}">'
        f'<img class="{fit}" src="{drawn.light}" alt="{escape(drawn.alt)}" width="{drawn.width}" '
        f'height="{drawn.height}"></picture></div>'
    )
