"""What was asked of a box until now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from surrogate.oracle.budget import Budget, Spent, amount
from surrogate.oracle.timeline import Timeline

__all__ = ["Queries", "shares_text"]


@dataclass(frozen=True)
class Queries:
    """What was asked of a box until now, and what became of it.

    Parameters
    ----------
    rows : int
        Rows sent, those of failed attempts included. Of a remote model: rows answered, and
        rows sent without a usable answer, which may be paid for.
    calls : int
        Batches sent; of a remote model, requests that are paid for or may be.
    seconds : float
        Time that the model took, in seconds.
    purposes : mapping from str to int
        Rows of each purpose, such as "fit" and "fidelity".
    budget : Budget
        What asking may cost.
    money : float
        What the rows cost, in `currency`.
    currency : str
        Empty for a model without a price.
    remembered : int
        Rows answered without being sent, since an equal row had been answered before.
    retried : int
        Attempts that were made again.
    failed : int
        Rows of attempts that were not sent or were refused; they count in no budget.
    unknown : int
        Rows of attempts that were sent and brought no usable answer: they may be paid for.
    earlier : Spent
        What the ledger held of earlier runs; the budget counts it too.
    timeline : Timeline
        Rows asked until some moments; no part of what makes two counts equal.

    Examples
    --------
    >>> from surrogate.oracle import Budget, Queries
    >>> print(Queries(1500, 2, 0.25, {"fit": 1000, "fidelity": 500}, Budget(2000)))
    1,500 of 2,000 rows asked in 2 calls and 0.25 s (fit 1,000, fidelity 500)
    >>> print(Queries(200, 20, 3.1, {"fit": 200}, money=0.4, currency="USD", remembered=100))
    200 rows asked in 20 calls and 3.1 s (fit 200) for 0.40 USD; 100 rows remembered
    """

    rows: int = 0
    calls: int = 0
    seconds: float = 0.0
    purposes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    budget: Budget = field(default_factory=Budget)
    money: float = 0.0
    currency: str = ""
    remembered: int = 0
    retried: int = 0
    failed: int = 0
    unknown: int = 0
    earlier: Spent = field(default_factory=Spent)
    timeline: Timeline = field(default_factory=Timeline, compare=False)

    @property
    def spent(self) -> Spent:
        """What counts against the budget."""
        return self.earlier + Spent(self.rows, self.calls, self.money)

    @property
    def exhausted(self) -> bool:
        """Whether a limit of the budget is reached."""
        return self.budget.reached(self.spent)

    def __str__(self) -> str:
        most = self.budget.rows
        of = "" if most is None else f" of {most:,}"
        calls = "1 call" if self.calls == 1 else f"{self.calls:,} calls"
        shares = f" ({shares_text(self.purposes)})" if self.purposes else ""
        text = f"{self.rows:,}{of} rows asked in {calls} and {self.seconds:.3g} s{shares}"
        return "; ".join([text + self._price(), *self._rest()])

    def _price(self) -> str:
        """What it cost, of how much."""
        if not self.currency:
            return ""
        most = self.budget.money
        if most is None:
            return f" for {amount(self.money, self.currency)}"
        return f" for {amount(self.money)} of {amount(most, self.currency)}"

    def _rest(self) -> list[str]:
        """What a reader must know besides."""
        facts = (
            (self.remembered, "row", "remembered"),
            (self.retried, "attempt", "made again"),
            (self.failed, "row", "refused or not sent"),
            (self.unknown, "row", "sent without a usable answer"),
            (self.earlier.rows, "row", "asked by earlier runs"),
        )
        return [f"{n:,} {noun}{'' if n == 1 else 's'} {what}" for n, noun, what in facts if n]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "purposes": dict(self.purposes),
            "budget": self.budget.to_dict(),
            "earlier": asdict(self.earlier),
            "timeline": self.timeline.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Queries:
        """Undo `to_dict`."""
        budget = data["budget"]  # a number of rows, in the first release
        return cls(
            **{name: data[name] for name in _PLAIN if name in data},
            purposes=MappingProxyType(dict(data["purposes"])),
            budget=Budget(**budget) if isinstance(budget, Mapping) else Budget.of(budget),
            earlier=Spent(**data.get("earlier", {})),
            timeline=Timeline.from_dict(data.get("timeline") or Timeline().to_dict()),
        )


_PLAIN = (
    *("rows", "calls", "seconds", "money", "currency"),
    *("remembered", "retried", "failed", "unknown"),
)


def shares_text(purposes: Mapping[str, int]) -> str:
    """Purposes and their rows, in words."""
    return ", ".join(f"{purpose} {rows:,}" for purpose, rows in purposes.items())
