"""Faithfulness of local explanations: change what they call important, and ask again.

Every metric takes ``ask(matrix) -> (n, k)``, which may count or cache as it likes, works on
all explained rows at once, and gives a mean over them with its interval. Attributions have
shape (rows, d), one class a row.
"""

from __future__ import annotations

from surrogate.fidelity.asking import Faithfulness
from surrogate.fidelity.gaps import infidelity, prediction_gap
from surrogate.fidelity.removal import deletion, insertion
from surrogate.fidelity.sensitivity import local_lipschitz, max_sensitivity

__all__ = [
    "Faithfulness",
    "deletion",
    "infidelity",
    "insertion",
    "local_lipschitz",
    "max_sensitivity",
    "prediction_gap",
]
