"""The coalitions that shap 0.51's KernelExplainer asks, in its order and from its draws.

Sizes are taken whole while what is left of the samples would fill them by their weight; the rest
is drawn, each coalition with its complement.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from surrogate.errors import OptionError
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["ShapPlan", "most_asked", "shap_plan", "varies"]

_NEARLY = 1e-8  # by which a size that just fits may miss
_MOST_COUNTED = 30  # features up to which shap counts the coalitions that there are
_AUTO = 2048  # coalitions beyond two a feature


@dataclass(frozen=True, eq=False)
class ShapPlan:
    """The coalitions that shap asks about one row.

    Parameters
    ----------
    d : int
        Features.
    varying : int array of shape (m,)
        Those that differ from the background; the others have no effect.
    masks : bool array of shape (n, m)
        Which of them each coalition takes from the explained row; none where m < 2.
    weight : array of shape (n,)
    unused : int
        Coalitions that shap made room for, but drew too many times to fill.
    share : float
        Of all the coalitions that there are.
    """

    d: int
    varying: IntArray
    masks: BoolArray
    weight: FloatArray
    unused: int
    share: float

    def rows(self, x: FloatArray, background: FloatArray) -> FloatArray:
        """What is asked: (d,) and (b, d) -> (n * b, d), the background innermost."""
        taken = np.zeros((len(self.masks), self.d), dtype=np.bool_)
        taken[:, self.varying] = self.masks
        return np.where(taken[:, None], x, background).reshape(-1, self.d)


def varies(x: FloatArray, background: FloatArray) -> BoolArray:
    """Whether a row (d,) differs from some background row (b, d) by more than shap's tolerance."""
    return np.asarray(~np.isclose(x, background, equal_nan=True).all(axis=0))


def shap_plan(
    varying: BoolArray, *, nsamples: int | str = "auto", random: np.random.RandomState
) -> ShapPlan:
    """The coalitions that shap asks about one row.

    Parameters
    ----------
    varying : bool array of shape (d,)
    nsamples, random
        As in `shap_values`.

    Raises
    ------
    OptionError
        If `nsamples` is no number of at least 1.
    """
    if nsamples != "auto" and not (isinstance(nsamples, int) and nsamples >= 1):
        raise OptionError(
            "The `nsamples` parameter of KernelShap must be a whole number of at least 1, or "
            f"'auto'; got {nsamples!r}."
        )
    d, at = len(varying), np.flatnonzero(varying)
    m = len(at)
    if m < 2:
        return ShapPlan(d, at, np.zeros((0, m), dtype=np.bool_), np.zeros(0), 0, 1.0)
    there = (1 << m) - 2 if m <= _MOST_COUNTED else 1 << _MOST_COUNTED
    room = most_asked(m, nsamples)
    mass = _masses(m)
    n_whole = _n_whole(m, room, mass)
    masks, weight = _whole_sizes(m, n_whole, mass)
    if n_whole < len(mass):
        drawn, times = _drawn(m, room - len(masks), mass, n_whole, random)
        masks = np.concatenate([masks, drawn])
        weight = np.concatenate([weight, times * (mass[n_whole:].sum() / times.sum())])
    return ShapPlan(d, at, masks, weight, room - len(masks), room / there)


def most_asked(m: int, nsamples: int | str) -> int:
    """Coalitions that shap has room for where m features vary."""
    if m < 2:
        return 0
    room = 2 * m + _AUTO if isinstance(nsamples, str) else nsamples
    return min(room, (1 << m) - 2) if m <= _MOST_COUNTED else room


def _n_paired(m: int) -> int:
    """Sizes below half, each of which goes with its complement."""
    return (m - 1) // 2


def _masses(m: int) -> FloatArray:
    """What the Shapley kernel gives to each size up to half, its complement with it."""
    mass = np.array([(m - 1.0) / (s * (m - s)) for s in range(1, m // 2 + 1)])
    mass[: _n_paired(m)] *= 2
    return np.asarray(mass / mass.sum())


def _n_whole(m: int, room: int, mass: FloatArray) -> int:
    """How many sizes are taken whole: while what is left would fill the next by its weight."""
    left, share = float(room), mass.copy()
    for s in range(1, len(mass) + 1):
        there = comb(m, s) * (2 if s <= _n_paired(m) else 1)
        mine = share[s - 1]
        if left * mine / there < 1.0 - _NEARLY:
            return s - 1
        left -= there
        if mine < 1.0:
            share /= 1 - mine
    return len(mass)


def _whole_sizes(m: int, n_whole: int, mass: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Every coalition of the first sizes, each followed by its complement: (n, m), (n,)."""
    masks, weight = [np.zeros((0, m), dtype=np.bool_)], [np.zeros(0)]
    for s in range(1, n_whole + 1):
        chosen = np.array(list(combinations(range(m), s)))
        one = np.zeros((len(chosen), m), dtype=np.bool_)
        np.put_along_axis(one, chosen, values=True, axis=1)
        each = mass[s - 1] / comb(m, s)
        if s <= _n_paired(m):
            one = np.stack([one, ~one], axis=1).reshape(-1, m)
            each /= 2.0
        masks.append(one)
        weight.append(np.full(len(one), each))
    return np.concatenate(masks), np.concatenate(weight)


def _drawn(
    m: int, room: int, mass: FloatArray, n_whole: int, random: np.random.RandomState
) -> tuple[BoolArray, FloatArray]:
    """Coalitions of the other sizes (n, m), and how many times each was drawn (n,)."""
    law = mass.copy()
    law[: _n_paired(m)] /= 2  # one draw of these brings two
    law = law[n_whole:] / law[n_whole:].sum()
    found: dict[bytes, int] = {}
    masks: list[BoolArray] = []
    times: list[float] = []
    for drawn in random.choice(len(law), 4 * room, p=law):
        if len(masks) >= room:
            break
        size = int(drawn) + n_whole + 1
        mask = np.zeros(m, dtype=np.bool_)
        mask[random.permutation(m)[:size]] = True
        place = found.setdefault(mask.tobytes(), len(masks))
        pair = [mask, ~mask] if size <= _n_paired(m) else [mask]
        for i, one in enumerate(pair):
            if place + i < len(masks):
                times[place + i] += 1.0
            elif len(masks) < room:
                masks.append(one)
                times.append(1.0)
    return np.array(masks), np.array(times)
