"""Flip points: the nearest row at which two classes tie, and so the distance to the boundary.

With gradients, each class in turn is tied with the true one: the nearest point of the
linearised boundary in the box is found exactly, the boundary linearised anew there, and so on
(the iteration of Hasofer and Lind 1974, here with bounds). What is crossed first on the way to
any of these points counts, so a third class that is on top there is found too.
"""

from __future__ import annotations

import numpy as np

from surrogate._array import to_numpy
from surrogate._optional import require
from surrogate.robust.attacks.hopskipjump import walk
from surrogate.robust.attacks.job import Found, Job
from surrogate.robust.attacks.nearest import cross, nearest, wrong
from surrogate.robust.attacks.surface import Surface
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["flip_point"]

AT_ONCE = 4096  # pairs of a row and a class
LINE = 60  # halvings of a multiplier: to the last digit
DIGITS = 1e-12
OVERSHOOT = (1.02, 1.00001)  # a little past the boundary, and hardly
TINY = 1e-300


def flip_point(job: Job) -> Found | None:
    """The nearest row found at which the decision changes."""
    if job.surface is None:
        walk(job, from_rows=True)
        return None
    logits = job.surface.logits(job.space.clean)
    right = np.flatnonzero(logits.argmax(axis=1) == job.y)
    rivals = min(int(job.options["classes"]), logits.shape[1] - 1)
    logits[np.arange(len(logits)), job.y] = -np.inf
    other = np.argsort(-logits, axis=1, kind="stable")[right, :rivals]
    at, rival = np.repeat(right, rivals), other.ravel()
    best, length = job.space.clean.copy(), np.full(len(job.y), np.inf)
    for start in range(0, len(at), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        _keep_nearest(job, at[part], rival[part], best, length)
    return nearest(job, best)


def _keep_nearest(
    job: Job, at: IntArray, rival: IntArray, best: FloatArray, length: FloatArray
) -> None:
    """Search for some pairs, and keep the nearest row of each clean row, in place."""
    found = _search(job, at, rival)
    over = np.flatnonzero(wrong(job, found, at))
    if not len(over):
        return
    rows = cross(job, found[over], at[over], halvings=job.options["halvings"])
    distance = job.space.distance(rows, "l2", at[over])
    for row, i, far in zip(rows, at[over], distance):
        if far < length[i]:
            best[i], length[i] = row, far


def _search(job: Job, at: IntArray, rival: IntArray) -> FloatArray:
    """The nearest crossing seen for each pair: (m, d); the last point where none was."""
    space, limits = job.space, job.space.limits
    clean, unit = space.clean[at], limits.unit
    moves = limits.mutable & np.isfinite(clean)
    box = [np.where(moves, end - clean, 0.0) / unit for end in (limits.low, limits.high)]
    here = clean.copy()
    seen, length = clean.copy(), np.full(len(at), np.inf)
    for t in range(job.options["steps"]):
        gap, slope = _gap(job.logits, here, job.y[at], rival)
        slope = np.where(moves & np.isfinite(slope), slope, 0.0) * unit
        aim = np.einsum("nd,nd->n", slope, space.steps(here, at)) - gap
        point = clean + _nearest_on_plane(slope, aim, box[0], box[1]) * unit
        here = here + (point - here) * min(1.0, 5.0 / (t + 1))
        for share in OVERSHOOT:
            reach = np.clip(clean + (here - clean) * share, limits.low, limits.high)
            far = space.distance(reach, "l2", at)
            better = wrong(job, reach, at) & (far < length)
            seen[better], length[better] = reach[better], far[better]
    return np.where(np.isfinite(length)[:, None], seen, here)


def _gap(
    surface: Surface, rows: FloatArray, y: IntArray, rival: IntArray
) -> tuple[FloatArray, FloatArray]:
    """By how much the true class leads its rival (m,), and the slope of that (m, d)."""
    torch = require("torch", extra="torch")
    with torch.enable_grad():
        tensor = surface.tensor(rows).requires_grad_(True)
        z = surface.of(tensor)
        index = torch.arange(len(rows), device=z.device)
        first, second = (torch.as_tensor(codes, device=z.device) for codes in (y, rival))
        gap = z[index, first] - z[index, second]
        (slope,) = torch.autograd.grad(gap.sum(), tensor)
    return np.asarray(to_numpy(gap.detach().double())), np.asarray(to_numpy(slope.double()))


def _nearest_on_plane(
    slope: FloatArray, aim: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """The shortest steps s in a box with slope · s = aim: (m, d), by their one multiplier.

    s = clip(m slope, low, high), and slope · s rises with m. Where the box does not reach the
    plane, its corner nearest to it.
    """
    sign = np.where(aim < 0, -1.0, 1.0)[:, None]
    aim, norm = np.abs(aim), np.einsum("nd,nd->n", slope, slope)
    most = np.where(norm > 0, aim / np.maximum(norm, TINY), 0.0)

    def short(multiplier: FloatArray) -> BoolArray:
        steps = np.clip(sign * multiplier[:, None] * slope, low, high)
        reached = np.einsum("nd,nd->n", slope, steps) * sign[:, 0]
        return np.asarray(reached < aim * (1 - DIGITS))

    for _ in range(LINE):  # until the plane is passed, where the box reaches it at all
        most = np.where(short(most), 2 * most, most)
    least = np.zeros_like(most)
    for _ in range(LINE):
        middle = (least + most) / 2
        below = short(middle)
        least, most = np.where(below, middle, least), np.where(below, most, middle)
    return np.asarray(np.clip(sign * most[:, None] * slope, low, high))
