"""What an attack made of some rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from surrogate.types import BoolArray, FloatArray

__all__ = ["Adversarial"]


@dataclass(frozen=True, eq=False)
class Adversarial:
    """Perturbed rows, and what they did to the model.

    Parameters
    ----------
    attack : str
        Its name in `ATTACKS`.
    norm : {"linf", "l2"}
        In which distances are measured.
    radius : float or None
        Of the ball, in units of `Limits.unit`; None where the attack looks for the nearest
        row and takes no radius.
    rows : float array of shape (n, d)
        Internal rows, row i made from clean row i; every one in its ball and box, and as the
        model was asked it.
    fooled : bool array of shape (n,)
        Whether the model, asked, decides otherwise than the true class given. A row that it
        had wrong before counts.
    distance : float array of shape (n,)
        From the clean row, in the norm, in units.
    queries : int
        Rows that the model was asked, those remembered included.
    clipped : bool
        Whether a column that may move has a bound, so that rows were clipped to it.
    notes : tuple of str
    settings : mapping
        What it takes to do it again.
    """

    attack: str
    norm: str
    radius: float | None
    rows: FloatArray
    fooled: BoolArray
    distance: FloatArray
    queries: int
    clipped: bool
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        for array in (self.rows, self.fooled, self.distance):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.rows)

    def fooled_within(self, radius: float) -> BoolArray:
        """Which rows (n,) are fooled within a radius: one search, read at every radius.

        Parameters
        ----------
        radius : float
            In units, in the attack's norm.
        """
        return np.asarray(self.fooled & (self.distance <= radius))

    def __str__(self) -> str:
        within = "" if self.radius is None else f" within {self.radius:g} ({self.norm})"
        lines = [
            f"{self.attack}: {int(self.fooled.sum()):,} of {len(self):,} rows fooled{within}, "
            f"{self.queries:,} rows asked"
        ]
        if self.radius is None and self.fooled.any():
            median = float(np.median(self.distance[self.fooled]))
            lines[0] += f", median distance {median:.3g} ({self.norm})"
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])
