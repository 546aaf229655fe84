"""Where a surrogate and its target disagree: a small tree, measured, and a few rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surrogate.forms import Tree
from surrogate.types import Label

if TYPE_CHECKING:
    from surrogate.fidelity import RegionScore, Score

__all__ = ["Disagreements", "Example"]


@dataclass(frozen=True)
class Example:
    """One row that surrogate and target answer differently.

    Parameters
    ----------
    index : str or int
        What the row is called: its number in the user's table.
    values : mapping from column to value
        The row as it was asked; None where a value is missing.
    model, surrogate : label or float
        What each says of it.
    probability : float or None
        The target's, of its own decision, where it answers probabilities.
    """

    index: str | int
    values: Mapping[str, Label | None]
    model: Label
    surrogate: Label
    probability: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "index": self.index,
            "values": dict(self.values),
            "model": self.model,
            "surrogate": self.surrogate,
            "probability": self.probability,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Example:
        """Rebuild what `to_dict` gave."""
        return cls(**{**data, "values": dict(data["values"])})


@dataclass(frozen=True, eq=False)
class Disagreements:
    """Where the first surrogate of an audit and its target disagree, on held-out rows.

    Parameters
    ----------
    method : str
        Of the surrogate.
    overall : Score
        Share of the measured rows that are decided differently; of a regression, the mean
        absolute error.
    tree : Tree or None
        Fitted on one half of the rows to tell where disagreement is frequent; its values are
        shares, or mean errors, of that half. None where there was too little to fit.
    leaves : tuple of RegionScore
        Its leaves, measured on the other half, the worst first; their intervals hold together.
    examples : tuple of Example
        A few rows, those of which the target is surest, or with the largest errors.
    n_fit : int
        Rows that the tree was fitted on.
    notes : tuple of str

    Notes
    -----
    The halves differ, since a tree that looks for disagreement finds some by chance.
    """

    method: str
    overall: Score
    tree: Tree | None
    leaves: tuple[RegionScore, ...]
    examples: tuple[Example, ...]
    n_fit: int
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "method": self.method,
            "overall": self.overall.to_dict(),
            "tree": None if self.tree is None else self.tree.to_dict(),
            "leaves": [leaf.to_dict() for leaf in self.leaves],
            "examples": [one.to_dict() for one in self.examples],
            "n_fit": self.n_fit,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Disagreements:
        """Rebuild what `to_dict` gave."""
        from surrogate.fidelity import RegionScore, Score

        return cls(
            method=data["method"],
            overall=Score.from_dict(data["overall"]),
            tree=None if data["tree"] is None else Tree.from_dict(data["tree"]),
            leaves=tuple(RegionScore.from_dict(leaf) for leaf in data["leaves"]),
            examples=tuple(Example.from_dict(one) for one in data["examples"]),
            n_fit=data["n_fit"],
            notes=tuple(data["notes"]),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Disagreements):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]
