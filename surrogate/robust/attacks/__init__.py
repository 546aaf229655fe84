"""Attacks on black boxes: rows within a stated distance that change a model's decision."""

from __future__ import annotations

from surrogate.robust.attacks.costs import most_queries
from surrogate.robust.attacks.limits import Limits
from surrogate.robust.attacks.result import Adversarial
from surrogate.robust.attacks.run import run_attack
from surrogate.robust.attacks.table import ATTACKS, Attack

__all__ = ["ATTACKS", "Adversarial", "Attack", "Limits", "most_queries", "run_attack"]
