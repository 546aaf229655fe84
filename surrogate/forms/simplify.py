"""From a tree to rules, and to fewer and shorter rules that predict the same.

Every edit is checked against the boxes of the original rules, so that the result decides
every row that the features allow exactly as before; probabilities of merged rules are
their weighted mean. "The same" for regression is the same value.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from surrogate.errors import InputError
from surrogate.forms._boxes import clean
from surrogate.forms._keep import Boxes, Check, boxes_of
from surrogate.forms._merge import is_full, joined, merged, outcome
from surrogate.forms.rule import Rule
from surrogate.forms.ruleset import RuleSet
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
        ordered lists, neighbouring parts are simplified; where the heaviest or the longest
        rule decides, only contradictory ones go, unless a list is made of them. Time grows
        with the square of the number of rules, and faster where many are merged: for long
        unordered sets `surrogate.rules.prune`, which may lose agreement, shortens more.
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
    if rules.priority is not None and not rules.ordered and not rules.is_disjoint:
        if wanted:
            return simplify(rules.listed())
        return replace(rules, rules=_possible(rules))
    kept = _cleaned(rules)
    boxes = boxes_of(kept, rules.features)
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


def _of_disjoint(rules: RuleSet, boxes: Boxes, ordered: bool) -> RuleSet:
    """Simplify rules of which at most one holds."""
    fewer = merged(boxes.rules, rules.features)
    if not boxes.are_complete:
        return replace(rules, rules=tuple(fewer), ordered=ordered)
    check = Check(boxes, ordered=ordered)
    if not ordered:
        return replace(rules, rules=tuple(_reduced(fewer, rules.features, check)))
    return _best_list(rules, fewer, check)


def _best_list(rules: RuleSet, fewer: list[Rule], check: Check) -> RuleSet:
    """The ordered list with the fewest conditions among a few orders of the rules."""
    cost: dict[object, int] = {}
    for rule in fewer:
        cost[outcome(rule)] = cost.get(outcome(rule), 0) + len(rule.conditions)
    last = max(cost, key=lambda outcome: cost[outcome])
    rest = [rule for rule in fewer if outcome(rule) == last]
    first = [rule for rule in fewer if outcome(rule) != last]
    orders = (
        sorted(first, key=lambda r: (-r.weight, len(r.conditions))),
        sorted(first, key=lambda r: (len(r.conditions), -r.weight)),
        sorted(first, key=lambda r: (cost[outcome(r)], len(r.conditions), -r.weight)),
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
    rules: list[Rule], features: tuple[Feature, ...], check: Check, *, default: object = None
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
        fewer = merged(rules, features)
        if len(fewer) < len(rules) and check.keeps(fewer, default):
            rules, changed = fewer, True
    return rules


def _possible(rules: RuleSet) -> tuple[Rule, ...]:
    """Rules that some row can be in, as they are: their length may be what decides."""
    return tuple(r for r in rules.rules if clean(r.conditions, rules.features) is not None)


def _cleaned(rules: RuleSet) -> tuple[Rule, ...]:
    """Rules with one condition a column, without those that can never hold."""
    kept = []
    for rule in rules.rules:
        conditions = clean(rule.conditions, rules.features)
        if conditions is not None:
            full = tuple(c for c in conditions if not is_full(c, rules.features))
            kept.append(replace(rule, conditions=full))
    return tuple(kept)


def _shorter_list(boxes: Boxes, features: tuple[Feature, ...]) -> list[Rule]:
    """Drop rules that an earlier one contains, and join neighbours of one outcome."""
    kept: list[Rule] = []
    masks: list[BoolArray] = []
    for rule, mask in zip(boxes.rules, boxes.masks):
        if any(not (mask & ~earlier).any() for earlier in masks):
            continue
        both = joined(kept[-1], rule, features) if kept else None
        if both is not None:
            kept[-1], masks[-1] = both, boxes.atoms.mask(both.conditions)
        else:
            kept.append(rule)
            masks.append(mask)
    return kept
