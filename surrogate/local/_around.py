"""Plans around each row: drawn once, applied to a few rows at a time, asked, and reduced.

Where the plan's offsets are the same for every row one fixed operator solves all rows
(`_operator.py`), on the library and the device where the model's answers lie; otherwise every
row is solved from its own samples. Either way only a few rows' perturbed rows are there at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from surrogate._array import is_torch, namespace, on_library, to_numpy
from surrogate._optional import require
from surrogate.errors import BudgetSpent, Interrupted
from surrogate.explanation.encoding import Scaled
from surrogate.local._designs import Drawn
from surrogate.local._fit import Fit, fit_own, z_of
from surrogate.local._fresh import Fresh, measure_own
from surrogate.local._job import Ended, Found, Job, joined, kept_columns
from surrogate.local._kernel import exponential
from surrogate.local._moments import one_blas_thread
from surrogate.local._operator import Operator
from surrogate.local._pairs import doubled, is_pair, mirrored
from surrogate.types import Array, FloatArray

if TYPE_CHECKING:
    from surrogate.oracle import Answers

__all__ = ["Around", "Moved", "moves_alike"]

AT_ONCE = 1 << 16
"""Perturbed rows that are there at once on a processor: they stay in its cache."""
AT_ONCE_THERE = 1 << 20
"""The same on a GPU, which wants more to do at a time."""
_NEGLIGIBLE = 1e-4  # of the offsets' deviation, what rounding may move a perturbed row by
_EPSILON = {"float64": 2.0**-53, "float32": 2.0**-24}


def moves_alike(job: Job) -> bool:
    """Whether a plan's offsets are the same for every row of a job, rounding included."""
    if job.design.offsets is None or job.settings.with_row:
        return False
    epsilon = _EPSILON.get(job.oracle.dtype)
    if epsilon is None or not np.isfinite(job.rows).all():
        return False
    spread = job.design.offsets(64, seed=0).std(axis=0)
    size = np.abs(job.rows).max(axis=0, initial=0.0) + 8.0 * spread
    return bool(np.all((spread == 0) | (epsilon * size <= _NEGLIGIBLE * spread)))


class _Asking:
    """Explains rows of a job a few at a time, each on perturbed rows of its own."""

    def __init__(self, job: Job, n_samples: int, fidelity: int, seeds: Mapping[str, int]) -> None:
        self._job, self._n, self._fidelity, self._seeds = job, n_samples, fidelity, seeds
        self._whole = n_samples + fidelity
        there = AT_ONCE if job.oracle.device == "cpu" else AT_ONCE_THERE
        self._step = max(1, there // self._whole)

    def __call__(self, at: slice) -> Found:
        """Ask, fit and measure some of the job's rows."""
        job, rows = self._job, self._job.rows[at]
        answers = np.empty((0, 0))
        done, said = 0, ""
        parts: list[tuple[Fit, Fresh]] = []
        while done < len(rows) and not said:
            few = rows[done : done + self._step]
            own, told, ended = self._told(few, None if done else rows)
            answers = answers if done else own
            whole = len(few) if ended is None else len(told) // self._whole
            if ended is not None:
                if done + whole == 0:
                    raise ended
                total = f"{at.start + done + whole:,} of {len(job.rows):,}"
                said = f"{total} rows were explained: {ended.why}."
            if whole:
                y_row = answers[done : done + whole]
                with one_blas_thread():
                    parts.append(self._reduce(few[:whole], told[: whole * self._whole], y_row))
            done += whole
        fit, fresh = joined([fit for fit, _ in parts]), joined([fresh for _, fresh in parts])
        asked = {"rows": len(answers), "fit": self._n * done, "fidelity": self._fidelity * done}
        return Found(rows[:done], answers[:done], fit, fresh, self._fidelity, asked, ended=said)

    def _told(
        self, few: FloatArray, rows: FloatArray | None
    ) -> tuple[FloatArray, Answers, Ended | None]:
        """Answers to all the rows to explain, if given, and to those around a few of them."""
        matrix = self._perturbed(few)
        spans = self._spans(len(few), 0 if rows is None else len(rows))
        if rows is not None:
            own = on_library(rows, "torch", str(matrix.device)) if is_torch(matrix) else rows
            xp = namespace(matrix)
            matrix = xp.concat([xp.astype(own, matrix.dtype), matrix])
        oracle, ended = self._job.oracle, None
        try:
            answers = oracle.ask(matrix, purpose=spans)
        except (BudgetSpent, Interrupted) as error:
            if error.answers is None:
                raise
            answers, ended = error.answers, error
        if rows is None:
            return np.empty((0, 0)), answers, ended
        kept = kept_columns(oracle, self._job.classes)
        return answers[: len(rows)].numbers()[:, kept], answers[len(rows) :], ended

    def _spans(self, few: int, rows: int) -> tuple[tuple[str, int], ...]:
        """Purposes, and where the rows of each end."""
        ends = [("rows", rows)] if rows else []
        for i in range(few):
            start = rows + i * self._whole
            ends += [("fit", start + self._n), ("fidelity", start + self._whole)]
        return tuple(ends)

    def _perturbed(self, few: FloatArray) -> Array:
        """What the model is asked around a few rows: (c · whole, d)."""
        raise NotImplementedError

    def _reduce(self, few: FloatArray, told: Answers, y_row: FloatArray) -> tuple[Fit, Fresh]:
        """Forms of a few rows, and their fidelity, from the answers (c · whole, k)."""
        raise NotImplementedError


class Around(_Asking):
    """Every row is solved from samples of its own."""

    def __init__(self, job: Job, n_samples: int, fidelity: int, seeds: Mapping[str, int]) -> None:
        super().__init__(job, n_samples, fidelity, seeds)
        assert job.design.own is not None
        self._place = job.design.own(n_samples, seeds["fit"], mirrored=True)
        self._place_fresh = job.design.own(fidelity, seeds["fidelity"])
        self._around: list[tuple[Drawn, Drawn]] = []

    def _perturbed(self, few: FloatArray) -> Array:
        self._around = [(self._place(row), self._place_fresh(row)) for row in few]
        return np.concatenate([part.rows for both in self._around for part in both])

    def _reduce(self, few: FloatArray, told: Answers, y_row: FloatArray) -> tuple[Fit, Fresh]:
        job, around = self._job, self._around[: len(few)]
        Y = told.numbers()[:, kept_columns(job.oracle, job.classes)]
        Y = Y.reshape(len(few), self._whole, -1)
        fit = fit_own(
            job.design,
            [drawn for drawn, _ in around],
            few,
            Y=Y[:, : self._n],
            y_row=y_row,
            settings=job.settings,
        )
        fresh = measure_own(
            job.design,
            [again for _, again in around],
            few,
            Y=Y[:, self._n :],
            coef=fit.coef,
            intercept=fit.intercept,
            width=job.settings.width,
            level=job.level,
        )
        return fit, fresh


class Moved(_Asking):
    """One operator solves all rows, since each is moved by the same offsets."""

    def __init__(self, job: Job, n_samples: int, fidelity: int, seeds: Mapping[str, int]) -> None:
        super().__init__(job, n_samples, fidelity, seeds)
        draw, encoding, oracle = job.design.offsets, job.design.encoding, job.oracle
        assert draw is not None
        assert isinstance(encoding, Scaled)
        library, device = oracle.library, oracle.device
        moved = draw(n_samples, seed=seeds["fit"], mirrored=True, library=library, device=device)
        fresh = draw(fidelity, seed=seeds["fidelity"], library=library, device=device)
        self._offsets = self._as_asked(namespace(moved).concat([moved, fresh]))
        scale = on_library(encoding.scale, library, device)
        self._operator = Operator.of(
            moved / scale, job.settings, width=job.settings.width if job.design.weighed else None
        )
        z = np.asarray(to_numpy(fresh)) / encoding.scale
        self._fresh_z, self._fresh_weight = z, np.ones(len(z))
        if job.design.weighed:
            self._fresh_weight = exponential((z**2).sum(axis=1), job.settings.width)
        self._room: Array | None = None

    def _as_asked(self, rows: Array) -> Array:
        """Rows as the model takes them: tensors of its dtype where they need not be decoded."""
        oracle = self._job.oracle
        if oracle.library != "torch" or not oracle.domain.takes_tensors:
            return to_numpy(rows)
        there = on_library(rows, "torch", oracle.device)
        return there if oracle.dtype == "float64" else there.float()

    def _perturbed(self, few: FloatArray) -> Array:
        centres = self._as_asked(few)[:, None, :]
        if not is_torch(centres):
            moved: FloatArray = centres + self._offsets
            return moved.reshape(-1, few.shape[1])
        if self._room is None or len(self._room) < len(few):
            self._room = centres + self._offsets  # (c, whole, d)
        else:  # making room anew would take as long as a small net
            torch = require("torch", extra="torch")
            torch.add(centres, self._offsets, out=self._room[: len(few)])
        return self._room[: len(few)].reshape(-1, few.shape[1])

    def _reduce(self, few: FloatArray, told: Answers, y_row: FloatArray) -> tuple[Fit, Fresh]:
        kept = kept_columns(self._job.oracle, self._job.classes)
        values = told.values
        if len(kept) < values.shape[1]:
            values = values[:, kept]
        answers = values.reshape(len(few), self._whole, -1)
        fresh_Y = np.asarray(to_numpy(answers[:, self._n :]), dtype=np.float64)
        pair = is_pair(y_row) and is_pair(fresh_Y)
        Y = answers[:, : self._n]
        if pair:
            Y, fresh_Y = Y[:, :, 1:], fresh_Y[:, :, 1:]
        fit = self._operator.fit(Y, z_row=z_of(self._job.design, few))
        if not np.isfinite(fit.r2).all():
            told.numbers()  # raises where answers are too large to be squared
        fresh = self._measure(fit, few, fresh_Y)
        return (mirrored(fit), doubled(fresh)) if pair else (fit, fresh)

    def _measure(self, fit: Fit, few: FloatArray, Y: FloatArray) -> Fresh:
        """Fidelity on fresh rows with answers Y (c, n, k)."""
        here = fit.intercept + np.einsum("rkd,rd->rk", fit.coef, z_of(self._job.design, few))
        answers = np.ascontiguousarray(Y.swapaxes(1, 2))  # (c, k, n)
        errors = answers - here[:, :, None]
        errors -= np.matmul(fit.coef, self._fresh_z.T)
        fresh = Fresh.empty(len(few), Y.shape[2])
        weight = np.broadcast_to(self._fresh_weight, (len(few), len(self._fresh_weight)))
        fresh.fill(slice(None), errors, answers, weight, self._job.level)
        return fresh
