"""Why a form decides for a row as it does, and what would change that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate._validate import Whole, check
from surrogate.errors import InputError
from surrogate.forms._boxes import clean
from surrogate.forms._change import Change, Otherwise, cell_text
from surrogate.forms._move import Mover
from surrogate.forms._nearby import Allowed, Search, boxes_of, holding, said_of
from surrogate.forms._plain import as_matrix, class_text, value_text
from surrogate.forms.conditions import AtLeast, Condition, Interval, complement
from surrogate.forms.graph import DecisionGraph
from surrogate.forms.ruleset import RuleSet
from surrogate.forms.tree import Tree
from surrogate.types import BoolArray, Feature, FloatArray, Label

__all__ = ["Change", "Otherwise", "Why", "why"]


@dataclass(frozen=True, eq=False)
class Why:
    """What decided for a row, and the nearest rows that are decided otherwise.

    Parameters
    ----------
    features, classes
        The form's.
    row : float array of shape (d,)
    decision : int or None
    value : float array of shape (k,)
    fired : tuple of int
        Places of the rules that decided (all that hold, where they vote), the number of a
        tree's or a graph's leaf; empty for the default of rules.
    conditions : tuple of Condition
        Those of the first that fired; of a tree, of the way to the leaf, one a column.
    otherwise : tuple of Otherwise
        With the fewest changes first; each further one has more changes and is nearer.
    kind : {"rule", "leaf"}
        What `fired` counts.
    """

    features: tuple[Feature, ...]
    classes: tuple[Label, ...] | None
    row: FloatArray
    decision: int | None
    value: FloatArray
    fired: tuple[int, ...]
    conditions: tuple[Condition, ...]
    otherwise: tuple[Otherwise, ...]
    kind: str

    def to_text(self) -> str:
        """What decided, and what would change it, in plain words."""
        said = f"{self._answer(self.decision, self.value)}: {self._reason()}."
        if not self.otherwise:
            return f"{said}\nNo change of what may change was found that is decided otherwise."
        lines = [said]
        for at, other in enumerate(self.otherwise):
            lead = "It would be" if at == 0 else "Or, nearer with more changes:"
            changes = " and ".join(change.text(self.features) for change in other.changes)
            answer = self._answer(other.decision, other.value)
            lines.append(f"{lead} {answer} with {changes} (distance {value_text(other.distance)}).")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.to_text()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; None is a missing value."""
        return {
            "row": [None if np.isnan(x) else float(x) for x in self.row],
            "decision": self.decision,
            "value": self.value.tolist(),
            "kind": self.kind,
            "fired": list(self.fired),
            "conditions": [c.to_dict() for c in self.conditions],
            "otherwise": [
                {
                    "changes": [change.to_dict() for change in other.changes],
                    "decision": other.decision,
                    "value": other.value.tolist(),
                    "distance": other.distance,
                }
                for other in self.otherwise
            ],
        }

    def _answer(self, decision: int | None, value: FloatArray) -> str:
        if self.classes is None or decision is None:
            return ", ".join(value_text(v) for v in value)
        return f"{class_text(self.classes, decision)} (p {value[decision]:.3g})"

    def _reason(self) -> str:
        """The rules that hold, and the conditions of the first with the row's values."""
        if not self.fired:
            return "no rule holds, so the default decides"
        places = ", ".join(str(place + (self.kind == "rule")) for place in self.fired[:8])
        more = f" and {len(self.fired) - 8} more" if len(self.fired) > 8 else ""
        what = f"{self.kind}{'s' if len(self.fired) > 1 else ''} {places}{more}"
        if not self.conditions:
            return f"{what}, whatever the row"
        first = f"; of {self.kind} {self.fired[0] + 1}," if len(self.fired) > 1 else ", since"
        return f"{what}{first} {' and '.join(self._held(c) for c in self.conditions)}"

    def _held(self, condition: Condition) -> str:
        """A condition with what the row has."""
        said = condition.text(self.features)
        if isinstance(condition, AtLeast):
            inner = [c for c in condition.conditions if c.holds(self.row[None])[0]]
            return f"{said}: {', '.join(self._held(c) for c in inner)}"
        feature = self.features[condition.feature]
        x = float(self.row[condition.feature])
        here = cell_text(x, feature)
        if said in (f"{feature.name} = {here}", f"{feature.name} is missing"):
            return said
        return f"{said} (here {here})"


def why(
    form: Tree | RuleSet | DecisionGraph,
    row: Any,
    *,
    scale: Any = None,
    fixed: Collection[str] = (),
    keep_protected: bool = False,
    max_changes: int = 3,
    to: Label | None = None,
    allowed: Allowed | None = None,
) -> Why:
    """What decided for a row, and the nearest changes of few columns that decide otherwise.

    Distances are sums over columns: numbers in their scale, 1 for another category. Of a
    tree every leaf is looked at, so that what is found is nearest (with m of n tests, near).
    Of rules, and of a graph beyond 1,000 ways, it is found by a search that makes other
    rules hold and those that decide fail; it is checked, but need not be the nearest.

    Parameters
    ----------
    form : Tree, RuleSet or DecisionGraph
    row : array of shape (d,) or (1, d)
        A row of the internal matrix.
    scale : array of shape (d,), optional
        What counts as a distance of 1 in each column, such as its standard deviation. By
        default the width of the feature's bounds, else of the values that the form compares
        with.
    fixed : collection of str
        Features that must not change.
    keep_protected : bool
        Whether protected features must not change either.
    max_changes : int
        Columns that may change at once.
    to : label, optional
        The class that is wished for; by default any other.
    allowed : callable, optional
        From rows (n, d) to whether such rows can be: (n,).

    Returns
    -------
    Why

    Raises
    ------
    InputError
        If a name or a class is not the form's, or the row has another width.

    Notes
    -----
    It says what changes the surrogate's answer. Whether the model's changes with it, only
    asking the model tells.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.forms import Interval, Rule, RuleSet, why
    >>> from surrogate.types import Feature
    >>> features = (Feature("age", "integer", unit="years"), Feature("debt"))
    >>> rule = Rule((Interval(0, high=37.0), Interval(1, low=2.5)), (0.9, 0.1))
    >>> form = RuleSet(features, ("deny", "grant"), (rule,), (0.2, 0.8), ordered=True)
    >>> print(why(form, np.array([31.0, 4.0]), scale=[10.0, 1.0]))
    deny (p 0.9): rule 1, since age <= 37 years (here 31 years) and debt > 2.5 (here 4).
    It would be grant (p 0.8) with age 38 years instead of 31 years (distance 0.7).
    """
    check("why", {"max_changes": Whole(1)}, {"max_changes": max_changes})
    start = as_matrix(np.atleast_2d(np.asarray(row, dtype=np.float64)), form.features)
    if len(start) != 1:
        raise InputError(f"why explains one row at a time; got {len(start)}.")
    x = start[0]
    mover = Mover(form.features, _scale(form, scale), _fixed(form.features, fixed, keep_protected))
    wanted = None if to is None else _code(form.classes, to)
    search = Search(form, x, mover, max_changes=max_changes, wanted=wanted, allowed=allowed)
    fired, conditions = _fired(form, x)
    decision, values = said_of(form, start)
    return Why(
        features=form.features,
        classes=form.classes,
        row=x,
        decision=None if decision is None else int(decision[0]),
        value=values[0],
        fired=fired,
        conditions=conditions,
        otherwise=search.found(),
        kind="rule" if isinstance(form, RuleSet) else "leaf",
    )


def _fired(
    form: Tree | RuleSet | DecisionGraph, x: FloatArray
) -> tuple[tuple[int, ...], tuple[Condition, ...]]:
    """What decided, and its conditions."""
    if isinstance(form, RuleSet):
        places = holding(form, x)
        return tuple(places), form.rules[places[0]].conditions if places else ()
    leaf = int(form.apply(x[None])[0])
    path = form.paths()[leaf] if isinstance(form, Tree) else _way(form, x)
    return (leaf,), clean(path, form.features) or ()


def _way(form: DecisionGraph, x: FloatArray) -> tuple[Condition, ...]:
    """The conditions on a row's way through a graph."""
    node, path = 0, []
    while (test := form.tests[node]) is not None:
        holds = bool(test.holds(x[None])[0])
        path.append(test if holds else complement(test, form.features))
        node = int(form.yes[node] if holds else form.no[node])
    return tuple(path)


def _scale(form: Tree | RuleSet | DecisionGraph, scale: Any) -> FloatArray:
    """What is a distance of 1 in each column."""
    if scale is not None:
        given = np.asarray(scale, dtype=np.float64)
        if given.shape != (len(form.features),):
            raise InputError(f"`scale` needs {len(form.features)} entries; got {given.shape}.")
        return np.where(np.isfinite(given) & (given > 0), given, 1.0)
    cuts: list[list[float]] = [[] for _ in form.features]
    for box, _ in boxes_of(form):
        for condition in box:
            _gather(condition, cuts)
    widths = [
        feature.high - feature.low
        if np.isfinite([feature.low, feature.high]).all()
        else max(known, default=0.0) - min(known, default=0.0)
        for feature, known in zip(form.features, cuts)
    ]
    return np.array([width if width > 0 else 1.0 for width in widths])


def _gather(condition: Condition, cuts: list[list[float]]) -> None:
    """Add the bounds of a condition to those of its column."""
    if isinstance(condition, AtLeast):
        for inner in condition.conditions:
            _gather(inner, cuts)
    elif isinstance(condition, Interval) and not condition.is_void:
        ends = (end for end in (condition.low, condition.high) if np.isfinite(end))
        cuts[condition.feature].extend(ends)


def _fixed(
    features: tuple[Feature, ...], fixed: Collection[str], keep_protected: bool
) -> BoolArray:
    """Which columns must stay."""
    names = {feature.name for feature in features}
    unknown = sorted(set(fixed) - names)
    if isinstance(fixed, str) or unknown:
        said = repr(fixed) if isinstance(fixed, str) else ", ".join(map(repr, unknown))
        raise InputError(f"`fixed` must list names of features; got {said}.")
    return np.array([f.name in fixed or (keep_protected and f.protected) for f in features])


def _code(classes: tuple[Label, ...] | None, label: Label) -> int:
    if classes is None or label not in classes:
        known = "of values" if classes is None else f"of {', '.join(map(repr, classes))}"
        raise InputError(f"`to` must be a class of the form, which is one {known}; got {label!r}.")
    return classes.index(label)
