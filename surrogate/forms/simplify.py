"""From a tree to rules, and to fewer and shorter rules that predict the same.

Every edit is checked against the boxes of the original rules, so that the result decides
every row that the features allow exactly as before; probabilities of merged rules are
their weighted mean. "The same" for regression is the same value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from surrogate.errors import InputError
from surrogate.forms._boxes import Atoms, clean
from surrogate.forms.conditions import AtLeast, CategorySet, Condition, Interval
from surrogate.forms.ruleset import Rule, RuleSet
from surrogate.forms.tree import Tree
from surrogate.types import BoolArray, Feature

__all__ = ["ruleset_from_tree", "simplify"]


def ruleset_from_tree(tree: Tree) -> RuleSet:
    """One rule a leaf, conditions on one column met into one.

    Parameters
    ----------
    tree : Tree

    Returns
    -------
    rules : RuleSet
        Unordered; exactly one rule holds for each row, so the default, which is the
        root's value, is never reached. A tree of one leaf gives no rules and its value as
        default. Values and decisions are the tree's own for every row.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.forms import Tree, ruleset_from_tree
    >>> from surrogate.types import Feature
    >>> nan = np.nan
    >>> tree = Tree(
    ...     (Feature("x"),), ("no", "yes"), [0, 0, -1, -1, -1], [4.0, 1.0, nan, nan, nan],
    ...     (None,) * 5, [1, 3, -1, -1, -1], [2, 4, -1, -1, -1], [False] * 5,
    ...     [[0.5, 0.5], [0.6, 0.4], [0.1, 0.9], [0.9, 0.1], [0.2, 0.8]], [10, 6, 4, 3, 3],
    ... )
    >>> print(ruleset_from_tree(tree))
    Rules in no order; at most one holds for a row.
    1. if x > 4
       then yes (p 0.9)
    2. if x <= 1
       then no (p 0.9)
    3. if 1 < x <= 4
       then yes (p 0.8)
    otherwise no (p 0.5)
    """
    leaves = np.flatnonzero(tree.is_leaf)
    told = bool(tree.count.any())
    weighed = bool((tree.weight[leaves] > 0).all())
    share = tree.weight / tree.weight[0] if weighed else np.ones(len(tree.weight))
    paths = tree.paths() if len(leaves) > 1 else {}
    rules = []
    for leaf in leaves if paths else ():
        conditions = clean(paths[int(leaf)], tree.features)
        if conditions is None:
            continue
        decision = None if tree.decision is None else int(tree.decision[leaf])
        covered = int(tree.count[leaf]) if told else None
        rules.append(Rule(conditions, tree.value[leaf], decision, float(share[leaf]), covered))
    decision = None if tree.decision is None else int(tree.decision[0])
    return RuleSet(tree.features, tree.classes, tuple(rules), tree.value[0], decision)


def simplify(rules: RuleSet, *, ordered: bool | None = None) -> RuleSet:
    """Fewer and shorter rules that decide every row as before.

    Conditions on one column are met into one; contradictory and subsumed rules go; rules
    of one outcome that are adjacent in one column are merged; a condition goes where no
    row changes its decision by it. Rows are those that the features allow: whole numbers
    for integers and codes, a missing value only where a feature may be missing.

    Parameters
    ----------
    rules : RuleSet
        The most is gained where no two rules overlap and every row is in one, as in the
        rules of a tree. Of other sets only contradictory, certain, subsumed and, in
        ordered lists, neighbouring parts are simplified.
    ordered : bool or None
        Whether the result is an ordered list, whose later rules may lean on the earlier
        ones and whose default takes the outcome that needs the most conditions, or an
        unordered set, each of whose rules is true by itself. None: as `rules` is.

    Returns
    -------
    simplified : RuleSet
        Counts of support that no longer apply are None; `RuleSet.measured` counts anew.

    Raises
    ------
    InputError
        If an ordered list is to become an unordered set, or overlapping rules a list.

    Examples
    --------
    >>> from surrogate.forms import Interval, Rule, RuleSet, simplify
    >>> from surrogate.types import Feature
    >>> low, high = Interval(0, high=4.0), Interval(0, low=4.0)
    >>> rules = RuleSet((Feature("x"), Feature("y")), ("no", "yes"), (
    ...     Rule((low, Interval(1, high=2.0)), (0.1, 0.9)),
    ...     Rule((low, Interval(1, low=2.0)), (0.8, 0.2)),
    ...     Rule((high,), (0.9, 0.1)),
    ... ), (0.6, 0.4))
    >>> print(simplify(rules, ordered=True))
    Rules in order; the first that holds decides.
    1. if x <= 4 and y <= 2
       then yes (p 0.9)
    otherwise no (p 0.85)
    """
    wanted = rules.ordered if ordered is None else ordered
    if rules.ordered and not wanted:
        raise InputError("An ordered list of rules cannot be simplified to an unordered set.")
    kept = _cleaned(rules)
    boxes = _boxes_of(kept, rules.features)
    if rules.ordered:
        shorter = kept if boxes is None else _shorter_list(boxes, rules.features)
        return replace(rules, rules=tuple(shorter))
    if boxes is None or not boxes.are_disjoint:
        if wanted:
            raise InputError(
                "Only rules that do not overlap can become an ordered list; these vote where "
                "several hold. Pass ordered=False."
            )
        return replace(rules, rules=tuple(kept if boxes is None else boxes.rules))
    return _of_disjoint(rules, boxes, wanted)


@dataclass(frozen=True, eq=False)
class _Boxes:
    """Rules that some row can be in, with their boxes."""

    rules: list[Rule]
    atoms: Atoms
    masks: BoolArray  # (rules, atoms)

    @property
    def are_disjoint(self) -> bool:
        """Whether no row is in two of them."""
        shared = [
            self.atoms.meets(mask, self.masks[at + 1 :]) for at, mask in enumerate(self.masks)
        ]
        return not any(some.any() for some in shared)

    @property
    def are_complete(self) -> bool:
        """Whether every row is in one of them, if they are disjoint."""
        if not self.rules:
            return False  # at most the default's
        full = self.atoms.volume(np.ones_like(self.masks[0]))
        return sum(self.atoms.volume(mask) for mask in self.masks) == full


def _boxes_of(rules: Sequence[Rule], features: tuple[Feature, ...]) -> _Boxes | None:
    """The boxes of rules that speak of single columns, each once; None of others."""
    for rule in rules:
        columns = {c.columns for c in rule.conditions}
        if any(isinstance(c, AtLeast) for c in rule.conditions):
            return None
        if len(columns) != len(rule.conditions):
            return None
    atoms = Atoms.of([rule.conditions for rule in rules], features)
    masks = [atoms.mask(rule.conditions) for rule in rules]
    possible = [at for at, mask in enumerate(masks) if atoms.volume(mask) > 0]
    return _Boxes(
        [rules[at] for at in possible],
        atoms,
        np.array(masks, dtype=np.bool_)[possible] if possible else np.empty((0, 0), dtype=np.bool_),
    )


class _Check:
    """What the result must keep: the outcome of every original box."""

    def __init__(self, boxes: _Boxes, *, ordered: bool) -> None:
        self.boxes, self.ordered = boxes, ordered
        self.outcomes = [_outcome(rule) for rule in boxes.rules]
        # By identity: hashing rules would take longer than what is kept.
        self._reached: dict[int, tuple[Rule, BoolArray, BoolArray]] = {}
        self._looser: dict[int, tuple[Rule, list[Rule]]] = {}
        self._alike: dict[object, BoolArray] = {}

    def keeps(self, rules: Sequence[Rule], default: object) -> bool:
        """Whether the rules give every original box its outcome."""
        safe = self.safe([])
        for rule in rules:
            if not self.allows(rule, safe):
                return False
            # A box of another outcome that is inside was safe before.
            safe |= self._reach(rule)[1]
        return bool((safe | self._are(default)).all())

    def safe(self, rules: Sequence[Rule]) -> BoolArray:
        """Which original boxes lie inside one of some rules."""
        inside = np.zeros(len(self.outcomes), dtype=np.bool_)
        for rule in rules:
            inside |= self._reach(rule)[1]
        return inside

    def allows(self, rule: Rule, safe: BoolArray) -> bool:
        """Whether a rule meets no box of another outcome, but such as are safe before it."""
        wrong = self._reach(rule)[0] & ~self._are(_outcome(rule))
        return not (wrong & ~safe if self.ordered else wrong).any()

    def looser(self, rule: Rule) -> list[Rule]:
        """The rule without one condition, or without one bound of one."""
        if id(rule) not in self._looser:
            self._looser[id(rule)] = rule, _relaxations(rule)
        return self._looser[id(rule)][1]

    def _reach(self, rule: Rule) -> tuple[BoolArray, BoolArray]:
        """Which original boxes a rule meets, and which lie inside of it."""
        if id(rule) not in self._reached:
            mask = self.boxes.atoms.mask(rule.conditions)
            met = self.boxes.atoms.meets(mask, self.boxes.masks)
            inside = np.asarray(~(self.boxes.masks & ~mask).any(axis=1))
            self._reached[id(rule)] = rule, met, inside
        return self._reached[id(rule)][1:]

    def _are(self, outcome: object) -> BoolArray:
        """Which original boxes have an outcome."""
        if outcome not in self._alike:
            self._alike[outcome] = np.array([o == outcome for o in self.outcomes], dtype=np.bool_)
        return self._alike[outcome]


def _of_disjoint(rules: RuleSet, boxes: _Boxes, ordered: bool) -> RuleSet:
    """Simplify rules of which at most one holds."""
    merged = _merged(boxes.rules, rules.features)
    if not boxes.are_complete:
        return replace(rules, rules=tuple(merged), ordered=ordered)
    check = _Check(boxes, ordered=ordered)
    if not ordered:
        return replace(rules, rules=tuple(_reduced(merged, rules.features, check)))
    return _best_list(rules, merged, check)


def _best_list(rules: RuleSet, merged: list[Rule], check: _Check) -> RuleSet:
    """The ordered list with the fewest conditions among a few orders of the rules."""
    cost: dict[object, int] = {}
    for rule in merged:
        cost[_outcome(rule)] = cost.get(_outcome(rule), 0) + len(rule.conditions)
    last = max(cost, key=lambda outcome: cost[outcome])
    rest = [rule for rule in merged if _outcome(rule) == last]
    first = [rule for rule in merged if _outcome(rule) != last]
    orders = (
        sorted(first, key=lambda r: (-r.weight, len(r.conditions))),
        sorted(first, key=lambda r: (len(r.conditions), -r.weight)),
        sorted(first, key=lambda r: (cost[_outcome(r)], len(r.conditions), -r.weight)),
    )
    lists = [_reduced(order, rules.features, check, default=last) for order in orders]
    best = min(lists, key=lambda found: (sum(len(r.conditions) for r in found), len(found)))
    value = rest[0].value  # of a regression they are all the same, which no mean may blur
    if rules.classes is not None:
        value = np.average([r.value for r in rest], axis=0, weights=[r.weight for r in rest])
    return replace(
        rules,
        rules=tuple(best),
        value=value,
        decision=rest[0].decision,
        ordered=True,
        n_covered=None,
        n_correct=None,
    )


def _reduced(
    rules: list[Rule], features: tuple[Feature, ...], check: _Check, *, default: object = None
) -> list[Rule]:
    """Relax and drop whatever can go; each edit is checked against the original boxes."""
    changed = True
    while changed:
        changed = False
        for at in reversed(range(len(rules))):
            without = rules[:at] + rules[at + 1 :]
            if check.keeps(without, default):
                rules, changed = without, True
                continue
            safe = check.safe(rules[:at])
            # What a looser rule takes from later ones they decide alike, or it is refused.
            looser = [rule for rule in check.looser(rules[at]) if check.allows(rule, safe)]
            if looser:
                rules, changed = [*rules[:at], looser[0], *rules[at + 1 :]], True
        merged = _merged(rules, features)
        if len(merged) < len(rules) and check.keeps(merged, default):
            rules, changed = merged, True
    return rules


def _relaxations(rule: Rule) -> list[Rule]:
    """The rule without one condition, or without one bound of one."""
    found = []
    for at, condition in enumerate(rule.conditions):
        before, after = rule.conditions[:at], rule.conditions[at + 1 :]
        found.append((*before, *after))
        if isinstance(condition, Interval) and _is_bounded(condition):
            unbounded = (
                replace(condition, low=-np.inf, low_closed=False),
                replace(condition, high=np.inf),
            )
            found += [(*before, looser, *after) for looser in unbounded]
    # Whole conditions first: they shorten the rule.
    found.sort(key=len)
    return [replace(rule, conditions=box, n_covered=None, n_correct=None) for box in found]


def _is_bounded(interval: Interval) -> bool:
    """Whether it has two bounds, one of which could go."""
    return not interval.is_void and bool(np.isfinite([interval.low, interval.high]).all())


def _merged(rules: list[Rule], features: tuple[Feature, ...]) -> list[Rule]:
    """Join rules of one outcome that differ in one column, until none is left."""
    rules = list(rules)
    i = 0
    while i < len(rules):
        for j in range(i + 1, len(rules)):
            joined = _joined(rules[i], rules[j], features)
            if joined is not None:
                rules[i : j + 1] = [joined, *rules[i + 1 : j]]
                i = -1
                break
        i += 1
    return rules


def _joined(a: Rule, b: Rule, features: tuple[Feature, ...]) -> Rule | None:
    """One rule for two, or None where a single rule cannot say it."""
    if _outcome(a) != _outcome(b):
        return None
    mine = {c.columns: c for c in a.conditions}
    theirs = {c.columns: c for c in b.conditions}
    if mine.keys() != theirs.keys():
        return None
    differing = [key for key in mine if mine[key] != theirs[key]]
    if len(differing) > 1:
        return None
    if differing:
        union = _union(mine[differing[0]], theirs[differing[0]])
        if union is None:
            return None
        mine[differing[0]] = union
    conditions = tuple(c for c in mine.values() if not _is_full(c, features))
    weight = a.weight + b.weight
    mean = a.decision is not None and weight > 0
    value = (a.weight * a.value + b.weight * b.value) / weight if mean else a.value
    counts = [
        None if x is None or y is None else x + y
        for x, y in ((a.n_covered, b.n_covered), (a.n_correct, b.n_correct))
    ]
    return Rule(conditions, value, a.decision, weight, *counts)


def _union(a: Condition, b: Condition) -> Condition | None:
    """The single condition that one of both holds, if there is one."""
    if isinstance(a, Interval) and isinstance(b, Interval):
        return a.join(b)
    if isinstance(a, CategorySet) and isinstance(b, CategorySet):
        return a.join(b)
    return None


def _is_full(condition: Condition, features: tuple[Feature, ...]) -> bool:
    """Whether the condition holds for every row that the features allow."""
    if condition.is_certain(features):
        return True
    if isinstance(condition, AtLeast) or features[condition.feature].missing:
        return False
    return replace(condition, missing=True).is_certain(features)


def _outcome(rule: Rule) -> object:
    """What must stay the same: the class decided, or the values."""
    return rule.value.tobytes() if rule.decision is None else rule.decision


def _cleaned(rules: RuleSet) -> tuple[Rule, ...]:
    """Rules with one condition a column, without those that can never hold."""
    kept = []
    for rule in rules.rules:
        conditions = clean(rule.conditions, rules.features)
        if conditions is not None:
            full = tuple(c for c in conditions if not _is_full(c, rules.features))
            kept.append(replace(rule, conditions=full))
    return tuple(kept)


def _shorter_list(boxes: _Boxes, features: tuple[Feature, ...]) -> list[Rule]:
    """Drop rules that an earlier one contains, and join neighbours of one outcome."""
    kept: list[Rule] = []
    masks: list[BoolArray] = []
    for rule, mask in zip(boxes.rules, boxes.masks):
        if any(not (mask & ~earlier).any() for earlier in masks):
            continue
        joined = _joined(kept[-1], rule, features) if kept else None
        if joined is not None:
            kept[-1], masks[-1] = joined, boxes.atoms.mask(joined.conditions)
        else:
            kept.append(rule)
            masks.append(mask)
    return kept
