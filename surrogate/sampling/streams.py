"""Seeded random streams: every draw of the package starts here."""

from __future__ import annotations

import hashlib

import numpy as np

from surrogate._validate import Whole, check

__all__ = ["child_seed", "generator"]


def generator(seed: int, *stream: int | str) -> np.random.Generator:
    """A counter-based random generator for one named stream of a seed.

    Equal arguments give equal draws on every machine; different streams of one seed are
    independent, so that one method's draws do not move when another's change.

    Parameters
    ----------
    seed : int
        Not negative.
    *stream : int or str
        Names of the stream, such as ``"neighbours", 0``.

    Returns
    -------
    numpy.random.Generator
        Philox (Salmon et al., SC 2011), keyed by the seed and the stream.

    Raises
    ------
    OptionError
        If the seed is not a whole number from 0 up.

    Examples
    --------
    >>> from surrogate.sampling import generator
    >>> first, again = generator(7, "bins"), generator(7, "bins")
    >>> bool(first.random() == again.random())
    True
    >>> bool(generator(7, "bins").random() == generator(7, "noise").random())
    False
    """
    check("generator", {"seed": Whole(0)}, {"seed": seed})
    parts = [f"{type(part).__name__[:3]}:{part}" for part in stream]
    name = "\x1f".join([str(int(seed)), *parts]).encode()
    key = int.from_bytes(hashlib.blake2b(name, digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


def child_seed(seed: int, *stream: int | str) -> int:
    """A seed of its own for one named stream of a seed, for what takes seeds itself.

    Parameters
    ----------
    seed : int
        Not negative.
    *stream : int or str
        Names of the stream.

    Examples
    --------
    >>> from surrogate.sampling import child_seed
    >>> child_seed(7, "refit", 0) == child_seed(7, "refit", 1)
    False
    """
    return int(generator(seed, "child", *stream).integers(2**31))
