"""Rows explained as shap's KernelExplainer does, asked and measured as ours are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.errors import BudgetSpent, Interrupted
from surrogate.explanation.encoding import Present
from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.local._fresh import Fresh
from surrogate.local.shap._game import Game
from surrogate.local.shap._measure import flags_of, measure
from surrogate.local.shap._plan import Pairs, draw_fresh
from surrogate.local.shap._result import ShapResult
from surrogate.local.shap._shap_plan import ShapPlan, shap_plan, varies
from surrogate.local.shap.compatible import LINKS, shap_fit
from surrogate.sampling import child_seed
from surrogate.types import BoolArray, FloatArray

__all__ = ["LikeShap"]


@dataclass(frozen=True, eq=False)
class _Found:
    """One row: values (d, k), fidelity, flags, coalitions asked, and whether these are all."""

    values: FloatArray
    fresh: Fresh
    flags: tuple[str, ...]
    n: int
    n_measured: int
    complete: bool


@dataclass(frozen=True, eq=False)
class LikeShap:
    """How rows are asked.

    Parameters
    ----------
    game : Game
        Its link is the identity: shap's own comes after.
    nsamples : int or "auto"
    l1_reg : str or float
    link : {"identity", "logit"}
    n_fresh : int
        Coalitions that a form is measured on; 0: it is not measured.
    level : float
    seed : int
        shap's draws begin where ``np.random.seed(seed)`` would have them.
    """

    game: Game
    nsamples: int | str
    l1_reg: str | float
    link: str
    n_fresh: int
    level: float
    seed: int

    def explain(self, rows: FloatArray, *, notes: Sequence[str] = ()) -> ShapResult:
        """Explain rows (r, d) in order, as many as asking lasts for."""
        random = np.random.RandomState(self.seed)
        opened = self.game.open(rows)
        found: list[_Found] = []
        ended = None
        for row, whole in zip(rows, opened.whole):
            try:
                found.append(self._one(row, opened.none, whole, random))
            except (BudgetSpent, Interrupted) as error:
                if not found:
                    raise
                ended = error
                break
        said = [*notes]
        if ended is not None:
            said.insert(0, f"{len(found):,} of {len(rows):,} rows were explained: {ended.why}.")
        linked = LINKS[self.link]
        return self._result(
            rows[: len(found)],
            found,
            whole=linked(opened.whole[: len(found)]),
            none=linked(opened.none),
            notes=(*said, "Values are those of shap 0.51, which claims no standard errors."),
            interrupted=ended is not None,
        )

    def _one(
        self, row: FloatArray, none: FloatArray, whole: FloatArray, random: np.random.RandomState
    ) -> _Found:
        """Ask a row's coalitions, solve, and measure."""
        players = self.game.players
        varying = np.asarray(varies(row, self.game.background.rows) @ players.member.T)
        plan = shap_plan(varying, nsamples=self.nsamples, random=random)
        means = self._ask(row, plan, plan.masks, "fit")
        phi = shap_fit(
            plan, means, none=none, whole=whole, link=self.link, l1_reg=self.l1_reg, random=random
        )
        m = len(plan.varying)
        complete = m < 2 or (plan.share >= 1.0 and not plan.unused)
        masks, weight, values = plan.masks, plan.weight, means
        if not complete and self.n_fresh:
            seed = child_seed(self.seed, "shap fidelity")
            drawn = draw_fresh(Pairs(plan.masks), self.n_fresh, seed=seed)
            masks, weight = drawn.masks, drawn.weight
            values = self._ask(row, plan, masks, "fidelity")
        linked, kept = LINKS[self.link], phi[plan.varying].T  # (k, m)
        fresh = measure(
            linked(values),
            masks,
            weight,
            none=linked(none),
            phi=kept,
            whole=complete,
            level=self.level,
        )
        flags: tuple[str, ...] = ("the row equals the background, so that nothing has an effect",)
        if m:
            shown = int(whole.argmax())
            flags = flags_of(fresh, kept, np.zeros_like(kept), shown=shown, level=self.level)
        placed = np.zeros((players.member.shape[1], len(none)))
        placed[players.holders(row)] = phi
        return _Found(placed, fresh, flags, len(plan.masks), len(masks), complete)

    def _ask(self, row: FloatArray, plan: ShapPlan, masks: BoolArray, purpose: str) -> FloatArray:
        """Mean answers (n, k) of coalitions (n, m) of the varying players."""
        coalitions = np.zeros((len(masks), plan.d), dtype=np.bool_)
        coalitions[:, plan.varying] = masks
        return self.game.values(row, coalitions, purpose)

    def _result(
        self,
        rows: FloatArray,
        found: Sequence[_Found],
        *,
        whole: FloatArray,
        none: FloatArray,
        notes: tuple[str, ...],
        interrupted: bool,
    ) -> ShapResult:
        """All rows put together."""
        game, back = self.game, self.game.background
        coef = np.stack([one.values.T for one in found])  # (r, k, d)
        exact = np.array([one.complete and self.l1_reg == 0 for one in found])
        every = all(one.complete for one in found)
        local = none + coef.sum(axis=2)
        value, low, high, ess = (
            np.concatenate([getattr(one.fresh, name) for one in found])
            for name in ("value", "low", "high", "ess")
        )
        classes = game.oracle.classes
        return ShapResult(
            rows=rows,
            coef=coef,
            coef_se=None,
            dof=None,
            intercept=np.tile(none, (len(found), 1)),
            encoding=Present(game.players.named),
            box_values=whole,
            local_values=local,
            fidelity=LocalFidelity(
                value=value,
                low=low,
                high=high,
                error=np.abs(local - whole),
                ess=ess,
                n=max(one.n_measured for one in found),
                level=self.level,
                interval="no sampling" if every else "sandwich",
                seed=self.seed,
                distribution=f"{'all' if every else 'fresh'} coalitions of features",
            ),
            coalitions=np.array([one.n for one in found]),
            exact=exact,
            background=back.rows,
            background_weights=back.weights,
            classes=None if classes is None else tuple(game.classes or classes),
            flags=tuple(one.flags for one in found),
            queries=dict(game.asked),
            seed=self.seed,
            notes=notes,
            facts={"background rows": len(back), "l1_reg": self.l1_reg},
            interrupted=interrupted,
        )
