"""One explained row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    from surrogate.explanation.local_explanations import LocalExplanations
    from surrogate.fidelity import Score

__all__ = ["LocalExplanation"]


@dataclass(frozen=True)
class LocalExplanation:
    """One row of a `LocalExplanations`: k classes, d features.

    Parameters
    ----------
    batch : LocalExplanations
        Holding this row only.
    index : int
        Position of the row among those that were explained.
    """

    batch: LocalExplanations
    index: int = 0

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The k explained classes; None for regression."""
        return self.batch.classes

    @property
    def row(self) -> Any:
        """The explained row, as the user's own kind of table with one row."""
        return self.batch.domain.decode(self.batch.rows)

    @property
    def coef(self) -> FloatArray:
        """Coefficients of shape (k, d)."""
        return self.batch.coef[0]

    @property
    def coef_se(self) -> FloatArray | None:
        """Standard errors of shape (k, d), where they are claimed."""
        return None if self.batch.coef_se is None else self.batch.coef_se[0]

    @property
    def intercept(self) -> FloatArray:
        """Intercepts of shape (k,)."""
        return self.batch.intercept[0]

    @property
    def box_value(self) -> FloatArray:
        """What the model says of the row, shape (k,)."""
        return self.batch.box_values[0]

    @property
    def local_value(self) -> FloatArray:
        """What the local form says of the row, shape (k,)."""
        return self.batch.local_values[0]

    @property
    def fidelity(self) -> tuple[Score, ...]:
        """One score per explained class, with its interval."""
        return tuple(self.batch.fidelity.score(0, k) for k in range(self.coef.shape[0]))

    @property
    def flags(self) -> tuple[str, ...]:
        """What is bad about this explanation."""
        return self.batch.flags[0]

    def predict(self, rows: Any) -> FloatArray:
        """What the local form says of m user rows, shape (m, k)."""
        return self.batch.predict(rows)[0]
