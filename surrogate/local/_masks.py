"""Plans of masks: which parts of an image or text are kept together, and with what weight.

All masks with equally many kept parts are equally likely, so a law of masks is a law of that
number s. LIME's law: s is binomial for images and uniform for texts, times a kernel of the
cosine distance 1 - sqrt(s / m) between the mask and the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from surrogate.local._kernel import exponential
from surrogate.local._moments import BLOCKS, Moments, from_samples
from surrogate.sampling import generator
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["MaskPlan", "every_mask", "fresh_masks", "lime_masks", "moments_of", "paired_masks"]


@dataclass(frozen=True, eq=False)
class MaskPlan:
    """Masks to ask.

    Parameters
    ----------
    masks : bool array of shape (n, m)
        True where a part is kept.
    weight : array of shape (n,)
    exact : bool
        Whether these are all masks there are, so that no error of sampling is left.
    """

    masks: BoolArray
    weight: FloatArray
    exact: bool = False

    def take(self, at: BoolArray) -> MaskPlan:
        """Some of the masks."""
        return MaskPlan(self.masks[at], self.weight[at])


def kernel(kept: IntArray, m: int, width: float) -> FloatArray:
    """Weights of masks that keep so many of m parts."""
    return exponential((1.0 - np.sqrt(kept / m)) ** 2, width)


@lru_cache(maxsize=64)
def law(m: int, *, sizes: str, width: float) -> FloatArray:
    """Probabilities (m + 1,) of keeping 0, 1, ..., m parts: LIME's draws times its kernel."""
    kept = np.arange(m + 1)
    base = _halves(m) if sizes == "binomial" else (kept < m) / m
    p: FloatArray = base * kernel(kept, m, width)
    p /= p.sum()
    p.flags.writeable = False
    return p


def _halves(m: int) -> FloatArray:
    """Probabilities (m + 1,) of so many heads in m tosses."""
    from scipy import special

    kept = np.arange(m + 1)
    ways = special.gammaln(m + 1) - special.gammaln(kept + 1) - special.gammaln(m - kept + 1)
    return np.asarray(np.exp(ways - m * np.log(2.0)), dtype=np.float64)


def paired_masks(m: int, n: int, *, p: FloatArray, seed: int) -> MaskPlan:
    """Masks in pairs, each followed by its complement, weighted to the law p.

    What parts do together two by two is the same for a mask and its complement, and cancels.
    Pairs are drawn from the law made symmetric, so that no weight is over 2, with the numbers
    of kept parts spread evenly over it.
    """
    masks, weight = _paired(m, n, p.tobytes(), seed)
    return MaskPlan(masks, weight)


@lru_cache(maxsize=8)
def _paired(m: int, n: int, law_bytes: bytes, seed: int) -> tuple[BoolArray, FloatArray]:
    """`paired_masks`, kept for inputs with equally many parts."""
    p = np.frombuffer(law_bytes)
    random, pairs = generator(seed, "paired masks"), -(-n // 2)
    even = (p + p[::-1]) / 2
    first = _subsets(_spread(even, pairs, random), m, random)
    ratio = np.divide(p, even, out=np.zeros_like(p), where=even > 0)
    masks = np.stack([first, ~first], axis=1).reshape(2 * pairs, m)[:n]
    weight = ratio[masks.sum(axis=1)]
    masks.flags.writeable = weight.flags.writeable = False
    return masks, weight


def fresh_masks(m: int, n: int, *, p: FloatArray, seed: int) -> MaskPlan:
    """Independent masks, drawn from the law itself."""
    random = generator(seed, "fresh masks")
    kept = random.choice(m + 1, size=n, p=p)
    return MaskPlan(_subsets(kept, m, random), np.ones(n))


def every_mask(m: int, *, p: FloatArray) -> MaskPlan:
    """All 2^m masks, each with its probability."""
    from scipy import special

    codes = np.arange(1 << m)[:, None]
    masks = (codes >> np.arange(m)) & 1 == 1
    kept = masks.sum(axis=1)
    return MaskPlan(masks, p[kept] / special.binom(m, kept), exact=True)


def lime_masks(m: int, n: int, *, sizes: str, width: float, seed: int) -> MaskPlan:
    """What lime 0.2.0.1 draws behind the input itself, which is its sample 0."""
    # lime's stream is NumPy's old generator; anything else would draw other masks.
    random = np.random.RandomState(seed)
    if sizes == "binomial":
        random.randint(0, high=1000)  # lime's seed for its segmentation
        masks = random.randint(0, 2, (n + 1) * m).reshape(n + 1, m)[1:] == 1
    else:
        masks = np.ones((n, m), dtype=np.bool_)
        for row, gone in zip(masks, random.randint(1, m + 1, n)):
            row[random.choice(range(m), gone, replace=False)] = False
    return MaskPlan(masks, kernel(masks.sum(axis=1), m, width))


def moments_of(plan: MaskPlan, Y: FloatArray) -> Moments:
    """Weighted moments of [Z, 1, Y], in blocks that are replicates of the plan.

    Each block gets whole pairs, of all numbers of kept parts.
    """
    n, m = plan.masks.shape
    pairs = -(-n // 2)
    size = 2 * -(-pairs // BLOCKS)
    pair, member = np.divmod(np.arange(n), 2)
    slots = (pair % BLOCKS) * size + 2 * (pair // BLOCKS) + member
    Z, answers, weight = (np.zeros((1, BLOCKS * size, *shape)) for shape in ((m,), Y.shape[1:], ()))
    Z[0, slots], answers[0, slots], weight[0, slots] = plan.masks, Y, plan.weight
    return from_samples(Z, answers, weight)


def _spread(p: FloatArray, n: int, random: np.random.Generator) -> IntArray:
    """N draws from a law, one from each n-th of it."""
    places = (np.arange(n) + random.random(n)) / n
    found = np.searchsorted(np.cumsum(p), places)
    return np.minimum(found, len(p) - 1)


def _subsets(kept: IntArray, m: int, random: np.random.Generator) -> BoolArray:
    """Masks that keep so many parts, any as likely as another: (n,) -> (n, m)."""
    order = np.argsort(random.random((len(kept), m)), axis=1)
    masks = np.empty((len(kept), m), dtype=np.bool_)
    np.put_along_axis(masks, order, np.arange(m) < kept[:, None], axis=1)
    return masks
