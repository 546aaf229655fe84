"""Rows with what the black box says of them: what every method here is fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from surrogate.types import BoolArray, Feature, FloatArray, IntArray, Label

__all__ = ["Labelled"]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows with what the black box says of them.

    Parameters
    ----------
    features : tuple of Feature, length d
    classes : tuple or None
        None for regression.
    matrix : float array of shape (n, d)
    values : float array of shape (n, k)
        Probabilities, one-hot decisions or regression values.
    decision : int array of shape (n,) or None
        Class codes; None for regression.
    weight : float array of shape (n,)
        Positive.
    """

    features: tuple[Feature, ...]
    classes: tuple[Label, ...] | None
    matrix: FloatArray
    values: FloatArray
    decision: IntArray | None
    weight: FloatArray

    def some(self, rows: IntArray | BoolArray) -> Labelled:
        """Some of the rows, by index or by mask."""
        return replace(
            self,
            matrix=self.matrix[rows],
            values=self.values[rows],
            decision=None if self.decision is None else self.decision[rows],
            weight=self.weight[rows],
        )
