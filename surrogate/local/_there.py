"""Shared plans fitted and measured by torch, on a GPU: planes lie there, rows come in chunks.

What the host does in `_moments`, `_solve` and `_fresh`, step for step. Only arrays of the size of
the results come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate._optional import require
from surrogate.fidelity.local import R2Sums
from surrogate.local._designs import Design, Drawn
from surrogate.local._fit import (
    SINGLE_CONDITION,
    Fit,
    Settings,
    is_single,
    parts_of,
)
from surrogate.local._fresh import Fresh
from surrogate.local._moments import Planes
from surrogate.local._planes import make_planes
from surrogate.local._replicates import STATISTICS, flips
from surrogate.local._solve import COLLINEAR
from surrogate.types import FloatArray

__all__ = ["fit_there", "measure_there", "works_there"]

_BYTES = 1 << 31  # of planes gathered for a chunk of rows


def works_there(settings: Settings) -> bool:
    """Whether a device solves such a fit; what lime chooses and adds is worked out on the host."""
    return settings.selection == "none" and not settings.with_row and not settings.exact


@dataclass(frozen=True, eq=False)
class _Bank:
    """Planes and rows of a plan as tensors."""

    planes: Planes
    bank: Any  # (blocks, m, size)
    index: Any  # (r, p)
    slope: Any  # (r, p)
    base: Any  # (blocks, 1, 1, size) or None

    @classmethod
    def of(cls, planes: Planes, device: str) -> _Bank:
        """The planes on a device; the rows follow when they are wanted."""
        torch = require("torch", extra="torch")
        base = planes.base
        return cls(
            planes,
            torch.as_tensor(planes.bank, device=device),
            planes.index,
            planes.slope,
            None if base is None else torch.as_tensor(base, device=device)[:, None, None],
        )

    def step(self) -> int:
        """Rows whose columns fit into a chunk, thrice."""
        blocks, _, size = self.bank.shape
        one = blocks * size * self.index.shape[1] * self.bank.element_size()
        return int(max(1, min(_BYTES // (3 * one), 1 << 14)))

    def seen(self, at: slice) -> tuple[Any, Any]:
        """Columns (blocks, c, p, size) and weights (blocks, c, 1, size) of a few rows."""
        torch = require("torch", extra="torch")
        index = torch.as_tensor(self.index[at], device=self.bank.device)
        slope = torch.as_tensor(self.slope[at], device=self.bank.device)
        columns = self.bank[:, index.reshape(-1)].reshape(len(self.bank), *index.shape, -1)
        weight = torch.matmul(slope[None, :, None], columns)
        if self.base is not None:
            weight += self.base
        return columns, weight.exp_()


def fit_there(
    design: Design,
    drawn: Drawn,
    rows: FloatArray,
    *,
    Y: FloatArray,
    settings: Settings,
    device: str,
) -> Fit:
    """Forms of r rows from one plan of n rows and the answers Y (n, k); as `fit_shared`."""
    fit = Fit.empty(len(rows), Y.shape[1], rows.shape[1], parts=parts_of(design))
    level = Y.mean(axis=0)
    todo = np.arange(len(rows))
    single = is_single(design, settings, rows.shape[1])
    for dtype in ("float32", "float64") if single else ("float64",):
        planes = make_planes(
            design, drawn, rows[todo], Y - level, width=settings.width, dtype=dtype
        )
        bank = _Bank.of(planes, device)
        most = SINGLE_CONDITION if dtype == "float32" else np.inf
        step = bank.step()
        for start in range(0, len(todo), step):
            at = slice(start, start + step)
            _solve(fit, todo[at], _Sums.of(bank, at), settings, most)
        todo = np.flatnonzero(fit.condition > SINGLE_CONDITION)
        if not todo.size:
            break
    fit.intercept[...] += level
    return fit


@dataclass(frozen=True, eq=False)
class _Sums:
    """Weighted sums of a few rows, on their device in float64; p = q + 1 + k."""

    blocks: Any  # (c, blocks, p, p), in the planes' dtype
    weight: Any  # (c,)
    square: Any  # (c,)
    mean: Any  # (c, p)
    scatter: Any  # (c, p, p)
    q: int
    paired: bool

    @classmethod
    def of(cls, bank: _Bank, at: slice) -> _Sums:
        q = bank.planes.q
        columns, weight = bank.seen(at)
        weighed = columns * weight
        blocks = (weighed @ columns.mT).swapaxes(0, 1)  # (c, blocks, p, p)
        square = (weighed[:, :, q].double() ** 2).sum(dim=(0, 2))
        total = blocks.double().sum(dim=1)
        whole = total[:, q, q]
        mean = total[:, :, q] / whole.where(whole > 0, 1.0)[:, None]
        scatter = total - whole[:, None, None] * mean[:, :, None] * mean[:, None, :]
        return cls(blocks, whole, square, mean, scatter, q, bank.planes.paired)


def _solve(fit: Fit, rows: Any, sums: _Sums, settings: Settings, most: float) -> None:
    """Fill in the forms of a few rows."""
    torch = require("torch", extra="torch")
    q = sums.q
    zz, zy = sums.scatter[:, :q, :q], sums.scatter[:, :q, q + 1 :]
    inverse, condition = _inverse(sums, settings.ridge)
    coef = (inverse @ zy).mT  # (c, k, q)
    intercept = sums.mean[:, q + 1 :] - (coef @ sums.mean[:, :q, None])[..., 0]
    ess = (sums.weight**2 / sums.square).where(sums.square > 0, 0.0)
    yy = sums.scatter.diagonal(dim1=1, dim2=2)[:, q + 1 :].clamp(min=0.0)
    flat = yy <= 1e-24 * sums.weight[:, None].clamp(min=1e-300)
    explained = 2.0 * (coef * zy.mT).sum(dim=2) - ((coef @ zz) * coef).sum(dim=2)
    found = {
        "coef": coef,
        "intercept": intercept,
        "condition": condition,
        "inflation": zz.diagonal(dim1=1, dim2=2) * inverse.diagonal(dim1=1, dim2=2),
        "ess": ess,
        "r2": (explained / yy.where(~flat, 1.0)).where(~flat, torch.nan),
    }
    if settings.has_errors:
        shares = _shares(sums, coef, intercept, inverse, condition, ess)
        found["errors"] = (shares**2).sum(dim=1).sqrt()
        final = (condition <= most) & shares.isfinite().all(dim=(1, 2, 3))
        fit.add(_replicates(coef[final], shares[final]))
    for name, values in found.items():
        getattr(fit, name)[rows] = to_numpy(values)


def _inverse(sums: _Sums, ridge: float) -> tuple[Any, Any]:
    """Inverses of the centred sums, and condition numbers; as `solve`."""
    torch = require("torch", extra="torch")
    q = sums.q
    zz = sums.scatter[:, :q, :q].clone()
    level = sums.weight[:, None] * (sums.mean[:, :q] ** 2).clamp(min=1e-30)
    diagonal = zz.diagonal(dim1=1, dim2=2)  # a view
    varies = diagonal > torch.finfo(torch.float64).eps * 64 * level
    both = varies[:, :, None] & varies[:, None, :]
    zz *= both
    diagonal += ridge
    diagonal[~varies] = 1.0
    scale = diagonal.rsqrt()
    scale = scale[:, :, None] * scale[:, None, :]
    correlation = zz * scale
    inverse = torch.linalg.inv_ex(correlation).inverse
    norm = correlation.abs().sum(dim=1).amax(dim=1)
    condition = norm * inverse.abs().sum(dim=1).amax(dim=1)
    bad = ~(condition < COLLINEAR)
    if bool(bad.any()):
        cut = {"rtol": 1.0 / COLLINEAR, "hermitian": True}
        inverse[bad] = torch.linalg.pinv(correlation[bad], **cut)
        rank = torch.linalg.matrix_rank(correlation[bad], tol=q / COLLINEAR, hermitian=True)
        spread = norm[bad] * inverse[bad].abs().sum(dim=1).amax(dim=1)
        condition[bad] = spread.where(rank >= q, torch.inf)
    return inverse * scale * both, condition


def _shares(sums: _Sums, coef: Any, intercept: Any, inverse: Any, condition: Any, ess: Any) -> Any:
    """What each part of the plan adds to the errors, (c, parts, k, q); as `coefficient_shares`."""
    torch = require("torch", extra="torch")
    q, blocks = sums.q, sums.blocks
    form = torch.cat([coef, intercept[:, :, None]], dim=2).mT.to(blocks.dtype)[:, None]
    score = blocks[:, :, : q + 1, q + 1 :] - blocks[:, :, : q + 1, : q + 1] @ form
    score = score.double()
    score = score[:, :, :q] - sums.mean[:, None, :q, None] * score[:, :, q, None]
    influence = inverse[:, None] @ score
    n_blocks = influence.shape[1]
    factor = n_blocks / (n_blocks - 1)
    if sums.paired:
        influence, factor = influence[:, 0::2] - influence[:, 1::2], 1.0
    small = (factor * ess / (ess - q - 1)).where(ess > q + 1, torch.nan).sqrt()
    small = small.where(condition < COLLINEAR, torch.nan)
    return influence.mT * small[:, None, None, None]


def _replicates(coef: Any, shares: Any) -> FloatArray:
    """Sums over rows, replicate by replicate; as `replicate_sums`."""
    torch = require("torch", extra="torch")
    signs = torch.as_tensor(flips(shares.shape[1]), device=shares.device)
    sums = torch.zeros((len(signs), len(STATISTICS) + 1, *coef.shape[1:]), **_like(coef))
    for few, part in zip(coef.split(1024), shares.split(1024)):
        moved = torch.einsum("hb,rbkq->rhkq", signs, part) + few[:, None]
        sums[:, 0] += moved.sum(dim=0)
        sums[:, 1] += moved.abs().sum(dim=0)
        sums[:, 2] += (moved > 0).sum(dim=0)
    sums[:, 3] = len(coef)
    return np.asarray(to_numpy(sums))


def _like(tensor: Any) -> dict[str, Any]:
    return {"dtype": tensor.dtype, "device": tensor.device}


def measure_there(
    design: Design,
    drawn: Drawn,
    rows: FloatArray,
    *,
    Y: FloatArray,
    fit: Fit,
    settings: Settings,
    level: float,
    device: str,
) -> Fresh:
    """Fidelity of r forms on one fresh plan with answers Y (n, k); as `measure_shared`."""
    torch = require("torch", extra="torch")
    r, k, d = fit.coef.shape
    fresh = Fresh.empty(r, k)
    single = is_single(design, settings, d)
    dtype = "float32" if single else "float64"
    planes = make_planes(
        design, drawn, rows, Y[:, :0], width=settings.width, dtype=dtype, single=True
    )
    bank = _Bank.of(planes, device)
    centre = Y.mean(axis=0) if single else np.zeros(k)
    answers = torch.as_tensor((Y - centre).T.astype(dtype), device=device)  # (k, n)
    beta = np.concatenate([fit.coef, (fit.intercept - centre)[:, :, None]], axis=2)
    still = 4 * float(np.finfo(dtype).eps) * np.abs(to_numpy(answers)).max(axis=1)[None]
    step = bank.step()
    for start in range(0, r, step):
        at = slice(start, start + step)
        columns, weight = bank.seen(at)
        columns, weight = columns[0], weight[0]  # (c, d + 1, n), (c, 1, n)
        form = torch.as_tensor(beta[at].astype(dtype), device=device)
        sums = _r2_sums(answers - form @ columns, answers, weight)
        total, square, sse, sst, influence = (
            np.asarray(to_numpy(part), dtype=np.float64) for part in sums
        )
        found = R2Sums(total, square, sse, sst, influence, still).r2(level)
        for name in vars(fresh):
            getattr(fresh, name)[at] = getattr(found, name)
    return fresh


def _r2_sums(errors: Any, answers: Any, weight: Any) -> tuple[Any, ...]:
    """All but the last of `R2Sums`, from errors (c, k, n) and weights (c, 1, n)."""
    total = weight.double().sum(dim=2)  # (c, 1)
    square = (weight.double() ** 2).sum(dim=(1, 2))
    mean = (weight @ answers.mT)[:, 0].double() / total.where(total > 0, 1.0)
    varied = (answers - mean[..., None].to(answers.dtype)) ** 2 * weight
    lost = errors**2 * weight
    sse, sst = lost.double().sum(dim=2), varied.double().sum(dim=2)
    lost = lost / sse[..., None].to(lost.dtype)
    lost -= varied / sst.where(sst > 0, 1.0)[..., None].to(lost.dtype)
    return total[:, 0], square, sse, sst, (lost**2).double().sum(dim=2)
