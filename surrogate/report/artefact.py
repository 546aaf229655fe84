"""The surrogate itself: its picture, its outline, its rules, its text, and a row to fill in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surrogate.explanation import GlobalExplanation
from surrogate.explanation.printing import form_text
from surrogate.forms import DecisionGraph, Form, Linear, RuleSet, Tree
from surrogate.render import fragments
from surrogate.render.describe import form_name, size_text
from surrogate.render.features import class_name, shown, unbroken
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean
from surrogate.render.numbers import count, number, share, signed
from surrogate.render.plot_tree import plot_tree, tree_size
from surrogate.render.tables import Table
from surrogate.report.live import Start, live_form
from surrogate.report.outline import DEEPEST, graph_list, tree_outline
from surrogate.report.pictures import picture, shown_picture

__all__ = ["surrogate", "surrogates", "titles"]

_DRAWN = 64
"""Leaves up to which a tree is drawn."""
_COLUMNS = 6
"""Outputs up to which a linear form is a table."""
_LISTED, _SOUGHT = 4, 12
"""Categories of a term, and of a rule's condition, by which readers filter rules."""
_LONGEST, _WIDEST = 200_000, 400
"""Characters of a form's text, and of a line of one that is longer than that."""


def surrogates(
    explanations: Sequence[GlobalExplanation], *, starts: Sequence[Start] = ()
) -> Fragment:
    """Every surrogate in full: one below the other, and as tabs where the script runs.

    Parameters
    ----------
    explanations : sequence of GlobalExplanation
    starts : sequence of Start
        Rows that a reader may start from when filling one in.

    Returns
    -------
    Fragment
    """
    if len(explanations) == 1:
        return surrogate(explanations[0], name="surrogate-1", starts=starts)
    parts = [
        (title, surrogate(one, name=f"surrogate-{at}", starts=starts))
        for at, (title, one) in enumerate(zip(titles(explanations), explanations), start=1)
    ]
    return fragments.tabs("Surrogates", parts)


def surrogate(
    explanation: GlobalExplanation, *, name: str, starts: Sequence[Start] = ()
) -> Fragment:
    """The whole artefact: size, picture, outline, rules, text, and a row to fill in.

    Parameters
    ----------
    explanation : GlobalExplanation
    name : str
        Another for every surrogate of a page.
    starts : sequence of Start

    Returns
    -------
    Fragment
    """
    form = explanation.form
    more = size_text(form, first=1)
    parts = [
        fragments.paragraph(
            f"A {form_name(form)}{f' ({more})' if more else ''}, fitted by the method "
            f"{clean(explanation.method)}. This form is the one whose fidelity was measured."
        ),
    ]
    if isinstance(form, Tree):
        parts += _tree(form)
    elif isinstance(form, DecisionGraph):
        parts += [fragments.heading("As tests"), graph_list(form)]
    elif isinstance(form, Linear):
        parts.append(_linear(form))
    at = len(parts)
    rules = form if isinstance(form, RuleSet) else explanation.rules
    if rules is not None:
        parts.append(_rules(rules))
        at += isinstance(form, RuleSet)
    if not isinstance(form, Linear):
        said = "The tree as text" if isinstance(form, Tree) else "The surrogate as text"
        parts.append(fragments.details(said, _text(form)))
    return live_form(parts, explanation, name=name, at=at, starts=starts)


def titles(explanations: Sequence[GlobalExplanation]) -> list[str]:
    """The methods' names, told apart by a number where two are the same."""
    names = [clean(one.method) for one in explanations]
    return [
        f"{name} {names[: at + 1].count(name)}" if names.count(name) > 1 else name
        for at, name in enumerate(names)
    ]


def _tree(form: Tree) -> list[Fragment]:
    """The tree drawn where it can be read, and as an outline that folds."""
    parts = []
    if form.n_leaves <= _DRAWN:
        width, height = tree_size(form)
        drawn = picture(
            lambda ax: plot_tree(form, ax=ax),
            alt=f"Picture of the tree: {form_name(form)}, depth {form.depth}. It follows as text.",
            width=width,
            height=height,
        )
        legend = (
            "Read from left to right. A branch is as thick as the share of the fitted rows that "
            "takes it; at a leaf stand the answer, its probability or value, and that share."
        )
        parts += [shown_picture(drawn), fragments.paragraph(legend, "legend")]
    if 0 < form.depth <= DEEPEST:
        parts += [fragments.heading("As an outline"), tree_outline(form)]
    return parts


def _text(form: Form) -> Fragment:
    """A form's text, as much of it as a page can hold."""
    text = form_text(form)
    if len(text) <= _LONGEST:
        return fragments.preformatted(text)
    lines = [line[:_WIDEST] for line in text[:_LONGEST].splitlines()]
    left = fragments.paragraph("Only its beginning has room here; this report's JSON has it all.")
    return fragments.join([left, fragments.preformatted("\n".join(lines))])


def _linear(form: Linear) -> Fragment:
    """Terms and their coefficients as a table, the strongest first."""
    if len(form.intercept) > _COLUMNS:
        return _text(form)
    features = shown(form.features, html=True)
    order = np.argsort(-np.abs(form.coef).max(axis=0), kind="stable")
    kept = [int(j) for j in order if (form.coef[:, j] != 0).any()]
    k = len(form.intercept)
    names = [class_name(form.classes, i, html=True) for i in range(k)]
    rows = [
        (form.terms[j].text(features, limit=_LISTED), *(signed(float(v), 4) for v in column))
        for j, column in ((j, form.coef[:, j]) for j in kept)
    ]
    start = ("intercept", *(number(float(v), 4) for v in form.intercept))
    table = Table(("term", *names), (start, *rows), "l" + "r" * k)
    return fragments.table(table, live=True, keys=["", *map(str, kept)])


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
        texts = (unbroken(c.text(features, limit=_SOUGHT)) for c in rule.conditions)
        lines.append((f"{i + 1}", " and ".join(texts) or "always", said, covered, agree))
        correct = None if rules.classes is None else rule.n_correct
        support = fragments.support(rule.n_covered or 0, correct, most)
        precise = fragments.precision(rule.precision, rule.precision_interval)
        bars.append(fragments.join([support, precise]))
    header = ("rule", "if", "then", "rows", "agree")
    content = Table(header, tuple(lines), "rllrr", _reading(rules))
    table = fragments.table(content, pictures=bars, live=True, keys=[str(i) for i in order])
    legend = (
        "Of each pair of bars the upper one is as long as the rule's rows, full as far as the "
        "model agrees; the lower one is the share that agrees, with its interval, from 0 to 100 %."
    )
    parts = [fragments.heading("As rules"), table]
    return fragments.join([*parts, fragments.paragraph(legend, "legend")] if lines else parts)


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
