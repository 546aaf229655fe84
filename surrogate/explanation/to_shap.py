"""Explanations as the shap package's own object, for its plots."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surrogate._optional import require
from surrogate.domain import MaskDomain
from surrogate.errors import OptionError
from surrogate.explanation.encoding import Present, Scaled
from surrogate.render.strongest import half_width
from surrogate.types import Feature, FloatArray

if TYPE_CHECKING:
    from surrogate.explanation.local_explanations import LocalExplanations

__all__ = ["to_shap"]


def to_shap(explanations: LocalExplanations, *, reference: Any = None) -> Any:
    """Make a `shap.Explanation`; see `LocalExplanations.to_shap`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing it warns of what matplotlib will take away
        shap = require("shap", extra="shap")
    shift = _shift(explanations, reference)  # (n, d)
    by_class = explanations.coef * shift[:, None]  # (n, k, d)
    half = _halves(explanations)
    reach = None if half is None else _outputs_last(half * np.abs(shift)[:, None], explanations)
    values = _outputs_last(by_class, explanations)
    base = explanations.intercept + (explanations.coef * _z(explanations)[:, None]).sum(axis=2)
    base = base - by_class.sum(axis=2)
    features = tuple(explanations.domain.features)
    classes = explanations.classes
    return shap.Explanation(
        values,
        base_values=base[:, 0] if values.ndim == 2 else base,
        data=_data(explanations, features),
        display_data=_shown(explanations, features),
        feature_names=[feature.name for feature in features],
        output_names=None if classes is None else [str(name) for name in classes],
        lower_bounds=None if reach is None else values - reach,
        upper_bounds=None if reach is None else values + reach,
    )


def _z(explanations: LocalExplanations) -> FloatArray:
    """The terms of each row at the row itself, (n, d)."""
    z = [form.encode(row[None])[0] for form, row in zip(explanations.forms(), explanations.rows)]
    return np.array(z).reshape(explanations.rows.shape)


def _shift(explanations: LocalExplanations, reference: Any) -> FloatArray:
    """By how much each term at the row differs from what it is compared with, (n, d)."""
    encoding = explanations.encoding
    z = _z(explanations)
    if reference is not None:
        if isinstance(encoding, Present):
            raise OptionError(
                "The `reference` parameter of to_shap must be None for Shapley values: they "
                "compare with the background that they were estimated with."
            )
        matrix = explanations.domain.encode(reference, where="reference")
        mean = [form.encode(matrix).mean(axis=0) for form in explanations.forms()]
        return np.asarray(z - np.array(mean).reshape(z.shape))
    if isinstance(encoding, Scaled) and encoding.centre is None and not encoding.equality.all():
        raise OptionError(
            "The `reference` parameter of to_shap must be given for these explanations: their "
            "effects are slopes around each row, which add nothing at the row itself; give rows "
            "to compare with, such as the table."
        )
    return z


def _halves(explanations: LocalExplanations) -> FloatArray | None:
    """Half widths of the coefficients' intervals (n, k, d); None where nothing is claimed."""
    if explanations.coef_se is None or not np.nan_to_num(explanations.coef_se).any():
        return None
    level = explanations.fidelity.level
    return half_width(explanations.coef_se, level=level, dof=explanations.dof)


def _outputs_last(by_class: FloatArray, explanations: LocalExplanations) -> FloatArray:
    """(n, k, d) -> (n, d, k), or (n, d) for a regression of one number."""
    if explanations.classes is None and by_class.shape[1] == 1:
        return np.array(by_class[:, 0])
    return np.ascontiguousarray(by_class.transpose(0, 2, 1))


def _data(explanations: LocalExplanations, features: tuple[Feature, ...]) -> npt.NDArray[Any]:
    """Numbers of the rows (n, d); of texts, their words."""
    domain = explanations.domain
    if isinstance(domain, MaskDomain) and domain.kind == "text":
        words = np.array([feature.name for feature in features], dtype=object)
        return np.tile(words, (len(explanations), 1))
    return np.array(explanations.rows)


def _shown(
    explanations: LocalExplanations, features: tuple[Feature, ...]
) -> npt.NDArray[Any] | None:
    """Values in the user's own words (n, d); None where they are the numbers themselves."""
    rows = explanations.rows
    if isinstance(explanations.domain, MaskDomain) or not any(f.is_coded for f in features):
        return None
    shown = np.array(rows, dtype=object)
    for j, feature in enumerate(features):
        if feature.is_coded:
            shown[:, j] = [
                "missing" if np.isnan(code) else feature.categories[int(code)]
                for code in rows[:, j]
            ]
    return shown
