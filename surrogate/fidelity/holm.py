"""Many tests at once: Holm's correction, and whether a family can be decided at all."""

from __future__ import annotations

import math
from collections.abc import Sequence

from surrogate.errors import InputError

__all__ = ["family_note", "holm", "resamples_for", "smallest_p"]

LEAST = 9_999
MOST = 199_999
EXACT = 20_000
"""Up to this many permutations all are tried, and the test is exact."""


def holm(p: Sequence[float | None], *, family: int | None = None) -> tuple[float | None, ...]:
    """P values corrected so that a family errs at all in at most its level of cases.

    Parameters
    ----------
    p : sequence of float or None
        One a test; None where a declared test could not be made, which still counts.
    family : int, optional
        How many tests were declared, if more than are given.

    Returns
    -------
    tuple of float or None
        Each no smaller than its own p; valid however the tests depend on each other.

    Raises
    ------
    InputError
        If a p is not in (0, 1], or fewer tests were declared than are given.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> from surrogate.fidelity import holm
    >>> holm([0.01, 0.04, None, 0.03])
    (0.04, 0.09, None, 0.09)
    """
    known = sorted((value, i) for i, value in enumerate(p) if value is not None)
    size = len(p) if family is None else family
    if size < len(p):
        raise InputError(f"A family of {size} tests cannot hold the {len(p)} that are given.")
    corrected: list[float | None] = [None] * len(p)
    least = 0.0
    for rank, (value, i) in enumerate(known):
        if not 0 < value <= 1:
            raise InputError(f"A p value lies in (0, 1]; got {value} at {i}.")
        least = max(least, min(1.0, value * (size - rank)))
        corrected[i] = least
    return tuple(corrected)


def resamples_for(family: int, *, level: float = 0.95) -> int:
    """How many permutations to draw so that Holm's first step stays in reach.

    Examples
    --------
    >>> from surrogate.fidelity.holm import resamples_for
    >>> resamples_for(24), resamples_for(400)
    (9999, 39999)
    """
    return min(MOST, max(LEAST, math.ceil(round(5 * family / (1 - level), 6)) - 1))


def smallest_p(
    *, sources: int | None = None, seeds: tuple[int, int] | None = None, resamples: int = LEAST
) -> float:
    """The smallest p value that a permutation test can reach.

    Parameters
    ----------
    sources : int, optional
        Source rows, whose signs are flipped.
    seeds : pair of int, optional
        Training seeds of both arms, which are permuted.
    resamples : int
        Draws where there are too many permutations to try all.

    Examples
    --------
    >>> from surrogate.fidelity.holm import smallest_p
    >>> smallest_p(sources=5), smallest_p(seeds=(3, 3)), smallest_p(sources=1000)
    (0.0625, 0.1, 0.0001)
    """
    if sources is not None:
        if sources < 1:
            return 1.0
        every = 2.0 ** min(sources - 1, 100)
        return 1 / every if every <= EXACT else 1 / (resamples + 1)
    assert seeds is not None
    first, second = seeds
    if min(first, second) < 1:
        return 1.0
    ways = math.comb(first + second, first)
    twins = 2 if first == second else 1
    return twins / ways if ways <= EXACT else 1 / (resamples + 1)


def family_note(smallest: float, family: int, *, level: float = 0.95) -> str:
    """Say that no verdict of a family can be reached, and why; empty where one can.

    Parameters
    ----------
    smallest : float
        See `smallest_p`.
    family : int
        Tests that are declared.
    level : float

    Examples
    --------
    >>> from surrogate.fidelity.holm import family_note
    >>> print(family_note(0.0078125, 24))
    No difference can be shown: the smallest p value in reach is 0.0078, and Holm's first step over
    24 tests asks for 0.0021. More source rows or training seeds, or at most 6 tests, would do.
    >>> family_note(0.0001, 24)
    ''
    """
    alpha = 1 - level + 1e-12
    if smallest * family <= alpha:
        return ""
    most = math.floor(alpha / smallest)
    fewer = f", or at most {most:,} test{'' if most == 1 else 's'}," if most else ""
    return (
        f"No difference can be shown: the smallest p value in reach is {smallest:.2g}, and Holm's "
        f"first step over {family:,} test{'' if family == 1 else 's'} asks for "
        f"{alpha / family:.2g}. More source rows or training seeds{fewer} would do."
    )
