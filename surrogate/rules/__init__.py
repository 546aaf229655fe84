"""Rules: from trees, simplified; measured; and shortened where some agreement may be lost."""

from surrogate.forms import Rule, RuleSet, ruleset_from_tree, simplify
from surrogate.rules.measures import RuleMeasures, measure
from surrogate.rules.prune import Pruned, prune

__all__ = [
    "Pruned",
    "Rule",
    "RuleMeasures",
    "RuleSet",
    "measure",
    "prune",
    "ruleset_from_tree",
    "simplify",
]
