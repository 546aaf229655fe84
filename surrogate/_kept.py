"""What the figures of one surrogate are computed from, beside its form and the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from surrogate.fidelity import Stability, Trivial, form_stability
from surrogate.forms import Form
from surrogate.types import IntArray, Task

__all__ = ["Refits", "SurrogateKept"]


@dataclass(frozen=True, eq=False)
class Refits:
    """What fits under S seeds say of the same held-out rows.

    Parameters
    ----------
    said : array of shape (S, m)
        Codes of decisions; or values, flat, in ranges of the model's answers.
    fired : int array of shape (S, m)
        Leaf or rule that each row comes to.
    used : tuple of S frozensets of int
        Columns that each fit uses.
    seeds : tuple of S int
    """

    said: npt.NDArray[Any]
    fired: IntArray
    used: tuple[frozenset[int], ...]
    seeds: tuple[int, ...]

    def stability(self, task: Task) -> Stability:
        """How alike they are."""
        return form_stability(
            self.said, self.fired, task=task, features=self.used, seeds=self.seeds
        )


@dataclass(eq=False)
class SurrogateKept:
    """Filled while one surrogate is fitted and measured.

    Parameters
    ----------
    base : Trivial or None
    sizes : mapping from int to Form
        The same method's forms of other sizes, if there are several.
    refits : Refits or None
    """

    base: Trivial | None = None
    sizes: Mapping[int, Form] = field(default_factory=dict)
    refits: Refits | None = None
