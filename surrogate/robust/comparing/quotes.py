"""What a comparison would take, model by model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from surrogate.oracle import Quote
from surrogate.render.names import for_terminal

__all__ = ["Quotes"]


@dataclass(frozen=True, eq=False)
class Quotes(Mapping[str, Quote]):
    """The answer to ``compare(..., dry_run=True)``: what asking each model would take.

    Parameters
    ----------
    by_model : mapping from name to Quote

    Examples
    --------
    >>> from surrogate.oracle import Quote
    >>> from surrogate.robust.comparing import Quotes
    >>> print(Quotes({"natural": Quote("toy", {"fit": 300}, calls=3, batch=100)}))
    natural: Asking toy would take up to 300 rows (fit 300), in about 3 requests of at most 100
    rows. Nothing was asked.
    """

    by_model: Mapping[str, Quote]

    def __getitem__(self, name: str) -> Quote:
        return self.by_model[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_model)

    def __len__(self) -> int:
        return len(self.by_model)

    @property
    def rows(self) -> int:
        """Most rows of all models."""
        return sum(quote.rows for quote in self.by_model.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {name: quote.to_dict() for name, quote in self.by_model.items()}

    def __str__(self) -> str:
        return "\n".join(f"{for_terminal(name)}: {quote}" for name, quote in self.by_model.items())
