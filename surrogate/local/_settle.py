"""What LIME settles by asking before it explains: a kernel width, entropy bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.errors import OptionError
from surrogate.local._designs import child_seed
from surrogate.local._entropy import LABELLED, asks_bins, with_entropy_bins
from surrogate.local.result import LimeResult
from surrogate.local.width_sweep import sweep, sweep_cost
from surrogate.sampling import generator
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.explanation.width_sweep import WidthSweep
    from surrogate.local.lime import Lime

__all__ = ["Settled", "check_settling", "settle", "settling_cost", "unsettled"]

SWEPT = 50
"""Most rows on which a width is picked."""


@dataclass(frozen=True, eq=False)
class Settled:
    """A `Lime` with nothing left open, and what was found on the way."""

    lime: Lime
    facts: Mapping[str, Any]
    notes: tuple[str, ...]
    asked: Mapping[str, int]

    def told(self, result: LimeResult) -> LimeResult:
        """A result that says what was settled."""
        return replace(
            result,
            facts={**self.facts, **result.facts},
            notes=(*self.notes, *result.notes),
            queries={**self.asked, **result.queries},
        )


def unsettled(lime: Lime) -> bool:
    """Whether anything is left open."""
    return lime.width == "auto" or asks_bins(lime)


def check_settling(lime: Lime) -> None:
    """Raise where what is left open cannot be settled."""
    if lime.width == "auto" and lime.sampling == "kernel":
        raise OptionError(
            "The `width` parameter of Lime must be a float or None where sampling='kernel', which "
            "draws other rows for every width; got 'auto'. Use sampling='gaussian'."
        )
    if lime.compatible and lime.edges is not None:
        raise OptionError(
            "The `edges` parameter of Lime must be None where compatible=True, since lime cuts "
            "by `bins` only."
        )
    needs = lime.compatible and lime.bins == "entropy" and lime.sampling == "discretised"
    if needs and lime.labels is None:
        raise OptionError(
            "The `labels` parameter of Lime must be given where compatible=True and "
            "bins='entropy': lime takes the classes of the reference rows; got None."
        )


def settling_cost(lime: Lime, n_rows: int) -> dict[str, int]:
    """Most rows that are asked before anything is explained."""
    cost = {"bins": LABELLED} if asks_bins(lime) else {}
    if lime.width == "auto":
        settled = replace(lime, width=None, bins="quartile")
        cost["width"] = sweep_cost(settled, min(n_rows, SWEPT))
    return cost


def settle(lime: Lime, rows: FloatArray, *, reference: Any, seed: int) -> Settled:
    """Ask for what is left open: rows (r, d) to explain, reference rows (n, d).

    Raises
    ------
    BudgetSpent, Interrupted
        If asking ended on the way.
    """
    facts: dict[str, Any] = {}
    notes: list[str] = []
    asked: dict[str, int] = {}
    if asks_bins(lime):
        lime, asked["bins"] = with_entropy_bins(lime, reference, seed=seed)
    if lime.width == "auto":
        found = _swept(lime, rows, reference, seed)
        asked["width"] = sweep_cost(lime, found.row_fidelity.shape[1])
        said = "picked on queries of its own" if found.width is not None else "left at the default"
        notes.append(f"Kernel width {said}: {found.why}.")
        facts["width"] = _facts(found)
        lime = replace(lime, width=found.width)
    return Settled(lime, facts, tuple(notes), asked)


def _swept(lime: Lime, rows: FloatArray, reference: Any, seed: int) -> WidthSweep:
    """A sweep over some of the rows, on a seed of its own."""
    if len(rows) > SWEPT:
        chosen = generator(seed, "lime", "rows to sweep").permutation(len(rows))[:SWEPT]
        rows = rows[np.sort(chosen)]
    return sweep(lime, rows, reference=reference, seed=child_seed(seed, "sweep"))


def _facts(found: WidthSweep) -> dict[str, Any]:
    """What a sweep showed, for the record."""
    return {
        "picked": found.width,
        "why": found.why,
        "rows": found.row_fidelity.shape[1],
        "widths": found.widths,
        "fidelity": found.fidelity,
        "overlap": found.overlap,
        "top": found.top,
        "level": found.level,
    }
