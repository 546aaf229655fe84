"""Forms in a few words: what they are, and how large."""

from __future__ import annotations

from surrogate.forms import DecisionGraph, Form, RuleSet, Tree
from surrogate.render.numbers import count, number

__all__ = ["form_name", "size_text"]


def form_name(form: Form) -> str:
    """The form and its size in a few words.

    Examples
    --------
    >>> from surrogate.forms import Linear, Scaled
    >>> from surrogate.render.describe import form_name
    >>> from surrogate.types import Feature
    >>> form_name(Linear((Feature("age"),), None, [[2.0]], [0.0], (Scaled(0),)))
    'linear form of 1 term'
    """
    if isinstance(form, Tree):
        return "tree of " + count(form.n_leaves, "leaf", "leaves")
    if isinstance(form, DecisionGraph):
        return "decision graph of " + count(form.n_conditions, "test")
    if isinstance(form, RuleSet):
        return ("list of " if form.ordered else "set of ") + count(form.n_rules, "rule")
    return "linear form of " + count(form.n_terms, "term")


def size_text(form: Form, *, first: int = 0) -> str:
    """Measures of size from the `first` on, each with its name: "depth 6, conditions 15"."""
    measures = list(form.size.items())[first:]
    return ", ".join(f"{name} {number(value)}" for name, value in measures)
