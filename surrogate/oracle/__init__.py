"""The only door to a black box: checked, counted, and within the budget."""

from surrogate.oracle.answers import Answers
from surrogate.oracle.asker import OnProgress
from surrogate.oracle.budget import Budget, Spent
from surrogate.oracle.ledger import Ledger
from surrogate.oracle.noise import Steadiness, Watch
from surrogate.oracle.oracle import Oracle
from surrogate.oracle.policy import RetryPolicy
from surrogate.oracle.queries import Queries
from surrogate.oracle.quote import Quote
from surrogate.oracle.timeline import Timeline

__all__ = [
    "Answers",
    "Budget",
    "Ledger",
    "OnProgress",
    "Oracle",
    "Queries",
    "Quote",
    "RetryPolicy",
    "Spent",
    "Steadiness",
    "Timeline",
    "Watch",
]
