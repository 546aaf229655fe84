"""One job from plan to measured forms: draw, ask in one go, fit, measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from surrogate.errors import BudgetSpent, Interrupted, OptionError
from surrogate.local._designs import Design, Drawn
from surrogate.local._fit import Fit, Settings, fit_own, fit_shared
from surrogate.local._fresh import Fresh, measure_own, measure_shared
from surrogate.types import FloatArray, IntArray, Label

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["Found", "Job", "is_pair", "kept_columns", "mirrored", "run"]

Ended: TypeAlias = BudgetSpent | Interrupted

_AT_ONCE = 200_000  # perturbed rows asked together where each explained row has its own
_LEAST_FRESH = 50  # rows that a form is measured on where asking ended before its plan
_HELD_BACK = 6  # where none were fresh by then, one in so many of the fit's own is held back


@dataclass(frozen=True, eq=False)
class Job:
    """What is to be explained, and how.

    Parameters
    ----------
    oracle : Oracle
    design : Design
    rows : array of shape (r, d)
    classes : sequence or None
        Names of the classes that are explained; None: all.
    settings : Settings
    level : float
    least : int
        Fewest rows that determine a form.
    """

    oracle: Oracle
    design: Design
    rows: FloatArray
    classes: Sequence[Label] | None
    settings: Settings
    level: float
    least: int

    def ask(self, parts: Sequence[tuple[str, FloatArray]]) -> tuple[list[FloatArray], Ended | None]:
        """Answers (n, k) to each part, shorter or empty after what ended the asking."""
        ended: Ended | None = None
        try:
            answers = self.oracle.ask_parts(parts)
        except (BudgetSpent, Interrupted) as error:
            if error.answers is None:
                raise
            ended, answers, start = error, [], 0
            for _, rows in parts:
                answers.append(error.answers[start : start + len(rows)])
                start += len(rows)
        kept = kept_columns(self.oracle, self.classes)
        return [part.numbers()[:, kept] for part in answers], ended


@dataclass(frozen=True, eq=False)
class Found:
    """Forms of r rows and their fidelity.

    Parameters
    ----------
    rows : array of shape (r, d)
        Fewer than the job's where asking ended before its plan.
    answers : array of shape (r, k)
        The model's, to the rows.
    fit : Fit
    fresh : Fresh
    n : int
        Fresh rows that each form was measured on.
    asked : mapping from purpose to int
    rejected : float
        Share of drawn rows that the constraint refused.
    ended : str
        Why there is less than was planned; empty where all is there.
    """

    rows: FloatArray
    answers: FloatArray
    fit: Fit
    fresh: Fresh
    n: int
    asked: Mapping[str, int]
    rejected: float = 0.0
    ended: str = ""


def kept_columns(
    oracle: Oracle, classes: Sequence[Label] | None, *, owner: str = "Lime"
) -> IntArray:
    """Which columns of the model's answers are explained: (k,).

    Raises
    ------
    OptionError
        If the model does not have a class that is named.
    """
    if classes is None:
        return np.arange(oracle.n_outputs)
    known = oracle.classes
    if known is None:
        raise OptionError(
            f"The `classes` parameter of {owner} must be None for a regression model; got "
            f"{list(classes)!r}."
        )
    for name in classes:
        if name not in known:
            raise OptionError(
                f"The `classes` parameter of {owner} names {name!r}, which the model does not "
                f"have; it has: {', '.join(map(repr, known))}."
            )
    return np.array([list(known).index(name) for name in classes], dtype=np.intp)


def run(job: Job, *, n_samples: int, fidelity: int, seeds: Mapping[str, int]) -> Found:
    """Fit and measure. A budget or a Ctrl-C that ends on the way leaves what can be measured.

    Raises
    ------
    BudgetSpent, Interrupted
        If that is nothing.
    """
    if job.design.shared is None:
        return _own(job, n_samples, fidelity, seeds)
    return _shared(job, n_samples, fidelity, seeds)


# ---- one plan for all rows ----


def _shared(job: Job, n_samples: int, fidelity: int, seeds: Mapping[str, int]) -> Found:
    """One plan for all rows, and one fresh plan."""
    assert job.design.shared is not None
    drawn = job.design.shared(n_samples, seeds["fit"])
    again = job.design.shared(fidelity, seeds["fidelity"])
    told, ended = job.ask([("rows", job.rows), ("fit", drawn.rows), ("fidelity", again.rows)])
    answers, Y, fresh_Y = told
    asked = {"rows": len(answers), "fit": len(Y), "fidelity": len(fresh_Y)}
    said = ""
    if ended is not None:
        drawn, Y, again, fresh_Y = _curtailed(job, (drawn, Y), (again, fresh_Y), ended)
        said = (
            f"Fitted on {len(Y):,} of {n_samples:,} perturbed rows, and measured on "
            f"{len(fresh_Y):,} others instead of {fidelity:,}: {ended.why}."
        )
    pair = not job.settings.exact and is_pair(Y) and is_pair(answers)
    fit = fit_shared(
        job.design,
        drawn,
        job.rows,
        Y=Y[:, 1:] if pair else Y,
        y_row=answers[:, 1:] if pair else answers,
        settings=job.settings,
    )
    if pair:
        fit = mirrored(fit)
    fresh = measure_shared(
        job.design,
        again,
        job.rows,
        Y=fresh_Y,
        coef=fit.coef,
        intercept=fit.intercept,
        width=job.settings.width,
        level=job.level,
    )
    return Found(job.rows, answers, fit, fresh, len(fresh_Y), asked, drawn.rejected, said)


def _curtailed(
    job: Job, fit: tuple[Drawn, FloatArray], fresh: tuple[Drawn, FloatArray], ended: Ended
) -> tuple[Drawn, FloatArray, Drawn, FloatArray]:
    """Of what was answered, what is fitted on and what is measured on."""
    (drawn, Y), (again, fresh_Y) = fit, fresh
    if len(fresh_Y) >= min(_LEAST_FRESH, len(again.rows)):
        return drawn, Y, again.take(slice(len(fresh_Y))), fresh_Y
    held = len(Y) // _HELD_BACK
    cut = len(Y) - held
    if held < _LEAST_FRESH or cut < job.least:
        raise ended
    return drawn.take(slice(cut)), Y[:cut], drawn.take(slice(cut, len(Y))), Y[cut:]


def is_pair(Y: FloatArray) -> bool:
    """Whether there are two classes whose answers sum to one: then one tells the other."""
    return Y.shape[1] == 2 and bool(np.all(np.abs(Y.sum(axis=1) - 1.0) < 1e-6))


def mirrored(fit: Fit) -> Fit:
    """Forms of both classes, from those of the second."""
    return replace(
        fit,
        coef=np.concatenate([-fit.coef, fit.coef], axis=1),
        errors=np.concatenate([fit.errors, fit.errors], axis=1),
        intercept=np.concatenate([1.0 - fit.intercept, fit.intercept], axis=1),
        r2=np.concatenate([fit.r2, fit.r2], axis=1),
        sums=np.concatenate([fit.sums, fit.sums], axis=3),  # of which only spreads are read
    )


# ---- a plan around each row ----


def _own(job: Job, n_samples: int, fidelity: int, seeds: Mapping[str, int]) -> Found:
    """A plan around each row; rows are asked many at a time, each with its fresh ones."""
    assert job.design.own is not None
    place, place_fresh = (
        job.design.own(n, seeds[p]) for n, p in ((n_samples, "fit"), (fidelity, "fidelity"))
    )
    step = max(1, _AT_ONCE // (n_samples + fidelity))
    answers = np.empty((0, 0))
    done, said = 0, ""
    parts: list[tuple[Fit, Fresh]] = []
    while done < len(job.rows) and not said:
        rows = job.rows[done : done + step]
        around = [(place(row), place_fresh(row)) for row in rows]
        plan = [p for a, b in around for p in (("fit", a.rows), ("fidelity", b.rows))]
        told, ended = job.ask(plan if done else [("rows", job.rows), *plan])
        if not done:
            answers, *told = told
        whole = sum(len(Y) == fidelity for Y in told[1::2])  # rows of which all was answered
        if ended is not None:
            if done + whole == 0:
                raise ended
            said = f"{done + whole:,} of {len(job.rows):,} rows were explained: {ended.why}."
        if whole:
            y_row = answers[done : done + whole]
            parts.append(_around(job, rows[:whole], around[:whole], told[: 2 * whole], y_row))
        done += whole
    fit, fresh = (_joined(list(chunks)) for chunks in zip(*parts))
    asked = {"rows": len(answers), "fit": n_samples * done, "fidelity": fidelity * done}
    return Found(job.rows[:done], answers[:done], fit, fresh, fidelity, asked, ended=said)


def _around(
    job: Job,
    rows: FloatArray,
    around: Sequence[tuple[Drawn, Drawn]],
    told: Sequence[FloatArray],
    y_row: FloatArray,
) -> tuple[Fit, Fresh]:
    """Fit and measure a few rows, each on its own two answered plans."""
    fit = fit_own(
        job.design,
        [drawn for drawn, _ in around],
        rows,
        Y=np.stack(told[0::2]),
        y_row=y_row,
        settings=job.settings,
    )
    fresh = measure_own(
        job.design,
        [again for _, again in around],
        rows,
        Y=np.stack(told[1::2]),
        coef=fit.coef,
        intercept=fit.intercept,
        width=job.settings.width,
        level=job.level,
    )
    return fit, fresh


Arrays = TypeVar("Arrays", Fit, Fresh)


def _joined(parts: list[Arrays]) -> Arrays:
    """Arrays of several chunks of rows as one."""
    names = [field.name for field in fields(parts[0])]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return replace(parts[0], **joined)
