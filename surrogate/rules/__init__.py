"""Rules: read out of nets; from trees, simplified; measured; shortened at a price."""

from surrogate.forms import Rule, RuleSet, ruleset_from_tree, simplify
from surrogate.rules.cred import CredClassifier, CredRegressor
from surrogate.rules.deepred import DeepRedClassifier, DeepRedRegressor
from surrogate.rules.eclaire import EclaireClassifier, EclaireRegressor
from surrogate.rules.measures import RuleMeasures, measure
from surrogate.rules.prune import Pruned, prune

__all__ = [
    "CredClassifier",
    "CredRegressor",
    "DeepRedClassifier",
    "DeepRedRegressor",
    "EclaireClassifier",
    "EclaireRegressor",
    "Pruned",
    "Rule",
    "RuleMeasures",
    "RuleSet",
    "measure",
    "prune",
    "ruleset_from_tree",
    "simplify",
]
