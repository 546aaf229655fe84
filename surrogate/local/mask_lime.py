"""LIME for images and texts: one input, all classes, masks of its parts.

Ribeiro, Singh and Guestrin, "Why should I trust you?", KDD 2016. What differs from the lime
package by default, and what was measured for it, is in docs/images-and-texts.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import on_library
from surrogate._validate import Boolean, Choice, Instance, NoneOr, Real, Rule, Whole, check
from surrogate.domain import MaskDomain
from surrogate.errors import BudgetSpent, DataError, Interrupted, OptionError
from surrogate.explanation.encoding import Binned
from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.local._designs import child_seed
from surrogate.local._fit import Fit, Settings
from surrogate.local._flags import flag_rows
from surrogate.local._fresh import Fresh
from surrogate.local._masks import (
    MaskPlan,
    every_mask,
    fresh_masks,
    law,
    lime_masks,
    moments_of,
    paired_masks,
)
from surrogate.local._moments import BLOCKS
from surrogate.local._run import Ended, kept_columns
from surrogate.local._select import SELECTIONS
from surrogate.local.result import LimeResult
from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["MaskLime"]

SIZES = ("binomial", "uniform")
_WIDTH = 0.25  # lime's, for images and, of distances times 100, for texts
_LIME_KEEPS = {"image": 100_000, "text": 10}
_LEAST_FRESH = 50  # masks that a form is measured on where asking ended before its plan
_ROUNDED = 1e-12
_RULES: Mapping[str, Rule] = {
    "n_samples": Whole(10),
    "width": Real(0, closed="neither"),
    "sizes": NoneOr(Choice(SIZES)),
    "ridge": NoneOr(Real(0)),
    "selection": NoneOr(Choice(SELECTIONS)),
    "n_features": NoneOr(Whole(1)),
    "classes": NoneOr(Instance((tuple, list), "a list of class names")),
    "level": Real(0, 1, closed="neither"),
    "compatible": Boolean(),
}


@dataclass
class MaskLime:
    """A weighted linear model of which parts of one image or text are kept.

    Parameters
    ----------
    oracle : Oracle or None
        What is asked, through the domain of the image or text (`Oracle.seen`).
    n_samples : int
        Masks to fit on. Where there are no more than so many, all are asked once, and the
        coefficients have no error of sampling.
    width : float
        Kernel width on the cosine distance between a mask and the whole, 0 to 1.
    sizes : {"binomial", "uniform"} or None
        How many parts are kept, before the kernel: each with probability 1/2, or any number
        alike. None: as in lime, binomial for images and uniform for texts.
    ridge : float or None
        Penalty beside weights that are not normalised. None: 0, or lime's 1 in compatible
        mode.
    selection : {"none", "auto", "forward_selection", "highest_weights", "lasso_path"} or None
        How parts are chosen for each class. None: "none", or lime's "auto" in compatible mode.
    n_features : int or None
        How many parts a selection keeps. None: all of an image's, 10 of a text's.
    classes : list or None
        Names of the classes to explain; None: all.
    level : float
        Level of the intervals of fidelity.
    compatible : bool
        Follow lime 0.2.0.1 exactly: its draws for the seed, its ridge, the input itself among
        the samples. Equal to a fresh ``LimeImageExplainer(random_state=seed)`` or
        ``LimeTextExplainer(random_state=seed)`` on the input, given the same segmentation.

    Examples
    --------
    >>> from surrogate import Oracle, Texts, wrap
    >>> from surrogate.local import MaskLime
    >>> (domain,) = Texts().domains(["not a good film at all"])
    >>> box = wrap(lambda texts: [("good" in t) - 2.0 * ("not" in t) for t in texts],
    ...     task="regression")
    >>> result = MaskLime(Oracle(box, domain)).explain(domain.ones)
    >>> dict(zip(domain.names, result.coef[0, 0].round(6).tolist()))["not"]
    -2.0
    >>> dict(result.queries)  # all 64 masks
    {'rows': 1, 'fit': 63, 'fidelity': 0}
    """

    oracle: Oracle | None = None
    _: KW_ONLY
    n_samples: int = 1000
    width: float = _WIDTH
    sizes: str | None = None
    ridge: float | None = None
    selection: str | None = None
    n_features: int | None = None
    classes: Sequence[Label] | None = None
    level: float = 0.95
    compatible: bool = False

    def cost(self, n_rows: int = 1, *, fidelity: int = 1000) -> dict[str, int]:
        """Inputs that `explain` will ask at most, by purpose; equal ones are asked once."""
        self._check(fidelity)
        if self._asks_all():
            return {"rows": n_rows, "fit": n_rows * ((1 << self._parts()) - 1), "fidelity": 0}
        fit = self.n_samples - self.compatible  # lime counts the input itself as a sample
        return {"rows": n_rows, "fit": n_rows * fit, "fidelity": n_rows * fidelity}

    def explain(
        self, matrix: Any, *, reference: Any = None, fidelity: int = 1000, seed: int = 0
    ) -> LimeResult:
        """Explain the input.

        Parameters
        ----------
        matrix : array of shape (1, m)
            The input itself: a row of ones.
        reference : ignored
            What hides a part is the domain's.
        fidelity : int
            Fresh masks on which the form is measured.
        seed : int

        Returns
        -------
        LimeResult

        Raises
        ------
        OptionError
            If a parameter is out of its range, or `n_samples` is less than the parts and the
            intercept need.
        DataError
            If the oracle's domain is none of masks, or the row is not the input itself.
        BudgetTooSmall
            Before the first query, if it all does not fit the oracle's budget.
        BudgetSpent, Interrupted
            If a budget or a Ctrl-C ends on the way, before there is enough to measure.
        """
        oracle = self._opened(matrix, fidelity, seed)
        oracle.admit(self.cost(fidelity=fidelity))
        plan = self._plan(seed)
        fresh = fresh_masks(
            self._parts(), fidelity, p=self._law(), seed=child_seed(seed, "fidelity")
        )
        asked = _Asked(oracle, self.classes)
        ended = asked.ask([("rows", self._domain().ones > 0), ("fit", plan.masks),
                           ("fidelity", fresh.masks)])  # fmt: skip
        said = ""
        if ended is not None:
            plan, fresh = _curtailed(asked, plan, fresh, ended, least=self._least())
            said = (
                f"Fitted on {len(plan.masks):,} masks and measured on {len(fresh.masks):,} "
                f"instead of {self.n_samples:,} and {fidelity:,}: {ended.why}."
            )
        row = asked.answers(self._domain().ones > 0)
        fit = self._fit(plan, asked.answers(plan.masks), row)
        return self._result(fit, asked, fresh, row, seed=seed, said=said)

    def refit(self, result: LimeResult, *, reference: Any = None, seed: int) -> FloatArray:
        """Coefficients (1, k, m) on other masks.

        Parameters
        ----------
        result : LimeResult
            Of `explain`.
        reference : ignored
        seed : int

        Raises
        ------
        BudgetSpent, Interrupted
            If asking ended on the way.
        """
        assert self.oracle is not None
        plan = self._plan(seed)
        asked = _Asked(self.oracle, self.classes)
        ended = asked.ask([("stability", plan.masks)])
        if ended is not None:
            raise ended
        return self._fit(plan, asked.answers(plan.masks), np.asarray(result.box_values)).coef

    def refit_cost(self, n_rows: int = 1) -> int:
        """Inputs that `refit` asks at most."""
        if self._asks_all():
            return n_rows << self._parts()
        return n_rows * (self.n_samples - self.compatible)

    # ---- parts of the above ----

    def _check(self, fidelity: int) -> None:
        check("MaskLime", _RULES, vars(self))
        check("MaskLime.explain", {"fidelity": Whole(10)}, {"fidelity": fidelity})

    def _opened(self, matrix: Any, fidelity: int, seed: int) -> Oracle:
        """The oracle, after all that can be checked before it is asked."""
        if self.oracle is None:
            raise OptionError(
                "The `oracle` parameter of MaskLime must be an Oracle to explain; got None."
            )
        seeds = Whole(0, 2**32 - 1) if self.compatible else Whole(0)
        check("MaskLime.explain", {"seed": seeds}, {"seed": seed})
        self._check(fidelity)
        ones = self._domain().ones
        if np.shape(matrix) != ones.shape or not (np.asarray(matrix) == 1).all():
            raise DataError(
                f"MaskLime explains the input of its domain, a row of {ones.shape[1]} ones; got "
                f"rows of shape {np.shape(matrix)}."
            )
        if self.n_samples < self._least() and not self._asks_all():
            raise OptionError(
                f"The `n_samples` parameter of MaskLime must be at least {self._least()} for "
                f"{ones.shape[1]} {self._domain().part}s and an intercept; got {self.n_samples}."
            )
        return self.oracle

    def _domain(self) -> MaskDomain:
        domain = None if self.oracle is None else self.oracle.domain
        if not isinstance(domain, MaskDomain):
            raise DataError(
                "MaskLime explains images and texts; give an oracle whose domain is one of "
                "Images(...).domains(...) or Texts(...).domains(...). Lime explains tables."
            )
        return domain

    def _parts(self) -> int:
        return len(self._domain().features)

    def _least(self) -> int:
        """Fewest masks: fewer than coefficients leave them undetermined."""
        return self._parts() + 2

    def _asks_all(self) -> bool:
        """Whether there are no more masks than may be asked."""
        return not self.compatible and self._parts() < 30 and 1 << self._parts() <= self.n_samples

    def _sizes(self) -> str:
        default = "binomial" if self._domain().kind == "image" else "uniform"
        return self.sizes or default

    def _law(self) -> FloatArray:
        return law(self._parts(), sizes=self._sizes(), width=self.width)

    def _plan(self, seed: int) -> MaskPlan:
        """Masks to fit on."""
        m = self._parts()
        if self.compatible:
            sizes, n = self._sizes(), self.n_samples - 1
            return lime_masks(m, n, sizes=sizes, width=self.width, seed=seed)
        if self._asks_all():
            return every_mask(m, p=self._law())
        return paired_masks(m, self.n_samples, p=self._law(), seed=child_seed(seed, "fit"))

    def _settings(self) -> Settings:
        keeps = _LIME_KEEPS[self._domain().kind] if self.n_features is None else self.n_features
        return Settings(
            width=self.width,
            ridge=float(self.compatible) if self.ridge is None else self.ridge,
            selection=self.selection or ("auto" if self.compatible else "none"),
            n_features=min(keeps, self._parts()) if keeps > 6 else keeps,
            with_row=self.compatible,
            exact=True,
        )

    def _fit(self, plan: MaskPlan, Y: FloatArray, row: FloatArray) -> Fit:
        """The forms of all classes, from answers (n, k) to the masks and (1, k) to the input."""
        settings, m = self._settings(), self._parts()
        level = Y.mean(axis=0)  # centring keeps the digits of answers that vary little
        fit = Fit.empty(1, Y.shape[1], m, parts=BLOCKS)
        fit.fill(
            slice(0, 1),
            moments_of(plan, Y - level),
            settings,
            z_row=np.ones((1, m)),
            y_row=row - level,
            n_samples=len(Y) + settings.with_row,
        )
        fit.intercept[...] += level
        if not self.compatible:  # what rounding leaves of no effect is no effect
            least = _ROUNDED * np.abs(Y).max()
            for part in (fit.coef, fit.errors):
                part[np.abs(part) < least] = 0.0
        if plan.exact:
            fit.errors[...] = 0.0
            fit.ess[...] = np.inf
        return fit

    def _result(
        self, fit: Fit, asked: _Asked, again: MaskPlan, row: FloatArray, *, seed: int, said: str
    ) -> LimeResult:
        """Measure the form on fresh masks, and say what is bad about it."""
        fresh, local = self._measured(fit, again, asked.answers(again.masks))
        domain, settings = self._domain(), self._settings()
        fidelity = LocalFidelity(
            value=fresh.value,
            low=fresh.low,
            high=fresh.high,
            error=np.abs(local - row),
            ess=fresh.ess,
            n=len(again.masks),
            level=self.level,
            interval="sandwich",
            seed=seed,
            distribution=f"fresh masks of the {domain.kind}",
        )
        classes = asked.oracle.classes
        notes = [said] if said else []
        if not settings.has_errors:
            notes.append("No standard errors: ridge and feature selection bias the coefficients.")
        elif self._asks_all() and not said:
            notes.append(
                f"All {1 << self._parts():,} masks were asked: the coefficients have no error of "
                "sampling."
            )
        return LimeResult(
            rows=domain.ones,
            coef=fit.coef,
            coef_se=fit.errors if settings.has_errors else None,
            dof=BLOCKS - 1 if settings.has_errors else None,
            intercept=fit.intercept,
            encoding=Binned((None,) * self._parts()),
            box_values=row,
            local_values=local,
            fit_r2=fit.r2,
            fidelity=fidelity,
            ess=fit.ess,
            widths=np.full(1, self.width),
            classes=None if classes is None else tuple(self.classes or classes),
            flags=flag_rows(fit, fresh, fidelity, row.argmax(axis=1)),
            queries=dict(asked.counts),
            rejected=0.0,
            seed=seed,
            notes=tuple(notes),
            interrupted=bool(said),
        )

    def _measured(self, fit: Fit, again: MaskPlan, Y: FloatArray) -> tuple[Fresh, FloatArray]:
        """Fidelity on fresh masks, and what the forms say of the input itself: (1, k)."""
        Z = again.masks.astype(np.float64)
        errors = Y - (Z @ fit.coef[0].T + fit.intercept[0])  # (n, k)
        fresh = Fresh.empty(1, Y.shape[1])
        fresh.fill(slice(0, 1), errors.T[None], Y.T[None].copy(), again.weight[None], self.level)
        return fresh, fit.intercept + fit.coef.sum(axis=2)


class _Asked:
    """Answers to masks, each distinct one asked once."""

    def __init__(self, oracle: Oracle, classes: Sequence[Label] | None) -> None:
        self.oracle, self._classes = oracle, classes
        self.counts: dict[str, int] = {}
        self._place: dict[bytes, int] = {}
        self._answers: FloatArray = np.empty((0, 0))

    def ask(self, parts: Sequence[tuple[str, np.ndarray[Any, np.dtype[np.bool_]]]]) -> Ended | None:
        """Ask what was not asked before; what ended the asking, if something did."""
        todo = []
        for purpose, masks in parts:
            new = []
            for i, key in enumerate(_keys(masks)):
                if key not in self._place:
                    self._place[key] = len(self._place)
                    new.append(i)
            todo.append((purpose, self._rows(masks[new])))
        ended: Ended | None = None
        try:
            answers = self.oracle.ask_parts(todo)
            told = [part.numbers() for part in answers]
        except (BudgetSpent, Interrupted) as error:
            if error.answers is None:
                raise
            ended, told = error, [error.answers.numbers()]
        self._answers = np.concatenate(told)[:, kept_columns(self.oracle, self._classes)]
        left = len(self._answers)
        for purpose, rows in todo:
            self.counts[purpose] = min(left, len(rows))
            left -= self.counts[purpose]
        return ended

    def known(self, masks: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, Any]:
        """Which masks have an answer, (n,)."""
        return self._places(masks) < len(self._answers)

    def answers(self, masks: np.ndarray[Any, np.dtype[np.bool_]]) -> FloatArray:
        """Answers (n, k) to masks that were asked."""
        found: FloatArray = self._answers[self._places(masks)]
        return found

    def _places(self, masks: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, Any]:
        return np.array([self._place[key] for key in _keys(masks)], dtype=np.intp)

    def _rows(self, masks: np.ndarray[Any, np.dtype[np.bool_]]) -> Any:
        """Masks as rows; where the model's library is torch, moved there as they are small."""
        rows = masks.astype(np.float32)
        if self.oracle.library == "torch" and self.oracle.domain.kind == "image":  # type: ignore[attr-defined]
            return on_library(rows, "torch", self.oracle.device)
        return rows


def _keys(masks: np.ndarray[Any, np.dtype[np.bool_]]) -> list[bytes]:
    """A key for each mask, equal where masks are."""
    packed = np.packbits(masks, axis=1)
    width, whole = packed.shape[1], packed.tobytes()
    return [whole[at : at + width] for at in range(0, len(whole), width)]


def _curtailed(
    asked: _Asked, plan: MaskPlan, fresh: MaskPlan, ended: Ended, *, least: int
) -> tuple[MaskPlan, MaskPlan]:
    """Of what was answered, what is fitted on and what is measured on."""
    known, again = asked.known(plan.masks), asked.known(fresh.masks)
    if known.all() and again.sum() >= _LEAST_FRESH:
        return plan, fresh.take(again)
    count = int(known.sum())
    held = np.cumsum(known) > count - count // 6
    if count // 6 < _LEAST_FRESH or count - count // 6 < least or plan.exact:
        raise ended
    return plan.take(known & ~held), plan.take(known & held)
