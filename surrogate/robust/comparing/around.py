"""What LIME asks around some rows: one plan for all models, whatever the kernel's width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from surrogate._explain import local_method
from surrogate.errors import OptionError
from surrogate.local import Lime
from surrogate.local._designs import Drawn
from surrogate.local._entropy import asks_bins
from surrogate.local._job import Job
from surrogate.local._settle import unsettled
from surrogate.robust.comparing.players import Player
from surrogate.sampling import child_seed
from surrogate.types import FloatArray, IntArray

__all__ = ["LIME", "Around", "around_rows", "check_lime", "local_cost"]

LIME = "lime"
KEPT = 1 << 20  # numbers in the rows of a plan up to which it is kept, and not drawn again
FACTORS = (0.5, 2**-0.5, 1.0, 2**0.5, 2.0)
"""By what the default width is multiplied where no widths are given."""


@dataclass(frozen=True, eq=False)
class Around:
    """What is asked and fitted around some rows, the same for all models.

    Parameters
    ----------
    job : Job
        Of `Lime`: rows, design, settings.
    source : int array of shape (r,)
        Which held-out rows they are.
    widths : tuple of float
    n, fresh : int
        Perturbed rows of a plan to fit on, and of the plan that measures.
    refits : int
        Further plans, for stability.
    seed : int
    kept : dict
        Plans that were drawn.
    """

    job: Job
    source: IntArray
    widths: tuple[float, ...]
    n: int
    fresh: int
    refits: int
    seed: int
    kept: dict[tuple[str, int], list[Drawn]] = field(default_factory=dict)

    def plans(self) -> Iterator[list[Drawn]]:
        """Plans to fit on, then the one that measures: one that all rows share, or one a row."""
        for again in range(1 + self.refits):
            yield self._drawn("fit", self.n, again, mirrored=True)
        yield self._drawn("fidelity", self.fresh, 0, mirrored=False)

    def _drawn(self, purpose: str, n: int, again: int, *, mirrored: bool) -> list[Drawn]:
        """One plan; the same draws whenever it is called, kept where they are few."""
        design, seed = self.job.design, child_seed(self.seed, "local", purpose, again)
        if design.shared is not None:
            drawn = self.kept.get((purpose, again)) or [design.shared(n, seed)]
            if drawn[0].rows.size <= KEPT:
                self.kept[purpose, again] = drawn
            return drawn
        assert design.own is not None
        place = design.own(n, seed, mirrored=mirrored)
        return [place(row) for row in self.job.rows]


def check_lime(lime: Lime, widths: Any) -> None:
    """Raise where LIME is to do what cannot be the same for all models, or for all widths.

    Raises
    ------
    OptionError
    """
    for wrong, why in (
        (lime.compatible, "compatible=True, whose scores are not held out"),
        (lime.sampling == "kernel", "sampling='kernel', which asks other rows for every width"),
        (unsettled(lime) or asks_bins(lime), "a width or bins that each model settles by itself"),
        (lime.classes is not None, "`classes`: all classes of all models are compared"),
    ):
        if wrong:
            raise OptionError(f"The options of lime in compare must not be {why}.")
    if widths is not None and (
        isinstance(widths, str)
        or not len(widths)
        or not all(isinstance(w, int | float) and w > 0 and np.isfinite(w) for w in widths)
    ):
        raise OptionError(
            f"The `widths` parameter of compare must be a list of numbers above 0; got {widths!r}."
        )


def around_rows(
    player: Player,
    rows: FloatArray,
    *,
    source: IntArray,
    reference: FloatArray,
    options: Mapping[str, Any] | None,
    widths: Sequence[float] | None,
    fresh: int,
    refits: int,
    seed: int,
) -> Around:
    """The plan around rows (r, d), made where one of the models is and asked by all."""
    lime, _ = local_method(player.oracle, LIME, options)
    check_lime(lime, widths)
    job = lime.job(rows, reference=reference, seed=seed)
    tried = [job.settings.width * factor for factor in FACTORS] if widths is None else widths
    chosen = tuple(sorted({float(width) for width in tried}))
    return Around(job, source, chosen, lime.n_samples, fresh, refits, seed)


def local_cost(
    n_rows: int,
    options: Mapping[str, Any] | None,
    *,
    widths: Sequence[float] | None,
    fresh: int,
    refits: int,
) -> int:
    """Rows that each model is asked; the options and widths are checked."""
    lime, _ = local_method(None, LIME, options)
    check_lime(lime, widths)
    cost: dict[str, int] = lime.cost(n_rows, fidelity=fresh)
    return cost["rows"] + (1 + refits) * cost["fit"] + cost["fidelity"]
