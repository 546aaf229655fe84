"""What an attack is given, and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surrogate.errors import AbilityError
from surrogate.robust.attacks.hunt import Hunt
from surrogate.robust.attacks.projection import Norm, Space
from surrogate.robust.attacks.surface import Surface
from surrogate.types import FloatArray, IntArray

__all__ = ["Found", "Job"]


@dataclass(frozen=True, eq=False)
class Job:
    """What an attack is given.

    Parameters
    ----------
    space : Space
        The clean rows, and where rows made from them may lie.
    y : int array of shape (n,)
        True classes.
    norm : {"linf", "l2"}
    radius : float or None
    options : mapping
        The attack's parameters, all of them, checked.
    seed : int
    hunt : Hunt
        The way to the model, which remembers what fooled it.
    surface : Surface or None
        The model's logits with gradients.
    """

    space: Space
    y: IntArray
    norm: Norm
    radius: float | None
    options: Mapping[str, Any]
    seed: int
    hunt: Hunt
    surface: Surface | None = None

    @property
    def logits(self) -> Surface:
        """The surface of an attack that cannot do without."""
        if self.surface is None:
            raise AbilityError("This attack needs gradients.")
        return self.surface

    @property
    def ball(self) -> float:
        """The radius of an attack that cannot do without."""
        assert self.radius is not None
        return self.radius


@dataclass(frozen=True, eq=False)
class Found:
    """What an attack on gradients found, not yet asked.

    Parameters
    ----------
    rows : float array of shape (n, d)
        Perturbed rows, which need not be in their ball, box or floating type yet.
    notes : tuple of str
    """

    rows: FloatArray
    notes: tuple[str, ...] = ()
