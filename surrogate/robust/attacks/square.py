"""Square: random search by blocks of plus and minus the radius, on scores that are asked.

The library's own wants four-dimensional images; this one takes rows. A block is a square of
pixels where the rows are pictures of a `shape`, else a handful of columns.
"""

from __future__ import annotations

import math

import numpy as np

from surrogate.errors import OptionError
from surrogate.robust.attacks.job import Job
from surrogate.sampling import generator
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["square"]

# After which share of the steps the block shrinks to half, as published (of 10,000 steps).
HALVED_AT = (0.001, 0.005, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8)


def square(job: Job) -> None:
    """Put blocks of the radius on rows, and keep those that lower the true class's lead."""
    hunt, space = job.hunt, job.space
    shape = _shape(job)
    hunt.ask_clean()
    draws = [generator(job.seed, "attack", "square", i) for i in range(len(job.y))]
    at = np.flatnonzero(~hunt.fooled)
    if not len(at):
        return
    reach = job.ball * space.limits.unit
    signs = np.stack([_stripes(draws[i], shape) for i in at])
    here, margin = hunt.margins(space.clean[at] + signs * reach, at)
    for step in range(job.options["steps"]):
        keep = margin >= 0
        at, here, margin = at[keep], here[keep], margin[keep]
        if not len(at):
            return
        share = _share(job.options["share"], step / job.options["steps"])
        rows = here.copy()
        for k, i in enumerate(at):
            block, sign = _block(draws[i], shape, share, space.limits.mutable)
            rows[k, block] = space.clean[i, block] + sign * reach[block]
        rows, lead = hunt.margins(rows, at)
        better = lead <= margin  # of labels alone all leads are equal: the walk goes on
        here[better], margin[better] = rows[better], lead[better]
    standing = np.isfinite(margin) & (margin >= 0)
    hunt.best[at[standing]] = here[standing]  # not fooled, and the nearest to it in the ball


def _shape(job: Job) -> tuple[int, int, int]:
    """Height, width and channels of a row seen as a picture; (1, 1, d) of a table."""
    d = job.space.clean.shape[1]
    given = job.options["shape"]
    if given is None:
        return (1, 1, d)
    shape = tuple(int(side) for side in given)
    if len(shape) not in (2, 3) or min(shape, default=0) < 1 or math.prod(shape) != d:
        raise OptionError(
            f"The `shape` parameter of the attack square must be (height, width) or (height, "
            f"width, channels) of {d} columns; got {given!r}."
        )
    return (shape[0], shape[1], 1 if len(shape) == 2 else shape[2])


def _share(first: float, done: float) -> float:
    """The share of a row that a block covers when a share of the steps is done."""
    return float(first / 2 ** sum(done > edge for edge in HALVED_AT))


def _stripes(draw: np.random.Generator, shape: tuple[int, int, int]) -> FloatArray:
    """Signs (d,) to begin with: stripes down a picture, each column of a table its own."""
    height, width, channels = shape
    signs = draw.choice([-1.0, 1.0], size=(1, width, channels))
    return np.broadcast_to(signs, (height, width, channels)).ravel()


def _block(
    draw: np.random.Generator, shape: tuple[int, int, int], share: float, mutable: BoolArray
) -> tuple[IntArray, FloatArray]:
    """Which columns (b,) a block covers, and their signs (b,)."""
    height, width, channels = shape
    if height * width == 1:
        free = np.flatnonzero(mutable)
        size = max(1, round(share * len(free)))
        return draw.choice(free, size, replace=False), draw.choice([-1.0, 1.0], size=size)
    side = min(max(1, round(math.sqrt(share * height * width))), height, width)
    top, left = draw.integers(height - side + 1), draw.integers(width - side + 1)
    places = np.arange(height * width * channels).reshape(height, width, channels)
    inside = places[top : top + side, left : left + side]
    signs = np.broadcast_to(draw.choice([-1.0, 1.0], size=channels), inside.shape)
    return inside.ravel(), signs.ravel()
