"""Local fidelity of LIME at several kernel widths: one plan for all models, asked once by each.

Neither the perturbed rows nor the answers depend on the width, so that one set of queries shows
the whole curve. Each scale has its own weighted least squares, and everything is measured on
fresh rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from surrogate.explanation.compared import Region, Scale, Size
from surrogate.fidelity import linear_stability
from surrogate.fidelity.refits import shown_top
from surrogate.local._designs import Drawn
from surrogate.local._fit import Settings, fit_own, fit_shared, own_view
from surrogate.robust.comparing.agreeing import Common
from surrogate.robust.comparing.around import LIME, Around
from surrogate.robust.comparing.cells import Cell, Ratio
from surrogate.robust.comparing.players import Player, Table
from surrogate.robust.comparing.scales import CLIP, pairs, scales_of
from surrogate.types import FloatArray, IntArray

__all__ = ["local_cells"]

COLUMNS = 160  # of answers, of several models, that are fitted together


def local_cells(table: Table, around: Around, common: Common) -> tuple[list[Cell], list[Size]]:
    """Ask every model around the rows, and measure it at every width.

    Models share the plan, and so its weighted sums: several are fitted together.
    """
    cells, sizes = [], []
    for players in _together(table, around, common):
        heard = []
        for player in players:
            told = None
            with table.lasting(player, "local fidelity"):
                told = _ask(player, around, common)
            heard += [] if told is None else [told]
        if heard:
            found = _Measuring(heard, around, common)
            cells += found.cells()
            sizes += found.sizes()
    return cells, sizes


def _together(table: Table, around: Around, common: Common) -> Iterator[list[Player]]:
    """Players whose answers are held at once: one where each row has a plan of its own."""
    columns = common.n_outputs * (2 if common.said == "probabilities" else 1)
    size = max(1, COLUMNS // columns) if around.job.design.shared is not None else 1
    waiting = list(table.players)
    while waiting:
        batch, waiting = waiting[:size], waiting[size:]
        yield [player for player in batch if not player.ended and not table.stopped]


@dataclass(frozen=True, eq=False)
class _Told:
    """What one model said around the rows, on all scales side by side.

    Parameters
    ----------
    player : Player
    rows : array of shape (r, q)
        Of the explained rows themselves.
    plans : list of list of arrays of shape (n, q)
        Of the plans to fit on, and of the one that measures: one array that all rows share, or
        one a row.
    """

    player: Player
    rows: FloatArray
    plans: list[list[FloatArray]]


def _ask(player: Player, around: Around, common: Common) -> _Told:
    """Ask one model all plans."""
    floor = 1e-300 if common.scores else CLIP

    def columns(rows: FloatArray) -> FloatArray:
        values = player.oracle.ask(rows, purpose="local").numbers()
        if common.said != "probabilities":
            return values
        return np.concatenate([values, np.log(np.maximum(values, floor))], axis=1)

    told = columns(around.job.rows)
    return _Told(player, told, [[columns(one.rows) for one in plan] for plan in around.plans()])


class _Measuring:
    """Several models around some rows."""

    def __init__(self, told: Sequence[_Told], around: Around, common: Common) -> None:
        self.told, self.around, self.common = told, around, common
        self.scales = scales_of(common)
        self.q = told[0].rows.shape[1]
        self.here = np.concatenate([one.rows for one in told], axis=1)  # (r, models * q)

    def cells(self) -> list[Cell]:
        """Every model at every width."""
        around, plans = self.around, list(self.around.plans())
        fresh = plans[-1]
        shape = len(self.told), len(self.here), len(self._names())
        found = []
        for width in around.widths:
            totals = np.zeros(shape)
            coef, base = self._fit(plans[0], 0, width)
            for i in range(len(self.here)):
                one = i if len(fresh) > 1 else 0
                Y = np.concatenate([told.plans[-1][one] for told in self.told], axis=1)
                totals[:, i] = self._row(fresh[one], Y, i, coef[i], base[i], width=width)
            found += [self._cell(told.player, width, t) for told, t in zip(self.told, totals)]
        return found

    def sizes(self) -> list[Size]:
        """How many features forms use, and how alike refits are, at the middle width."""
        around = self.around
        width = around.widths[len(around.widths) // 2]
        fits = []
        for number, plan in enumerate(list(around.plans())[:-1]):
            coef, _ = self._fit(plan, number, width)
            fits.append(coef.reshape(len(coef), len(self.told), self.q, -1))  # (r, models, q, d)
        return [
            self._size(m, told, [fit[:, m] for fit in fits]) for m, told in enumerate(self.told)
        ]

    def _size(self, m: int, told: _Told, fits: list[FloatArray]) -> Size:
        """Of one model's forms (r, q, d), those of the class that it finds most likely."""
        at, shown = np.arange(len(told.rows)), told.rows[:, : self.common.n_outputs].argmax(axis=1)
        coefs = np.stack([fit[at, shown] for fit in fits])  # (fits, r, d)
        used = float((coefs != 0).sum(axis=2).mean())
        stable = None
        if len(coefs) > 1:
            stable = linear_stability(coefs, top=shown_top(coefs.shape[-1])).main
        return Size(told.player.name, LIME, {"features": round(used, 3)}, stable)

    def _fit(self, plan: list[Drawn], number: int, width: float) -> tuple[FloatArray, FloatArray]:
        """Coefficients (r, models * q, d) and intercepts (r, models * q) at one width."""
        job = self.around.job
        settings: Settings = replace(job.settings, width=width)
        Y = [
            np.concatenate([told.plans[number][i] for told in self.told], axis=1)
            for i in range(len(plan))
        ]
        if job.design.shared is not None:
            fit = fit_shared(
                job.design, plan[0], job.rows, Y=Y[0], y_row=self.here, settings=settings
            )
        else:
            fit = fit_own(
                job.design, plan, job.rows, Y=np.stack(Y), y_row=self.here, settings=settings
            )
        return fit.coef, fit.intercept

    def _row(
        self,
        drawn: Drawn,
        Y: FloatArray,
        i: int,
        coef: FloatArray,
        base: FloatArray,
        *,
        width: float,
    ) -> FloatArray:
        """Weighted sums of one explained row for all models (models, m); weights add up to 1."""
        job = self.around.job
        Z, weight = own_view(job.design, drawn, job.rows[i : i + 1], width)
        share = weight[0] / max(float(weight.sum()), 1e-300)  # (n,)
        said = Z[0] @ coef.T + base  # (n, models * q)
        spans = [slice(m * self.q, (m + 1) * self.q) for m in range(len(self.told))]
        return np.stack(
            [
                self._sums(
                    share, said[:, at], Y[:, at], pairs(self.here[i : i + 1, at][:, : self.k])
                )
                for at in spans
            ]
        )

    @property
    def k(self) -> int:
        """Columns of a model's answers."""
        return self.common.n_outputs

    def _sums(
        self,
        share: FloatArray,
        said: FloatArray,
        Y: FloatArray,
        pair: tuple[IntArray, IntArray],
    ) -> FloatArray:
        """Sums of one model around one row."""
        sums, k = [1.0], self.k
        if self.common.said != "values":
            sums.append(float(share @ (said[:, :k].argmax(axis=1) == Y[:, :k].argmax(axis=1))))
        for scale in self.scales:
            two = int(pair[0][0]), int(pair[1][0])
            ours, theirs = (_scale(part, scale, k, two) for part in (said, Y))
            varied = float(share @ ((theirs - share @ theirs) ** 2).mean(axis=1))
            size = float(share @ (theirs**2).mean(axis=1))
            lost = float(share @ ((ours - theirs) ** 2).mean(axis=1))
            sums += [lost, varied if varied > 1e-12 * max(size, 1e-30) else 0.0]
        return np.array(sums)

    def _names(self) -> tuple[str, ...]:
        """Columns of a cell."""
        decides = () if self.common.said == "values" else ("agree",)
        pairs_of = [(f"lost {scale}", f"varied {scale}") for scale in self.scales]
        return ("rows", *decides, *(name for two in pairs_of for name in two))

    def _cell(self, player: Player, width: float, totals: FloatArray) -> Cell:
        """The cell of one model at one width."""
        ratios = []
        if self.common.said != "values":
            ratios.append(Ratio("agreement", "label", "agree", "rows", "share"))
        for scale in self.scales:
            ratios += [
                Ratio("R2", scale, f"lost {scale}", f"varied {scale}", "rest"),
                Ratio("MSE", scale, f"lost {scale}", "rows", "mean"),
                Ratio("output spread", scale, f"varied {scale}", "rows", "root"),
            ]
        order, names = np.argsort(self.around.source), self._names()
        varied = [names.index(f"varied {scale}") for scale in self.scales]
        return Cell(
            model=player.name,
            arm=player.arm,
            method=LIME,
            region=Region("local", width),
            source=self.around.source[order],
            names=names,
            totals=totals[order],
            ratios=tuple(ratios),
            n=len(order) * self.around.fresh,
            constant=bool(varied) and not totals[:, varied].any(),
        )


def _scale(part: FloatArray, scale: Scale, k: int, pair: tuple[int, int]) -> FloatArray:
    """One scale (n, q) of columns on all of them."""
    if scale in ("probability", "value"):
        return part[:, :k]
    if scale == "logit":
        return part[:, k:]
    return part[:, [k + pair[0]]] - part[:, [k + pair[1]]]
