"""What asking may cost, and what it has cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from surrogate._validate import NoneOr, Real, Rule, Whole
from surrogate.errors import OptionError
from surrogate.types import Terms

__all__ = ["Budget", "Spent", "amount"]

_RULES: Mapping[str, tuple[Rule, str]] = {
    "rows": (NoneOr(Whole(1)), "a number of rows in [1, inf)"),
    "requests": (NoneOr(Whole(1)), "a number of requests in [1, inf)"),
    "money": (NoneOr(Real(0, closed="neither")), "an amount of money in (0, inf)"),
}
_CENT = 1e-9  # what adding prices up may be off by


@dataclass(frozen=True)
class Spent:
    """What was asked, as far as it is paid for or may be.

    Parameters
    ----------
    rows, requests : int
    money : float
        In the currency of the target's `Terms`.
    """

    rows: int = 0
    requests: int = 0
    money: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.rows + other.rows, self.requests + other.requests, self.money + other.money
        )

    @classmethod
    def one(cls, rows: int, terms: Terms) -> Self:
        """One request of some rows."""
        return cls(rows, 1, rows * terms.price_per_row + terms.price_per_call)


@dataclass(frozen=True)
class Budget:
    """What asking may cost.

    Rows that were sent and whose answer never came count, since they may be paid for. With a
    ledger, what was asked through it before counts too: a job that was killed and is started
    again stays within one budget.

    Parameters
    ----------
    rows : int, optional
        Most rows that may be asked.
    requests : int, optional
        Most requests that may be sent.
    money : float, optional
        Most that may be paid, in the currency of the target.

    Raises
    ------
    OptionError
        If a limit is not a positive number.

    Examples
    --------
    >>> from surrogate.oracle import Budget
    >>> Budget.of(5000) == Budget(rows=5000)
    True
    >>> print(Budget(rows=5000, money=2.5))
    5,000 rows and 2.50
    """

    rows: int | None = None
    requests: int | None = None
    money: float | None = None

    def __post_init__(self) -> None:
        for name, (rule, words) in _RULES.items():
            value = getattr(self, name)
            if not rule.holds(value):
                raise OptionError(
                    f"The `{name}` of a `budget` must be {words} or None; got {value!r}."
                )

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        return (self.rows, self.requests, self.money) != (None, None, None)

    @classmethod
    def of(cls, budget: Budget | int | None) -> Budget:
        """A budget from what a user writes: a Budget, a number of rows, or None."""
        if budget is None or isinstance(budget, Budget):
            return budget or cls()
        if not Whole(1).holds(budget):
            raise OptionError(
                "The `budget` must be a number of rows in [1, inf), a Budget or None; "
                f"got {budget!r}."
            )
        return cls(int(budget))

    def room(self, spent: Spent, terms: Terms) -> float:
        """Most rows that one more request may hold; infinite without a limit."""
        rows = math.inf if self.rows is None else float(self.rows - spent.rows)
        if self.requests is not None and spent.requests >= self.requests:
            return 0.0
        if self.money is not None:
            left = self.money - spent.money - terms.price_per_call + _CENT
            if left < 0:
                return 0.0
            if terms.price_per_row > 0:
                rows = min(rows, math.floor(left / terms.price_per_row))
        return max(rows, 0.0)

    def reached(self, spent: Spent) -> bool:
        """Whether a limit is reached."""
        pairs = zip((self.rows, self.requests, self.money), (spent.rows, spent.requests))
        whole = any(limit is not None and used >= limit for limit, used in pairs)
        return whole or (self.money is not None and spent.money >= self.money - _CENT)

    def text(self, currency: str = "") -> str:
        """The limits in words."""
        parts = [
            "" if self.rows is None else f"{self.rows:,} rows",
            "" if self.requests is None else f"{self.requests:,} requests",
            "" if self.money is None else amount(self.money, currency),
        ]
        said = [part for part in parts if part]
        if not said:
            return "no limit"
        return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)

    def used(self, spent: Spent, currency: str = "") -> str:
        """What was spent, of how much, in words; of a target with a currency also without limit.

        Examples
        --------
        >>> from surrogate.oracle import Budget, Spent
        >>> Budget(rows=5000, money=2).used(Spent(100, 2, 0.25), "USD")
        '100 of 5,000 rows, 0.25 of 2.00 USD'
        """
        parts = [
            f"{spent.rows:,} of {self.rows:,} rows" if self.rows is not None else "",
            f"{spent.requests:,} of {self.requests:,} requests" if self.requests else "",
        ]
        if self.money is not None:
            parts.append(f"{amount(spent.money)} of {amount(self.money, currency)}")
        elif currency:
            parts.append(amount(spent.money, currency))
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        return self.text()

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {"rows": self.rows, "requests": self.requests, "money": self.money}


def amount(money: float, currency: str = "") -> str:
    """An amount of money in words.

    Examples
    --------
    >>> from surrogate.oracle.budget import amount
    >>> amount(1234.5, "USD"), amount(0.205, "USD"), amount(0.0001234, "EUR")
    ('1,234.50 USD', '0.205 USD', '0.0001234 EUR')
    """
    if money == 0:
        text = "0"
    elif abs(money) >= 1:
        text = f"{money:,.2f}"
    else:
        decimals = max(2, 3 - math.floor(math.log10(abs(money))))
        whole, _, part = f"{money:.{decimals}f}".partition(".")
        text = f"{whole}.{part.rstrip('0').ljust(2, '0')}"
    return f"{text} {currency}".rstrip()
