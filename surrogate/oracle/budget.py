"""How many rows may be asked, and how many were."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from surrogate.errors import BudgetTooSmall, OptionError

__all__ = ["Budget", "Queries"]


@dataclass(frozen=True)
class Budget:
    """What asking may cost.

    Parameters
    ----------
    rows : int, optional
        Most rows that may be asked. None: as many as wanted.

    Raises
    ------
    OptionError
        If `rows` is not a whole number from 1 up.

    Examples
    --------
    >>> from surrogate.oracle import Budget
    >>> Budget.of(5000) == Budget(rows=5000)
    True
    """

    rows: int | None = None

    def __post_init__(self) -> None:
        if self.rows is None:
            return
        whole = isinstance(self.rows, int | np.integer) and not isinstance(self.rows, bool)
        if not whole or self.rows < 1:
            raise OptionError(
                f"The `budget` must be a number of rows in [1, inf), a Budget or None; "
                f"got {self.rows!r}."
            )

    @classmethod
    def of(cls, budget: Budget | int | None) -> Budget:
        """A budget from what a user writes: a Budget, a number of rows, or None."""
        return budget if isinstance(budget, Budget) else cls(budget)


@dataclass(frozen=True)
class Queries:
    """What was asked of a box until now.

    Parameters
    ----------
    rows : int
        Rows sent, those of failed attempts included.
    calls : int
        Batches sent.
    seconds : float
        Time that the model took, in seconds.
    purposes : mapping from str to int
        Rows of each purpose, such as "fit" and "fidelity".
    budget : int or None
        Most rows that may be asked.

    Examples
    --------
    >>> from surrogate.oracle import Queries
    >>> print(Queries(1500, 2, 0.25, {"fit": 1000, "fidelity": 500}, 2000))
    1,500 of 2,000 rows asked in 2 calls and 0.25 s (fit 1,000, fidelity 500)
    """

    rows: int = 0
    calls: int = 0
    seconds: float = 0.0
    purposes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    budget: int | None = None

    def __str__(self) -> str:
        of = "" if self.budget is None else f" of {self.budget:,}"
        calls = "1 call" if self.calls == 1 else f"{self.calls:,} calls"
        shares = f" ({_shares(self.purposes)})" if self.purposes else ""
        return f"{self.rows:,}{of} rows asked in {calls} and {self.seconds:.3g} s{shares}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {
            "rows": self.rows,
            "calls": self.calls,
            "seconds": self.seconds,
            "purposes": dict(self.purposes),
            "budget": self.budget,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Queries:
        """Undo `to_dict`."""
        return cls(**{**data, "purposes": MappingProxyType(dict(data["purposes"]))})


def admit(plan: Mapping[str, int], *, budget: int | None, spent: int) -> None:
    """Raise BudgetTooSmall unless every share of a plan fits what the budget leaves."""
    total = sum(plan.values())
    if budget is None or total <= budget - spent:
        return
    left = max(budget - spent, 0)
    fits = {purpose: math.floor(rows * left / total) for purpose, rows in plan.items()}
    used = f", of which {spent:,} are used" if spent else ""
    raise BudgetTooSmall(
        f"This would ask {total:,} rows ({_shares(plan)}), and the budget is {budget:,} rows"
        f"{used}. Nothing was asked. Give a budget of at least {total + spent:,}, or ask less: "
        f"in the same shares, {_shares(fits)} would fit."
    )


def _shares(purposes: Mapping[str, int]) -> str:
    """Purposes and their rows, in words."""
    return ", ".join(f"{purpose} {rows:,}" for purpose, rows in purposes.items())
