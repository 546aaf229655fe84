"""Weighted moments of [Z, 1, Y] around many rows that share one set of queries.

Every explained row i sees the same perturbed rows s, through its own columns z_i(s) and with
its own weights w_i(s). A column that a row can need (such as "feature 3 lies in bin 2") is
written once, as a plane; a row's Z is then a gather of planes, and its moments are one product.
Rows are taken a few at a time and samples a block at a time, so that everything stays in the
cache; two buffers are used over and over. Block sums are kept: the blocks are independent
replicates of the plan, which is what standard errors need.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from surrogate.types import FloatArray, IntArray

__all__ = [
    "BLOCKS",
    "PAIRED_BLOCKS",
    "Moments",
    "Planes",
    "block_size",
    "blocked",
    "each_chunk",
    "from_samples",
    "one_blas_thread",
    "pair_slots",
    "shared_moments",
]

BLOCKS = 20
"""Blocks of a plan of independent samples; standard errors have one degree of freedom less."""
PAIRED_BLOCKS = 40
"""Blocks of a plan whose samples have partners; half as many degrees of freedom."""
_CHUNK = 8

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Planes:
    """Columns of a shared plan, and which of them each row uses.

    Parameters
    ----------
    bank : array of shape (blocks, m, size)
        m planes of blocks · size samples; samples beyond the plan are 0 in every plane.
    index : int array of shape (r, p)
        Planes that make up [Z, 1, Y] of each row; p = q + 1 + k.
    slope : array of shape (r, p)
        The log of a weight is ``slope @ [Z, 1, Y] + base``.
    base : array of shape (blocks, size) or None
    q : int
        Columns of Z.
    paired : bool
        Whether blocks 2g and 2g + 1 hold partners of one stratum (see `pair_slots`).
    """

    bank: np.ndarray[Any, Any]
    index: IntArray
    slope: np.ndarray[Any, Any]
    base: np.ndarray[Any, Any] | None
    q: int
    paired: bool = False


@dataclass(frozen=True, eq=False)
class Moments:
    """Weighted sums of [Z, 1, Y] for r rows, p = q + 1 + k columns.

    Parameters
    ----------
    blocks : array of shape (r, blocks, p, p)
        Sums of w · column · column, block by block of the plan, in the plan's dtype.
    square : array of shape (r,)
        Sums of squared weights.
    q : int
        Columns of Z; column q is the 1.
    paired : bool
        Whether blocks 2g and 2g + 1 hold partners of one stratum.
    mirrored : bool
        Whether samples 2i and 2i + 1 are partners, both in one block.
    """

    blocks: FloatArray
    square: FloatArray
    q: int
    paired: bool = False
    mirrored: bool = False

    @property
    def total(self) -> FloatArray:
        """Sums over the whole plan, (r, p, p)."""
        whole: FloatArray = self.blocks.sum(axis=1, dtype=np.float64)
        return whole

    def scores(self, coef: FloatArray, intercept: FloatArray) -> FloatArray:
        """Sums of w · [Z, 1] · residual, block by block: (r, blocks, q + 1, k)."""
        q = self.q
        ends = self.blocks[:, :, : q + 1]  # sums against [Z, 1]
        form = np.concatenate([coef, intercept[:, :, None]], axis=2)
        form = form.swapaxes(1, 2).astype(self.blocks.dtype)[:, None]
        score = ends[..., q + 1 :] - np.matmul(ends[..., : q + 1], form)
        return np.asarray(score, dtype=np.float64)


def blocked(
    columns: np.ndarray[Any, Any], dtype: str, slots: IntArray | None = None
) -> np.ndarray[Any, Any]:
    """Cut planes (m, n) into (blocks, m, size), filled up with zeros."""
    m, n = columns.shape
    blocks = BLOCKS if slots is None else PAIRED_BLOCKS
    size = _aligned(n, blocks)
    if slots is None:
        count = -(-n // blocks)
        slots = np.arange(n) // count * size + np.arange(n) % count
    bank = np.zeros((m, blocks * size), dtype=dtype)
    bank[:, slots] = columns
    return np.ascontiguousarray(bank.reshape(m, blocks, size).transpose(1, 0, 2))


def _aligned(n: int, blocks: int) -> int:
    """Room of a block for its share of n: rows that start on cache lines are a tenth faster."""
    return 16 * -(-n // (16 * blocks))


def pair_slots(stratum: IntArray) -> IntArray:
    """Places (n,) of samples in blocks, partners of one stratum in blocks 2g and 2g + 1.

    Samples that are drawn equally often from each stratum (here: from each real row) vary less
    than independent ones. Differences between partners show that; blocks drawn at random do
    not, and gave standard errors twice too large.
    """
    n = len(stratum)
    size = _aligned(n, PAIRED_BLOCKS)
    rank = np.empty(n, dtype=np.intp)
    rank[np.argsort(stratum, kind="stable")] = np.arange(n)
    pair, member = rank // 2, rank % 2
    groups = PAIRED_BLOCKS // 2
    return (2 * (pair % groups) + member) * size + pair // groups


def shared_moments(planes: Planes, rows: slice) -> Moments:
    """Moments of a few rows: gather, weigh, multiply, block by block.

    The product of the weighed planes with the plain ones is a general one: for matrices of
    this size BLAS has a faster kernel for it than for a symmetric one.
    """
    bank, q = planes.bank, planes.q
    index, slope = planes.index[rows], planes.slope[rows, None, :]
    r, p = index.shape
    n_blocks, _, size = bank.shape
    columns = np.empty((r, p, size), bank.dtype)
    weighed = np.empty_like(columns)
    weight = np.empty((r, 1, size), bank.dtype)
    product = np.empty((n_blocks, r, p, p), bank.dtype)
    square = np.zeros(r)
    for b in range(n_blocks):
        np.take(bank[b], index, axis=0, out=columns, mode="clip")  # (m, size) -> (r, p, size)
        np.matmul(slope, columns, out=weight)
        if planes.base is not None:
            weight += planes.base[b]
        np.exp(weight, out=weight)
        np.multiply(columns, weight, out=weighed)
        np.matmul(weighed, columns.swapaxes(1, 2), out=product[b])
        square += np.einsum("rs,rs->r", weighed[:, q], weighed[:, q])
    return Moments(product.swapaxes(0, 1), square, q, planes.paired)


def block_size(n: int, *, mirrored: bool) -> int:
    """Samples in a block of a plan of n; partners stay together."""
    return 2 * -(-n // (2 * BLOCKS)) if mirrored else -(-n // BLOCKS)


def from_samples(
    Z: FloatArray, Y: FloatArray, weight: FloatArray, *, mirrored: bool = False
) -> Moments:
    """Moments of rows that have samples of their own.

    Parameters
    ----------
    Z : array of shape (r, n, q)
    Y : array of shape (r, n, k)
    weight : array of shape (r, n)
    mirrored : bool
        Whether samples 2i and 2i + 1 are partners.
    """
    r, n, q = Z.shape
    size = block_size(n, mirrored=mirrored)
    columns = np.zeros((r, BLOCKS * size, q + 1 + Y.shape[2]))
    columns[:, :n, :q], columns[:, :n, q], columns[:, :n, q + 1 :] = Z, 1.0, Y
    weighed = columns[:, :n] * weight[:, :, None]
    padded = np.zeros_like(columns)
    padded[:, :n] = weighed
    shape = (r, BLOCKS, size, columns.shape[2])
    blocks = np.matmul(padded.reshape(shape).swapaxes(2, 3), columns.reshape(shape))
    return Moments(blocks, np.einsum("rn,rn->r", weight, weight), q, mirrored=mirrored)


def each_chunk(
    n_rows: int,
    work: Callable[[slice], T],
    *,
    size: int = _CHUNK,
    collect: Callable[[T], object] | None = None,
) -> None:
    """Run `work` on slices of at most `size` rows, on as many threads as there are processors.

    BLAS is held to one thread meanwhile: its products here are too small to share. What `work`
    gives back is collected in the order of the rows, whichever thread is first.
    """
    chunks = list(_slices(n_rows, max(1, min(size, -(-n_rows // _processors())))))
    threads = min(_processors(), len(chunks)) if chunks else 0
    with one_blas_thread():
        if threads < 2:
            for chunk in chunks:
                given = work(chunk)
                if collect is not None:
                    collect(given)
            return
        with ThreadPoolExecutor(threads) as pool:
            for given in pool.map(work, chunks):
                if collect is not None:
                    collect(given)


def one_blas_thread() -> Any:
    """Hold BLAS to the thread that calls it.

    Its workers spin for milliseconds after a product, and take the processors from a model that
    is asked next and has threads of its own.
    """
    return _libraries().limit(limits=1, user_api="blas")


@cache
def _libraries() -> ThreadpoolController:
    """The BLAS that NumPy loaded; looking for it takes as long as 20 rows."""
    return ThreadpoolController()


def _slices(n: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def _processors() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
