"""What `Lime.explain` gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from surrogate.explanation.encoding import SharedEncoding
from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.forms import Linear
from surrogate.types import Feature, FloatArray, Label

__all__ = ["LimeResult"]


@dataclass(frozen=True, eq=False)
class LimeResult:
    """Local linear forms of r rows, k classes and d features, as arrays.

    The form of row i and class c answers ``intercept[i, c] + coef[i, c] @ z``, where z are the
    values of the terms ``encoding.terms(features, rows[i])``; `form` gives it whole.

    Parameters
    ----------
    rows : array of shape (r, d)
        The explained rows, rounded as the model sees them.
    coef : array of shape (r, k, d)
        In the unit of the model's answer, per unit of z.
    coef_se : array of shape (r, k, d) or None
        Standard errors, with `dof` degrees of freedom; NaN where a row has too few samples.
        None where none are claimed: with ridge, with feature selection, in compatible mode.
    dof : int or None
        Degrees of freedom of `coef_se`, for quantiles of Student's t.
    intercept : array of shape (r, k)
    encoding : Binned or Scaled
        How x becomes z around a row.
    box_values, local_values : arrays of shape (r, k)
        What the model, and the local form, say of the row itself.
    fit_r2 : array of shape (r, k)
        Weighted R² on the rows of the fit (lime's `score`); not a fidelity.
    fidelity : LocalFidelity
        Weighted R² on fresh perturbations with its interval, error at the row, effective
        sample size of the fresh perturbations.
    ess : array of shape (r,)
        Effective sample size of the kernel on the rows of the fit.
    widths : array of shape (r,)
        Kernel width, in units of z.
    classes : tuple or None
        The k explained classes; None for regression.
    flags : tuple of r tuples of str
        What is bad about a row's explanation, each said as a clause.
    queries : mapping from purpose to int
        Rows that were asked: "rows", "fit", "fidelity".
    rejected : float
        Share of drawn rows that the domain's constraint refused.
    seed : int
    notes : tuple of str
        What holds for all rows alike.
    plan_errors : array of shape (3, k, d) or None
        Standard errors that the plan, where rows share one, leaves in the mean coefficient, the
        mean absolute coefficient and the share above 0 over all rows.
    facts : mapping
        What was settled on the way, for the record.
    interrupted : bool
        Whether asking ended before its plan did: fewer rows, or fewer samples, than wanted.
    """

    rows: FloatArray
    coef: FloatArray
    coef_se: FloatArray | None
    dof: int | None
    intercept: FloatArray
    encoding: SharedEncoding
    box_values: FloatArray
    local_values: FloatArray
    fit_r2: FloatArray
    fidelity: LocalFidelity
    ess: FloatArray
    widths: FloatArray
    classes: tuple[Label, ...] | None
    flags: tuple[tuple[str, ...], ...]
    queries: Mapping[str, int]
    rejected: float
    seed: int
    notes: tuple[str, ...] = ()
    plan_errors: FloatArray | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def form(self, i: int, features: tuple[Feature, ...]) -> Linear:
        """The linear form of row i, which predicts rows of the domain's internal matrix.

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
