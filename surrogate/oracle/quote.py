"""What a job would take, before anything is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from surrogate.errors import BudgetTooSmall, OptionError
from surrogate.oracle.budget import Budget, Spent, amount
from surrogate.oracle.queries import shares_text
from surrogate.types import Terms

__all__ = ["Quote", "admit", "budget_needed"]


@dataclass(frozen=True)
class Quote:
    """What a job would take: the answer to ``dry_run=True``.

    Parameters
    ----------
    target : str
        Name of the model.
    plan : mapping from str to int
        Most rows of each purpose.
    calls : int
        About how many requests that makes.
    batch : int
        Most rows in a request.
    money : float
        About what that costs, in `currency`.
    currency : str
        Empty for a model without a price.
    seconds : float or None
        The least time that the target's rate limit makes it take; None where it has none.
    remembered : int
        How many answers of earlier runs the ledger holds: as many rows, at most, need not be
        asked.
    budget : Budget
    spent : Spent
        What counts against the budget already.

    Examples
    --------
    >>> from surrogate.oracle import Quote
    >>> print(Quote("toy", {"fit": 300, "fidelity": 100}, calls=40, batch=10, money=0.8,
    ...             currency="USD", seconds=20.0))
    Asking toy would take up to 400 rows (fit 300, fidelity 100), in about 40 requests of at
    most 10 rows, for about 0.80 USD, and at least 20 s. Nothing was asked.
    """

    target: str
    plan: Mapping[str, int]
    calls: int
    batch: int
    money: float = 0.0
    currency: str = ""
    seconds: float | None = None
    remembered: int = 0
    budget: Budget = field(default_factory=Budget)
    spent: Spent = field(default_factory=Spent)

    @property
    def rows(self) -> int:
        """Most rows of all purposes."""
        return sum(self.plan.values())

    @classmethod
    def of(
        cls,
        plan: Mapping[str, int],
        *,
        target: str,
        batch: int,
        terms: Terms,
        budget: Budget,
        spent: Spent,
        remembered: int = 0,
    ) -> Quote:
        """Price a plan by the terms of a target."""
        calls = sum(math.ceil(rows / batch) for rows in plan.values())
        rows = sum(plan.values())
        money = rows * terms.price_per_row + calls * terms.price_per_call
        return cls(
            target=target,
            plan=dict(plan),
            calls=calls,
            batch=batch,
            money=money,
            currency=terms.currency if money else "",
            seconds=None if terms.rate is None else max(calls - 1, 0) / terms.rate,
            remembered=min(remembered, rows),
            budget=budget,
            spent=spent,
        )

    def __str__(self) -> str:
        takes = (
            f"Asking {self.target} would take up to {_count(self.rows, 'row')} "
            f"({shares_text(self.plan)}), in about {_count(self.calls, 'request')} of at most "
            f"{_count(self.batch, 'row')}"
        )
        price = f", for about {amount(self.money, self.currency)}" if self.currency else ""
        time = "" if self.seconds is None else f", and at least {self.seconds:,.3g} s"
        known = ""
        if self.remembered:
            known = f" The ledger may answer up to {self.remembered:,} of the rows."
        return f"{takes}{price}{time}.{known}{self._left()} Nothing was asked."

    def _left(self) -> str:
        """The budget, and how much of it is used, in words."""
        if not self.budget:
            return ""
        used = self.spent
        parts = [
            f"{used.rows:,} rows" if self.budget.rows is not None else "",
            f"{used.requests:,} requests" if self.budget.requests is not None else "",
            amount(used.money, self.currency) if self.budget.money is not None else "",
        ]
        of_it = f", of which {', '.join(p for p in parts if p)} are used" if used.requests else ""
        return f" The budget is {self.budget.text(self.currency)}{of_it}."

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {**asdict(self), "rows": self.rows}


def budget_needed(quote: Quote) -> OptionError:
    """The error of a job on a remote target without a budget: what it would take."""
    money = f", money={_cents(quote.money):.2f}" if quote.currency else ""
    return OptionError(
        f"{quote.target} is asked over a network, where every row may cost: give a `budget`, "
        f"such as Budget(rows={quote.rows}{money}). {quote}"
    )


def admit(quote: Quote) -> None:
    """Refuse a job that its budget does not cover.

    Rows that the ledger may answer count as answered.

    Raises
    ------
    BudgetTooSmall
        With every share, and what would fit.
    """
    budget, spent = quote.budget, quote.spent
    asked = 1.0 - quote.remembered / quote.rows if quote.rows else 0.0
    limits = (
        ("rows", budget.rows, spent.rows, quote.rows),
        ("requests", budget.requests, spent.requests, quote.calls),
        ("money", budget.money, spent.money, quote.money),
    )
    for unit, most, used, wanted in limits:
        if most is None or wanted * asked <= most - used + 1e-9:
            continue
        left = max(most - used, 0)
        fits = {name: math.floor(rows * left / wanted) for name, rows in quote.plan.items()}
        raise BudgetTooSmall(_refusal(quote, unit, most=most, used=used, fits=fits))


def _refusal(quote: Quote, unit: str, *, most: float, used: float, fits: Mapping[str, int]) -> str:
    """Why a job does not fit, and what would."""

    def said(x: float) -> str:
        return amount(x, quote.currency) if unit == "money" else f"{x:,.0f} {unit}"

    shares = shares_text(quote.plan)
    rows = f"{quote.rows:,} rows ({shares})"
    wanted = {"rows": quote.rows, "requests": quote.calls, "money": quote.money}[unit]
    takes = f"ask {rows}" if unit == "rows" else f"take about {said(wanted)} for {rows}"
    least = wanted + used - (quote.remembered * wanted / quote.rows if quote.rows else 0)
    least = _cents(least) if unit == "money" else math.ceil(least)
    of_it = f", of which {said(used).removesuffix(' rows')} are used" if used else ""
    enough = said(least).removesuffix(" rows")
    return (
        f"This would {takes}, and the budget is {said(most)}{of_it}. Nothing was asked. Give a "
        f"budget of at least {enough}, or ask less: in the same shares, {shares_text(fits)} "
        "would fit."
    )


def _cents(money: float) -> float:
    """An amount rounded up to a hundredth."""
    return math.ceil(100 * money - 1e-6) / 100


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
