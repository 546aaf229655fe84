"""Rules: from trees, simplified; and shortened further where some agreement may be lost."""

from surrogate.forms import Rule, RuleSet, ruleset_from_tree, simplify
from surrogate.rules.prune import Pruned, prune

__all__ = ["Pruned", "Rule", "RuleSet", "prune", "ruleset_from_tree", "simplify"]
