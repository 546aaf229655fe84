"""Forms in a few words: what they are, and how large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surrogate.render.numbers import count, number

if TYPE_CHECKING:
    from surrogate.forms import Form

__all__ = ["form_name", "form_size"]


def form_name(form: Form) -> str:
    """The form and its size in a few words: "tree of 16 leaves"."""
    from surrogate.forms import RuleSet, Tree

    if isinstance(form, Tree):
        return "tree of " + count(form.n_leaves, "leaf", "leaves")
    if isinstance(form, RuleSet):
        return ("list of " if form.ordered else "set of ") + count(len(form.rules), "rule")
    return f"linear form of {count(form.coef.shape[1], 'term')}"


def form_size(form: Form) -> tuple[tuple[str, str], ...]:
    """Measures of size, each with its name."""
    from surrogate.forms import RuleSet, Tree

    if isinstance(form, Tree):
        return (
            ("leaves", count(form.n_leaves)),
            ("depth", count(form.depth)),
            ("mean path length", number(form.mean_path_length)),
            ("conditions", count(form.n_conditions)),
        )
    if isinstance(form, RuleSet):
        return (
            ("rules", count(len(form.rules))),
            ("conditions", count(sum(len(rule.conditions) for rule in form.rules))),
            ("read", "in order, the first that holds" if form.ordered else "together"),
        )
    return (("terms", count(form.coef.shape[1])),)
