"""Weights of classes: which of the black box's decisions count for more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any, Literal, TypeAlias

import numpy as np

from surrogate.errors import OptionError
from surrogate.trees._ask import Asked
from surrogate.types import FloatArray, Label

__all__ = ["ClassWeight", "ClassWeights", "weigh_classes"]

ClassWeight: TypeAlias = Mapping[Label, float] | Literal["balanced"] | None


class ClassWeights:
    """The rule of weights of classes: a mapping of positive numbers, "balanced" or None."""

    def holds(self, value: Any) -> bool:
        if isinstance(value, Mapping):
            return all(isinstance(w, Real) and 0 < float(w) < math.inf for w in value.values())
        return value is None or (isinstance(value, str) and value == "balanced")

    def __str__(self) -> str:
        return "a mapping from class to a positive number, 'balanced' or None"


def weigh_classes(asked: Asked, class_weight: ClassWeight, *, owner: str) -> FloatArray:
    """Weights (n,) of rows, times what the class of their decision weighs.

    "balanced" gives every class that was seen the same weight in all. The whole stays as
    it was.

    Raises
    ------
    OptionError
        If a class is weighed that the model does not have.
    """
    if class_weight is None or asked.decision is None or asked.classes is None:
        return asked.weight
    known = list(asked.classes)
    if isinstance(class_weight, str):
        total = np.bincount(asked.decision, weights=asked.weight, minlength=len(known))
        of_class = 1.0 / np.where(total > 0, total, 1.0)
    else:
        strange = [label for label in class_weight if label not in known]
        if strange:
            raise OptionError(
                f"The `class_weight` parameter of {owner} weighs {strange[0]!r}, which is none of "
                f"the classes {', '.join(str(label) for label in known)}."
            )
        of_class = np.array([class_weight.get(label, 1.0) for label in known], dtype=np.float64)
    weight = asked.weight * of_class[asked.decision]
    return np.asarray(weight * (asked.weight.sum() / weight.sum()))
