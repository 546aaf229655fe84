"""A form in the language DOT, as Graphviz draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surrogate.errors import InputError
from surrogate.export._steps import steps_of
from surrogate.export._words import answer_text, on_lines, one_line, reach_text
from surrogate.forms import DecisionGraph, Form, Linear, RuleSet, Tree

__all__ = ["graphviz_dot"]

_COLOURS = ("#cfe2f1", "#f6d9c5", "#cdeadf", "#ecd9e6", "#efe2b8", "#d9edf9", "#e0d7ee", "#e2e4e6")
"""Fills that black text can be read on; the text says the class too."""


def graphviz_dot(form: Form, *, heading: Sequence[str] = ()) -> str:
    """A digraph: a box a test, with its ways yes and no; a rounded box an answer.

    Shared parts of a graph are drawn once. Rules are drawn as a chain, each leading to its
    answer where it holds and to the next where it does not.

    Parameters
    ----------
    form : Tree, RuleSet or DecisionGraph
    heading : sequence of str
        Lines above the picture.

    Returns
    -------
    str
        For ``dot -Tsvg``.

    Raises
    ------
    InputError
        If the form is a Linear, or its rules vote.

    Examples
    --------
    >>> from surrogate.export import graphviz_dot
    >>> from surrogate.forms import Interval, Rule, RuleSet
    >>> from surrogate.types import Feature
    >>> rule = Rule((Interval(0, low=37.5),), (0.2, 0.8))
    >>> form = RuleSet((Feature("age"),), ("no", "yes"), (rule,), (0.9, 0.1), ordered=True)
    >>> print(graphviz_dot(form))
    digraph {
      node [shape=box, fontname="Helvetica", fontsize=11];
      edge [fontname="Helvetica", fontsize=10];
      n0 [label="age > 37.5"];
      n1 [label="yes (p 0.8)", style="rounded,filled", fillcolor="#f6d9c5"];
      n2 [label="no (p 0.9)", style="rounded,filled", fillcolor="#cfe2f1"];
      n0 -> n1 [label="yes"];
      n0 -> n2 [label="no"];
    }
    """
    if isinstance(form, Linear):
        raise InputError("A linear form has no tests to draw; export it as text, Python or SQL.")
    safe = on_lines(form)
    lines = _chain(safe) if isinstance(safe, RuleSet) else _nodes(safe)
    label = "\\n".join(_escaped(one_line(line)) for line in heading)
    title = [f'  label="{label}"; labelloc=t; fontname="Helvetica";'] if heading else []
    return "\n".join(
        [
            "digraph {",
            *title,
            '  node [shape=box, fontname="Helvetica", fontsize=11];',
            '  edge [fontname="Helvetica", fontsize=10];',
            *(f"  {line}" for line in lines),
            "}",
            "",
        ]
    )


def _nodes(form: Form) -> Iterator[str]:
    """Nodes and ways of a tree or a graph."""
    assert isinstance(form, Tree | DecisionGraph)
    steps = steps_of(form)
    for node, test in enumerate(steps.tests):
        if test is not None:
            yield f'n{node} [label="{_escaped(test.text(form.features, limit=None))}"];'
            continue
        code = None if steps.decision is None else int(steps.decision[node])
        said = answer_text(steps.classes, code, steps.value[node])
        reach = reach_text(form, node)
        yield _leaf(f"n{node}", f"{said}\n{reach}" if reach else said, code)
    for node, test in enumerate(steps.tests):
        if test is not None:
            yield f'n{node} -> n{steps.yes[node]} [label="yes"];'
            yield f'n{node} -> n{steps.no[node]} [label="no"];'


def _chain(form: RuleSet) -> Iterator[str]:
    """Rules one after the other, the default last."""
    rules = form.listed().rules
    last = 2 * len(rules)
    for at, rule in enumerate(rules):
        yield f'n{2 * at} [label="{_escaped(rule.text(form.features, limit=None))}"];'
        said = answer_text(form.classes, rule.decision, rule.value)
        yield _leaf(f"n{2 * at + 1}", said, rule.decision)
    yield _leaf(f"n{last}", answer_text(form.classes, form.decision, form.value), form.decision)
    for at in range(len(rules)):
        yield f'n{2 * at} -> n{2 * at + 1} [label="yes"];'
        yield f'n{2 * at} -> n{2 * at + 2} [label="no"];'


def _leaf(name: str, said: str, code: int | None) -> str:
    fill = _COLOURS[(code or 0) % len(_COLOURS)]
    return f'{name} [label="{_escaped(said)}", style="rounded,filled", fillcolor="{fill}"];'


def _escaped(text: str) -> str:
    """Text within double quotes of DOT; a line break stays one."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
