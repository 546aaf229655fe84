"""Carlini-Wagner: the nearest row that fools, by Adam on a penalty, in L2 and in Linf.

The library's own are there as ``solver="library"``. They stay well short of the nearest row at
every budget that was tried (its L2 descends by line searches, which end at the kink of the
hinge), so by default the published way is taken: Adam, all rows at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate._optional import require
from surrogate.robust.attacks.job import Found, Job
from surrogate.robust.attacks.library import calling, classifier, library
from surrogate.robust.attacks.nearest import nearest
from surrogate.types import FloatArray

__all__ = ["cw_l2", "cw_linf"]

AT_ONCE = 1024  # rows
INSIDE = 0.999  # where variables of a column at its bound begin: further out they hardly move
FACTOR = 10.0  # by which the constant grows until a row is fooled
SHRINK = 0.9  # of the threshold of Linf after each success
BATCH = 256


def cw_l2(job: Job) -> Found:
    """Shortest steps in L2: min |s|² + c max(lead + confidence, 0)."""
    if job.options["solver"] == "library":
        return nearest(job, _library(job, "CarliniL2Method", {"batch_size": BATCH}))
    return nearest(job, _in_parts(job, _shortest))


def cw_linf(job: Job) -> Found:
    """Smallest largest step: min c max(lead + confidence, 0) + Σ max(|s_j| - τ, 0), τ falling."""
    if job.options["solver"] == "library":
        tuned = {"initial_const": 0.1, "largest_const": 20.0, "const_factor": 4.0}
        return nearest(job, _library(job, "CarliniLInfMethod", tuned))
    return nearest(job, _in_parts(job, _flattest))


def _in_parts(job: Job, solve: Any) -> FloatArray:
    """Rows (n, d), solved a thousand at a time."""
    n = len(job.y)
    parts = [np.arange(k, min(k + AT_ONCE, n)) for k in range(0, n, AT_ONCE)]
    return np.concatenate([solve(_Problem(job, part)) for part in parts])


class _Problem:
    """Some rows as torch sees them: free variables without bounds, and what they mean."""

    def __init__(self, job: Job, at: np.ndarray[Any, Any]) -> None:
        self.torch = torch = require("torch", extra="torch")
        self.options, self.logits = job.options, job.logits
        limits = job.space.limits
        tensor = job.logits.tensor
        self.clean, self.unit = tensor(job.space.clean[at]), tensor(limits.unit)
        self.low, self.high = tensor(limits.low), tensor(limits.high)
        self.moves = tensor(limits.mutable.astype(np.float64)) > 0
        self.boxed = torch.isfinite(self.low) & torch.isfinite(self.high) & (self.high > self.low)
        zeros, ones = torch.zeros_like(self.low), torch.ones_like(self.low)
        self.floor = torch.where(self.boxed, self.low, zeros)  # an infinity that is not taken
        self.width = torch.where(self.boxed, self.high - self.low, ones)  # would spoil the slope
        self.y = torch.as_tensor(job.y[at], device=self.clean.device)
        self.n = len(at)

    def variables(self) -> Any:
        """Where the search begins (n, d): variables that mean the clean rows."""
        torch = self.torch
        share = (self.clean - self.floor) / self.width * 2 - 1
        bounded = torch.atanh(torch.clamp(share, -INSIDE, INSIDE))
        start = torch.where(self.boxed, bounded, torch.zeros_like(bounded))
        return start.clone().requires_grad_(True)

    def rows(self, v: Any) -> Any:
        """The rows (n, d) that variables mean: in the box, whatever they are."""
        torch = self.torch
        bounded = self.floor + self.width * (torch.tanh(v) + 1) / 2
        open_ = torch.clamp(self.clean + v * self.unit, self.low, self.high)
        found = torch.where(self.boxed, bounded, open_)
        return torch.where(self.moves, found, self.clean)

    def steps(self, rows: Any) -> Any:
        """How far rows are from their clean rows, in units (n, d)."""
        return self.torch.where(self.moves, (rows - self.clean) / self.unit, 0.0)

    def lead(self, rows: Any) -> Any:
        """By how much the true class leads (n,)."""
        z = self.logits.of(rows)
        own = z.gather(1, self.y[:, None])[:, 0]
        others = z.scatter(1, self.y[:, None], -float("inf"))
        return own - others.max(dim=1).values


def _shortest(problem: _Problem) -> FloatArray:
    """The shortest steps in L2 that were seen to fool: rows (n, d)."""
    torch, options = problem.torch, problem.options
    best = problem.clean.clone()
    length = torch.full((problem.n,), float("inf"), device=best.device, dtype=best.dtype)
    low, high = torch.zeros_like(length), torch.full_like(length, float("inf"))
    c = torch.full_like(length, options["constant"])
    for _ in range(options["searches"]):
        v = problem.variables()
        optimiser = torch.optim.Adam([v], lr=options["rate"])
        fooled = torch.zeros_like(length, dtype=torch.bool)
        for _ in range(options["steps"]):
            rows = problem.rows(v)
            lead = problem.lead(rows)
            squares = (problem.steps(rows) ** 2).sum(dim=1)
            fooled |= _take_better(problem, rows, lead, squares, best, length)
            loss = squares + c * torch.clamp(lead + options["confidence"], min=0)
            optimiser.zero_grad()
            loss.sum().backward()
            optimiser.step()
        high = torch.where(fooled, torch.minimum(high, c), high)
        low = torch.where(fooled, low, torch.maximum(low, c))
        c = torch.where(torch.isfinite(high), (low + high) / 2, c * FACTOR)
    return _host(best)


def _flattest(problem: _Problem) -> FloatArray:
    """The steps of smallest largest entry that were seen to fool: rows (n, d)."""
    torch, options = problem.torch, problem.options
    best = problem.clean.clone()
    length = torch.full((problem.n,), float("inf"), device=best.device, dtype=best.dtype)
    c = torch.full_like(length, options["constant"])
    start = problem.variables().detach()
    limit = torch.full_like(length, float("inf"))  # no penalty until a row is fooled
    for _ in range(options["searches"]):
        v = start.clone().requires_grad_(True)
        optimiser = torch.optim.Adam([v], lr=options["rate"])
        fooled = torch.zeros_like(length, dtype=torch.bool)
        for _ in range(options["steps"]):
            rows = problem.rows(v)
            lead = problem.lead(rows)
            steps = problem.steps(rows).abs()
            largest = steps.max(dim=1).values
            fooled |= _take_better(problem, rows, lead, largest, best, length)
            over = torch.clamp(steps - limit[:, None], min=0).sum(dim=1)
            loss = over + c * torch.clamp(lead + options["confidence"], min=0)
            optimiser.zero_grad()
            loss.sum().backward()
            optimiser.step()
        limit = length * SHRINK
        c = torch.where(fooled, c, c * 2)
        on = fooled | ~torch.isfinite(length)
        start = torch.where(on[:, None], v.detach(), start)
    return _host(best)


def _take_better(problem: _Problem, rows: Any, lead: Any, size: Any, best: Any, length: Any) -> Any:
    """Keep rows that fool by steps smaller than the best ones, in place; which did (n,)."""
    with problem.torch.no_grad():
        fooled = lead < -problem.options["confidence"]
        better = fooled & (size < length)
        best.copy_(problem.torch.where(better[:, None], rows, best))
        length.copy_(problem.torch.where(better, size, length))
    return better


def _host(rows: Any) -> FloatArray:
    return np.asarray(to_numpy(rows.detach().double()))


def _library(job: Job, name: str, tuned: dict[str, Any]) -> FloatArray:
    """The library's own rows (n, d); its Linf starts from a largest step of 1."""
    model, frame = classifier(job.logits, job.space, finite=True)
    attack: Any = getattr(library("art.attacks.evasion"), name)(
        model,
        confidence=job.options["confidence"],
        learning_rate=job.options["rate"],
        max_iter=job.options["steps"],
        verbose=False,
        **tuned,
    )
    with calling():
        rows = attack.generate(frame.into(job.space.clean), job.y)
    return frame.back(rows)
