"""Trees and graphs as one thing: tests that lead on by yes and no, and end in leaves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from surrogate.forms import AtLeast, Condition, DecisionGraph, Interval, Tree
from surrogate.types import Feature, FloatArray, IntArray, Label

__all__ = ["Steps", "codes_of", "shared", "steps_of"]


@dataclass(frozen=True, eq=False)
class Steps:
    """A start at node 0, and for each node its test (None at a leaf) and where it leads."""

    features: tuple[Feature, ...]
    classes: tuple[Label, ...] | None
    tests: tuple[Condition | None, ...]
    yes: tuple[int, ...]
    no: tuple[int, ...]
    value: FloatArray  # (m, k)
    decision: IntArray | None


def steps_of(form: Tree | DecisionGraph) -> Steps:
    """The nodes of a tree or of a graph; both number children behind their parents."""
    if isinstance(form, DecisionGraph):
        yes, no, tests = form.yes, form.no, form.tests
    else:
        yes, no = form.left, form.right
        tests = tuple(
            None if leaf else form.test(node)[0] for node, leaf in enumerate(form.is_leaf)
        )
    ways = tuple(yes.tolist()), tuple(no.tolist())
    return Steps(form.features, form.classes, tests, *ways, form.value, form.decision)


def shared(steps: Steps) -> set[int]:
    """Tests that several others lead to."""
    inner = [node for node, test in enumerate(steps.tests) if test is not None]
    ways = Counter(to for node in inner for to in (steps.yes[node], steps.no[node]))
    return {node for node in inner if ways[node] > 1}


def codes_of(condition: Condition, feature: Feature) -> list[int] | None:
    """Codes of the categories for which a condition on one column holds; None of numbers."""
    if isinstance(condition, AtLeast) or not feature.is_coded:
        return None
    if not isinstance(condition, Interval):
        return [code for code in range(len(feature.categories)) if code in condition.codes]
    return [code for code in range(len(feature.categories)) if _inside(condition, code)]


def _inside(interval: Interval, x: float) -> bool:
    above = x >= interval.low if interval.low_closed else x > interval.low
    below = x <= interval.high if interval.high_closed else x < interval.high
    return not interval.is_void and above and below
