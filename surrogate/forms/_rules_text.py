"""Rules in words, with what was counted of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surrogate.forms._plain import class_text, value_text

if TYPE_CHECKING:
    from surrogate.forms.rule import Rule
    from surrogate.forms.ruleset import RuleSet

__all__ = ["reading", "rules_text"]

CONFLICTS = {
    "vote": "Rules in no order; those that hold vote by their weights.",
    "heaviest": "Rules in no order; of those that hold, the one with the greatest weight decides.",
    "specific": "Rules in no order; of those that hold, the one with most conditions decides.",
}


def rules_text(rules: RuleSet, limit: int | None) -> str:
    """How the rules are read, each rule, and the default."""
    weighed = not rules.ordered and not rules.is_disjoint and rules.conflict != "specific"
    lines = [reading(rules)]
    for number, rule in enumerate(rules.rules, start=1):
        lead = f"{number}. "
        lines.append(f"{lead}if {rule.text(rules.features, limit=limit)}")
        weight = f", weight {value_text(rule.weight)}" if weighed and rule.weight != 1 else ""
        lines.append(f"{' ' * len(lead)}then {_outcome(rules, rule, weight)}")
    lines.append(f"{'otherwise' if rules.rules else 'always'} {_outcome(rules, rules)}")
    return "\n".join(lines)


def reading(rules: RuleSet) -> str:
    """How the rules are read, in one sentence."""
    if rules.ordered:
        return "Rules in order; the first that holds decides."
    if rules.is_disjoint:
        return "Rules in no order; at most one holds for a row."
    return CONFLICTS[rules.conflict]


def _outcome(rules: RuleSet, rule: Rule | RuleSet, weight: str = "") -> str:
    """What a rule says, and the rows that it was measured on."""
    counted = f", {rule.n_covered:,} rows" if rule.n_covered is not None else ""
    if counted and rule.n_correct is not None and rules.classes is not None:
        counted += f" of which {rule.n_correct:,} agree"
        if rule.precision_interval is not None and rules.level is not None:
            low, high = (f"{100 * end:.3g}" for end in rule.precision_interval)
            counted += f": {100 * (rule.precision or 0):.3g} %"
            counted += f", {100 * rules.level:g} % interval {low} to {high} %"
    if rules.classes is None or rule.decision is None:
        return ", ".join(value_text(v) for v in rule.value) + weight + counted
    probability = f"{rule.value[rule.decision]:.3g}"
    return f"{class_text(rules.classes, rule.decision)} (p {probability}{weight}{counted})"
