"""The only door to a black box: checked, counted, and within the budget."""

from surrogate.oracle.answers import Answers
from surrogate.oracle.asker import OnProgress
from surrogate.oracle.budget import Budget, Queries
from surrogate.oracle.oracle import Oracle

__all__ = ["Answers", "Budget", "OnProgress", "Oracle", "Queries"]
