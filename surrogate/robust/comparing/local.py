"""Local fidelity of LIME at several kernel widths: one plan for all models, asked once by each.

Neither the perturbed rows nor the answers depend on the width, so that one set of queries shows
the whole curve. Each scale has its own weighted least squares, and everything is measured on
fresh rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from surrogate._explain import local_method
from surrogate.errors import OptionError
from surrogate.explanation.compared import Region, Scale, Size
from surrogate.fidelity import linear_stability
from surrogate.fidelity.refits import shown_top
from surrogate.local import Lime
from surrogate.local._designs import Drawn
from surrogate.local._entropy import asks_bins
from surrogate.local._fit import Fit, Settings, fit_own, fit_shared, own_view
from surrogate.local._job import Job
from surrogate.local._settle import unsettled
from surrogate.robust.comparing.agreeing import Common
from surrogate.robust.comparing.cells import Cell, Ratio
from surrogate.robust.comparing.players import Player, Table
from surrogate.robust.comparing.scales import CLIP, pairs, scales_of
from surrogate.sampling import child_seed
from surrogate.types import FloatArray, IntArray

__all__ = ["Around", "around_rows", "check_lime", "local_cells", "local_cost"]

METHOD = "lime"
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
    """

    job: Job
    source: IntArray
    widths: tuple[float, ...]
    n: int
    fresh: int
    refits: int
    seed: int

    def region(self, width: float) -> Region:
        """The rows that a width is measured on."""
        return Region("local", width)


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
    lime, _ = local_method(player.oracle, METHOD, options)
    check_lime(lime, widths)
    job = lime.job(rows, reference=reference, seed=seed)
    tried = [job.settings.width * factor for factor in FACTORS] if widths is None else widths
    chosen = tuple(sorted({float(width) for width in tried}))
    return Around(job, source, chosen, lime.n_samples, fresh, refits, seed)


def local_cost(n_rows: int, options: Mapping[str, Any] | None, *, fresh: int, refits: int) -> int:
    """Rows that each model is asked."""
    lime, _ = local_method(None, METHOD, options)
    check_lime(lime, None)
    cost: dict[str, int] = lime.cost(n_rows, fidelity=fresh)
    return cost["rows"] + (1 + refits) * cost["fit"] + cost["fidelity"]


def local_cells(
    table: Table, player: Player, around: Around, common: Common
) -> tuple[list[Cell], Size | None]:
    """Ask one model around the rows, and measure it at every width; nothing where asking ended."""
    found: tuple[list[Cell], Size | None] = ([], None)
    with table.lasting(player, "local fidelity"):
        found = _Measuring(player, around, common).cells()
    return found


@dataclass(frozen=True, eq=False)
class _Plan:
    """Perturbed rows of one explained row or of all, and the model's answers on all scales."""

    at: slice
    drawn: Drawn | list[Drawn]
    Y: FloatArray  # (n, q), or (rows, n, q)


class _Measuring:
    """One model around some rows."""

    def __init__(self, player: Player, around: Around, common: Common) -> None:
        self.player, self.around, self.common = player, around, common
        self.scales = scales_of(common)
        self.floor = 1e-300 if common.scores else CLIP

    def cells(self) -> tuple[list[Cell], Size | None]:
        """Ask, fit and measure."""
        around = self.around
        told = self._columns(self._asked(around.job.rows))
        pair = pairs(told[:, : self.common.n_outputs])
        plans = list(self._plans("fit", around.n, mirrored=True))
        coefs = [[self._fit(plan, told, width) for plan in plans] for width in around.widths]
        totals = np.zeros((len(around.widths), len(told), len(self._names())))
        for plan in self._plans("fidelity", around.fresh, mirrored=False):
            for w, width in enumerate(around.widths):
                coef, base = _joined(coefs[w])
                for j, i in enumerate(range(*plan.at.indices(len(told)))):
                    two = int(pair[0][i]), int(pair[1][i])
                    totals[w, i] = self._row(plan, i, j, coef[i], base[i], width=width, pair=two)
        found = [self._cell(width, one) for width, one in zip(around.widths, totals)]
        return found, self._size(told, coefs)

    def _names(self) -> tuple[str, ...]:
        """Columns of a cell."""
        decides = () if self.common.said == "values" else ("agree",)
        pairs_of = [(f"lost {scale}", f"varied {scale}") for scale in self.scales]
        return ("rows", *decides, *(name for two in pairs_of for name in two))

    def _asked(self, rows: FloatArray) -> FloatArray:
        return self.player.oracle.ask(rows, purpose="local").numbers()

    def _columns(self, values: FloatArray) -> FloatArray:
        """Answers (n, k), and behind them their logarithms where they are probabilities."""
        if self.common.said != "probabilities":
            return values
        return np.concatenate([values, np.log(np.maximum(values, self.floor))], axis=-1)

    def _plans(self, purpose: str, n: int, *, mirrored: bool, again: int = 0) -> Iterator[_Plan]:
        """Plans with answers: one that all rows share, or one around each row."""
        design, rows = self.around.job.design, self.around.job.rows
        seed = child_seed(self.around.seed, "local", purpose, again)
        if design.shared is not None:
            drawn = design.shared(n, seed)
            yield _Plan(slice(0, len(rows)), drawn, self._columns(self._asked(drawn.rows)))
            return
        assert design.own is not None
        place = design.own(n, seed, mirrored=mirrored)
        for i, row in enumerate(rows):
            here = place(row)
            Y = self._columns(self._asked(here.rows))
            yield _Plan(slice(i, i + 1), [here], Y[None])

    def _fit(self, plan: _Plan, told: FloatArray, width: float) -> Fit:
        """Forms of the plan's rows at one width, on all scales at once."""
        job = self.around.job
        settings: Settings = replace(job.settings, width=width)
        rows, here = job.rows[plan.at], told[plan.at]
        if isinstance(plan.drawn, list):
            return fit_own(job.design, plan.drawn, rows, Y=plan.Y, y_row=here, settings=settings)
        return fit_shared(job.design, plan.drawn, rows, Y=plan.Y, y_row=here, settings=settings)

    def _row(
        self,
        plan: _Plan,
        i: int,
        j: int,
        coef: FloatArray,
        base: FloatArray,
        *,
        width: float,
        pair: tuple[int, int],
    ) -> FloatArray:
        """Weighted sums of one explained row, whose weights add up to 1."""
        drawn, Y = (
            (plan.drawn[j], plan.Y[j])
            if isinstance(plan.drawn, list)
            else (
                plan.drawn,
                plan.Y,
            )
        )
        job = self.around.job
        Z, weight = own_view(job.design, drawn, job.rows[i : i + 1], width)
        share = weight[0] / max(float(weight.sum()), 1e-300)  # (n,)
        said = Z[0] @ coef.T + base  # (n, q)
        k = self.common.n_outputs
        sums = [1.0]
        if self.common.said != "values":
            agree = said[:, :k].argmax(axis=1) == Y[:, :k].argmax(axis=1)
            sums.append(float(share @ agree))
        for scale in self.scales:
            ours, theirs = (_scale(part, scale, k, pair) for part in (said, Y))
            away = theirs - share @ theirs
            varied = float(share @ (away**2).mean(axis=1))
            size = float(share @ (theirs**2).mean(axis=1))
            lost = float(share @ ((ours - theirs) ** 2).mean(axis=1))
            sums += [lost, varied if varied > 1e-12 * max(size, 1e-30) else 0.0]
        return np.array(sums)

    def _cell(self, width: float, totals: FloatArray) -> Cell:
        """The cell of one width."""
        ratios = []
        if self.common.said != "values":
            ratios.append(Ratio("agreement", "label", "agree", "rows", "share"))
        for scale in self.scales:
            ratios += [
                Ratio("R2", scale, f"lost {scale}", f"varied {scale}", "rest"),
                Ratio("MSE", scale, f"lost {scale}", "rows", "mean"),
                Ratio("output spread", scale, f"varied {scale}", "rows", "root"),
            ]
        order = np.argsort(self.around.source)
        names = self._names()
        varied = [names.index(f"varied {scale}") for scale in self.scales]
        return Cell(
            model=self.player.name,
            arm=self.player.arm,
            method=METHOD,
            region=self.around.region(width),
            source=self.around.source[order],
            names=names,
            totals=totals[order],
            ratios=tuple(ratios),
            n=len(order) * self.around.fresh,
            constant=bool(varied) and not totals[:, varied].any(),
        )

    def _size(self, told: FloatArray, coefs: list[list[Fit]]) -> Size | None:
        """How many features a form uses, and how alike refits of it are, at the middle width."""
        around, middle = self.around, len(self.around.widths) // 2
        coef, _ = _joined(coefs[middle])
        at, shown = np.arange(len(told)), told[:, : self.common.n_outputs].argmax(axis=1)
        fits = [coef[at, shown]]
        for again in range(1, around.refits + 1):
            more = [
                self._fit(plan, told, around.widths[middle])
                for plan in self._plans("fit", around.n, mirrored=True, again=again)
            ]
            fits.append(_joined(more)[0][at, shown])
        used = float(np.mean([(one != 0).sum(axis=1).mean() for one in fits]))
        stable = None
        if len(fits) > 1:
            stable = linear_stability(np.stack(fits), top=shown_top(coef.shape[-1])).main
        return Size(self.player.name, METHOD, {"features": round(used, 3)}, stable)


def _scale(part: FloatArray, scale: Scale, k: int, pair: tuple[int, int]) -> FloatArray:
    """One scale (n, q) of columns on all of them."""
    if scale in ("probability", "value"):
        return part[:, :k]
    if scale == "logit":
        return part[:, k:]
    return part[:, [k + pair[0]]] - part[:, [k + pair[1]]]


def _joined(fits: list[Fit]) -> tuple[FloatArray, FloatArray]:
    """Coefficients (r, q, d) and intercepts (r, q) of all plans' rows."""
    return np.concatenate([fit.coef for fit in fits]), np.concatenate(
        [fit.intercept for fit in fits]
    )
