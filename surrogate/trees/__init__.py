"""Decision trees that stand for a black box, and what they are grown from."""

from surrogate.trees._thresholds import exact_threshold, shortest
from surrogate.trees.ann_dt import AnnDtClassifier, AnnDtRegressor
from surrogate.trees.c45 import C45Classifier, C45RulesClassifier
from surrogate.trees.cart import CartClassifier, CartRegressor
from surrogate.trees.convert import tree_from_sklearn
from surrogate.trees.trepan import TrepanClassifier

__all__ = [
    "AnnDtClassifier",
    "AnnDtRegressor",
    "C45Classifier",
    "C45RulesClassifier",
    "CartClassifier",
    "CartRegressor",
    "TrepanClassifier",
    "exact_threshold",
    "shortest",
    "tree_from_sklearn",
]
