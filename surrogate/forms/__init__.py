"""Forms that a person can read: trees, rules and linear forms, and their conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from surrogate.errors import InputError
from surrogate.forms._expand import Expanded, expand
from surrogate.forms._tree_text import branch_texts
from surrogate.forms.conditions import (
    AtLeast,
    CategorySet,
    Condition,
    Interval,
    complement,
    condition_from_dict,
    literals,
    meet,
)
from surrogate.forms.graph import DecisionGraph
from surrogate.forms.linear import Linear, Scaled, Term, term_from_dict
from surrogate.forms.ruleset import Rule, RuleSet
from surrogate.forms.simplify import ruleset_from_tree, simplify
from surrogate.forms.tree import LEAF, Tree
from surrogate.forms.why import Change, Otherwise, Why, why

__all__ = [
    "LEAF",
    "AtLeast",
    "CategorySet",
    "Change",
    "Condition",
    "DecisionGraph",
    "Expanded",
    "Form",
    "Interval",
    "Linear",
    "Otherwise",
    "Rule",
    "RuleSet",
    "Scaled",
    "Term",
    "Tree",
    "Why",
    "branch_texts",
    "complement",
    "condition_from_dict",
    "expand",
    "form_from_dict",
    "literals",
    "meet",
    "ruleset_from_tree",
    "simplify",
    "term_from_dict",
    "why",
]

Form: TypeAlias = Tree | DecisionGraph | RuleSet | Linear

FORMS: Mapping[str, type[Tree] | type[DecisionGraph] | type[RuleSet] | type[Linear]] = {
    "tree": Tree,
    "graph": DecisionGraph,
    "rules": RuleSet,
    "linear": Linear,
}


def form_from_dict(data: Mapping[str, Any]) -> Form:
    """The form that ``to_dict`` wrote, whichever it is.

    Raises
    ------
    InputError
        If the dict is not one of a form.

    Examples
    --------
    >>> from surrogate.forms import Linear, Scaled, form_from_dict
    >>> from surrogate.types import Feature
    >>> form = Linear((Feature("a"),), None, [[2.0]], [1.0], (Scaled(0),))
    >>> form_from_dict(form.to_dict()) == form
    True
    """
    kind = str(data.get("form"))
    if kind not in FORMS:
        raise InputError(f"The entry 'form' must be one of {', '.join(FORMS)}; got {kind!r}.")
    return FORMS[kind].from_dict(data)
