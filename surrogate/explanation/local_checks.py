"""Local explanations checked by asking the target again: whether the important matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surrogate.fidelity import Score

__all__ = ["LocalChecks"]


@dataclass(frozen=True)
class LocalChecks:
    """Means over the explained rows of what became of the target's answers.

    Parameters
    ----------
    method : str
        Of the explanations.
    scores : tuple of Score
        Prediction gaps on the important and on the other features (PGI, PGU), and the areas
        under the answers as features go and come, beside the areas of a random order.
    rows : int
        Explained rows that were checked.
    asked : int
        Rows that the target was asked for it.
    top : int
        How many features of an explanation count as important.
    draws : int
        Changed rows behind each prediction gap.
    notes : tuple of str
    """

    method: str
    scores: tuple[Score, ...]
    rows: int
    asked: int
    top: int
    draws: int
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "method": self.method,
            "scores": [score.to_dict() for score in self.scores],
            "rows": self.rows,
            "asked": self.asked,
            "top": self.top,
            "draws": self.draws,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LocalChecks:
        """Rebuild what `to_dict` gave."""
        from surrogate.fidelity import Score

        scores = tuple(Score.from_dict(score) for score in data["scores"])
        return cls(**{**data, "scores": scores, "notes": tuple(data["notes"])})
