"""What `KernelShap.explain` gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from surrogate.explanation.encoding import Present
from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.forms import Linear
from surrogate.types import Feature, FloatArray, Label

__all__ = ["ShapResult"]


@dataclass(frozen=True, eq=False)
class ShapResult:
    """Shapley values of r rows, k classes and d features, as arrays.

    Parameters
    ----------
    rows : array of shape (r, d)
        The explained rows, rounded as the model sees them.
    coef : array of shape (r, k, d)
        Shapley values, in the unit of the linked answer. The value of a one-hot group stands in
        the column that is 1, that of a named group in its first column.
    coef_se : array of shape (r, k, d) or None
        Standard errors; 0 where all coalitions were asked. None in compatible mode.
    dof : int or None
        Degrees of freedom of `coef_se`; None where all are exact.
    intercept : array of shape (r, k)
        Value without any feature: the linked mean answer over the background.
    encoding : Present
    box_values, local_values : arrays of shape (r, k)
        What the model, linked, and the sum of intercept and values say of the row itself.
    fidelity : LocalFidelity
        Of the additive form on coalitions that were not used, weighted by the Shapley kernel.
    coalitions : int array of shape (r,)
        Coalitions that each row's values are from.
    exact : bool array of shape (r,)
        Whether these are all there are.
    background, background_weights : arrays of shape (b, d) and (b,)
    classes : tuple or None
        The k explained classes; None for regression.
    flags : tuple of r tuples of str
        What is bad about a row's explanation, each said as a clause.
    queries : mapping from purpose to int
        Rows that were asked: "rows", "background", "fit", "fidelity".
    seed : int
    notes : tuple of str
        What holds for all rows alike.
    facts : mapping
        What was settled on the way, for the record.
    interrupted : bool
        Whether asking ended before its plan did.
    """

    rows: FloatArray
    coef: FloatArray
    coef_se: FloatArray | None
    dof: int | None
    intercept: FloatArray
    encoding: Present
    box_values: FloatArray
    local_values: FloatArray
    fidelity: LocalFidelity
    coalitions: FloatArray
    exact: FloatArray
    background: FloatArray
    background_weights: FloatArray
    classes: tuple[Label, ...] | None
    flags: tuple[tuple[str, ...], ...]
    queries: Mapping[str, int]
    seed: int
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    widths: None = None
    plan_errors: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def form(self, i: int, features: tuple[Feature, ...]) -> Linear:
        """The additive form of row i, which predicts rows of the domain's internal matrix.

        Parameters
        ----------
        i : int
        features : tuple of d Feature
            Of the domain.
        """
        return Linear(
            features=features,
            classes=self.classes,
            coef=self.coef[i],
            intercept=self.intercept[i],
            terms=self.encoding.terms(features, self.rows[i]),
        )
