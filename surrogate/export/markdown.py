"""A form in Markdown: a tree as a list, rules as a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from surrogate.export._words import answer_text, on_lines, one_line, reach_text, support_text
from surrogate.forms import DecisionGraph, Form, Linear, Rule, RuleSet, Tree, branch_texts
from surrogate.forms._plain import value_text

__all__ = ["markdown_text"]


def markdown_text(form: Form, *, heading: Sequence[str] = ()) -> str:
    r"""The form in Markdown, as GitHub and most others show it.

    Parameters
    ----------
    form : Tree, RuleSet, DecisionGraph or Linear
    heading : sequence of str
        Paragraphs above it.

    Returns
    -------
    str

    Examples
    --------
    >>> from surrogate.export import markdown_text
    >>> from surrogate.forms import Interval, Rule, RuleSet
    >>> from surrogate.types import Feature
    >>> rule = Rule((Interval(0, low=37.5),), (0.2, 0.8))
    >>> form = RuleSet((Feature("age"),), ("no", "yes"), (rule,), (0.9, 0.1), ordered=True)
    >>> print(markdown_text(form))
    Rules in order; the first that holds decides.
    <BLANKLINE>
    | | if | then |
    |---:|---|---|
    | 1 | age \> 37.5 | yes (p 0.8) |
    | | otherwise | no (p 0.9) |
    """
    safe = on_lines(form)
    if isinstance(safe, Tree):
        lines = _tree(safe)
    elif isinstance(safe, DecisionGraph):
        lines = _graph(safe)
    elif isinstance(safe, RuleSet):
        lines = _rules(safe)
    else:
        lines = _linear(safe)
    above = [part for line in heading for part in (_escaped(one_line(line)), "")]
    return "\n".join([*above, *lines]) + "\n"


def _tree(form: Tree) -> list[str]:
    """A nested list, one entry a test's outcome."""
    if form.n_leaves == 1:
        return [f"always {_end(form, 0)}"]
    return _branches(form, 0, "")


def _branches(form: Tree, node: int, indent: str) -> list[str]:
    lines = []
    texts = branch_texts(*form.test(node), form.features, limit=None)
    for text, child in zip(texts, (int(form.left[node]), int(form.right[node]))):
        said = f"{indent}- {_escaped(text)}"
        if form.is_leaf[child]:
            lines.append(f"{said} → {_end(form, child)}")
        else:
            lines += [said, *_branches(form, child, indent + "  ")]
    return lines


def _end(form: Tree | DecisionGraph, node: int) -> str:
    """An answer in bold, and its reach."""
    code = None if form.decision is None else int(form.decision[node])
    reach = reach_text(form, node)
    said = f"**{_escaped(answer_text(form.classes, code, form.value[node]))}**"
    return f"{said}, {reach}" if reach else said


def _graph(form: DecisionGraph) -> list[str]:
    """A numbered list of tests; each leads to a number, or ends."""
    if form.tests[0] is None:
        return [f"always {_end(form, 0)}"]
    inner = np.flatnonzero(~form.is_leaf).tolist()
    number = {node: at for at, node in enumerate(inner, start=1)}
    lines = ["Start at 1.", ""]
    for node in inner:
        test = form.tests[node]
        assert test is not None
        ways = [
            f"go to {number[to]}" if to in number else _end(form, to)
            for to in (int(form.yes[node]), int(form.no[node]))
        ]
        said = _escaped(test.text(form.features, limit=None))
        lines.append(f"{number[node]}. {said}: {ways[0]}; else {ways[1]}")
    return lines


def _rules(form: RuleSet) -> list[str]:
    """A table; columns of counts only where there are counts."""
    counted = form.n_covered is not None
    voting = form.priority is None and not form.is_disjoint
    head = [
        "",
        "if",
        "then",
        *(["weight"] if voting else []),
        *(["rows", "agree"] if counted else []),
    ]
    align = [
        "---:",
        "---",
        "---",
        *(["---:"] if voting else []),
        *(["---:"] * 2 if counted else []),
    ]
    lines = [str(form).partition("\n")[0] if form.rules else "There are no rules.", ""]
    lines += [
        f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in head)}|",
        f"|{'|'.join(align)}|",
    ]
    for number, rule in enumerate(form.rules, start=1):
        text = rule.text(form.features, limit=None)
        lines.append(_row(form, rule, str(number), text, voting=voting, counted=counted))
    return [*lines, _row(form, form, "", "otherwise", voting=voting, counted=counted)]


def _row(
    form: RuleSet, rule: Rule | RuleSet, number: str, text: str, *, voting: bool, counted: bool
) -> str:
    cells = [number, _escaped(text), _escaped(answer_text(form.classes, rule.decision, rule.value))]
    if voting:
        cells.append(value_text(rule.weight) if isinstance(rule, Rule) else "")
    if counted:
        cells += support_text(form, rule)
    return _cells(cells)


def _cells(cells: Sequence[str]) -> str:
    """One row of a table."""
    return f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in cells)}|"


def _linear(form: Linear) -> list[str]:
    """A table of terms, the greatest first, one column an output."""
    names = ["value"] if form.classes is None else [_escaped(str(c)) for c in form.classes]
    if form.classes is None and len(form.intercept) > 1:
        names = [f"value {k}" for k in range(len(form.intercept))]
    lines = [f"| term | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    lines.append(f"| intercept | {' | '.join(value_text(v) for v in form.intercept)} |")
    for j in np.argsort(-np.abs(form.coef).max(axis=0), kind="stable"):
        said = _escaped(form.terms[j].text(form.features, limit=None))
        lines.append(f"| {said} | {' | '.join(f'{v:+.4g}' for v in form.coef[:, j])} |")
    return lines


def _escaped(text: str) -> str:
    """Text whose signs are shown, not obeyed."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|#~$&])", r"\\\1", text)
    return re.sub(r"^(\d+)\.", r"\1\\.", re.sub(r"^([-+=])", r"\\\1", escaped))
