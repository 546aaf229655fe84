"""A tree as indented lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from surrogate.forms._plain import LISTED, class_text, value_text
from surrogate.forms.conditions import AtLeast, CategorySet, Condition
from surrogate.types import Feature

if TYPE_CHECKING:
    from surrogate.forms.tree import Tree

__all__ = ["branch_texts", "tree_text"]


def tree_text(tree: Tree, limit: int | None) -> str:
    """The whole tree, one line a test's outcome."""
    if tree.n_leaves == 1:
        return f"always {_outcome(tree, 0)}"
    return "\n".join(_lines(tree, 0, "", limit=limit, known={}))


def branch_texts(
    left: Condition,
    right: Condition,
    features: tuple[Feature, ...],
    *,
    limit: int | None = LISTED,
) -> tuple[str, str]:
    """What is said of going left and of going right; m of n conditions are listed once."""
    said = left.text(features, limit=limit)
    if isinstance(left, AtLeast):
        return said, f"fewer than {left.m} of them"
    if isinstance(right, AtLeast):  # of an interval with two bounds
        return said, "else"
    return said, right.text(features, limit=limit)


def _lines(
    tree: Tree, node: int, indent: str, *, limit: int | None, known: Mapping[int, CategorySet]
) -> list[str]:
    """The lines below a node; of sets of categories, what the path leaves of them."""
    lines = []
    conditions = [_left_of(condition, known) for condition in tree.test(node)]
    texts = branch_texts(conditions[0], conditions[1], tree.features, limit=limit)
    children = (int(tree.left[node]), int(tree.right[node]))
    for condition, text, child, last in zip(conditions, texts, children, (False, True)):
        said = f"{indent}{'└─' if last else '├─'} {text}"
        if tree.is_leaf[child]:
            lines.append(f"{said}  ->  {_outcome(tree, child)}")
            continue
        here = {condition.feature: condition} if isinstance(condition, CategorySet) else {}
        deeper = indent + ("   " if last else "│  ")
        lines += [said, *_lines(tree, child, deeper, limit=limit, known={**known, **here})]
    return lines


def _left_of(condition: Condition, known: Mapping[int, CategorySet]) -> Condition:
    """Of a set of categories, those that a path leaves of them."""
    if isinstance(condition, CategorySet) and condition.feature in known:
        return condition.meet(known[condition.feature])
    return condition


def _outcome(tree: Tree, node: int) -> str:
    """What a leaf says, and how many of the fitted rows reach it."""
    share = tree.weight[node] / tree.weight[0] if tree.weight[0] > 0 else np.nan
    reach = f"reach {100 * share:.3g} %" if np.isfinite(share) else "reach not known"
    if tree.decision is None or tree.classes is None:
        return f"{', '.join(value_text(v) for v in tree.value[node])} ({reach})"
    code = int(tree.decision[node])
    probability = f"{tree.value[node, code]:.3g}"
    return f"{class_text(tree.classes, code)} (p {probability}, {reach})"
