"""Random numbers that are the same on every array library and device.

A counter-based generator needs no state: number i is a function of i and a key, so that a GPU
draws what the host would draw, without a row crossing the bus. Philox4x32 with ten rounds
(Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), written
with the array API in 64-bit integers, since torch has no unsigned ones: its whole numbers agree
bit for bit between libraries, uniform numbers do too, normal ones to the last digits of the
library's logarithm, sine and cosine.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from surrogate._array import namespace, on_library
from surrogate._validate import Whole, check
from surrogate.types import Array

__all__ = ["normals", "philox4x32", "uniforms"]

_MULTIPLY = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = 0xFFFFFFFF
_AT_ONCE = 1 << 22  # counters worked on together


def philox4x32(counters: Array, *, key: tuple[int, int], rounds: int = 10) -> Array:
    """Four 32-bit whole numbers for each counter.

    Parameters
    ----------
    counters : int64 array of shape (n, 4), NumPy or torch
        Words from 0 to 2³² - 1, the lowest first.
    key : two ints
        Of 32 bits each.
    rounds : int

    Returns
    -------
    int64 array of shape (n, 4)
        From 0 to 2³² - 1, on the library and device of `counters`.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.sampling.philox import philox4x32
    >>> [f"{word:08x}" for word in philox4x32(np.zeros((1, 4), dtype=np.int64), key=(0, 0))[0]]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    xp = namespace(counters)
    a, b, c, d = (counters[:, i] for i in range(4))
    first, second = key
    for _ in range(rounds):
        (high_a, low_a), (high_c, low_c) = _product(a, _MULTIPLY[0]), _product(c, _MULTIPLY[1])
        a, b, c, d = high_c ^ b ^ first, low_c, high_a ^ d ^ second, low_a
        first, second = (first + _WEYL[0]) & _LOW, (second + _WEYL[1]) & _LOW
    return xp.stack([a, b, c, d], axis=1)


def _product(x: Array, by: int) -> tuple[Array, Array]:
    """High and low words of a product of 32-bit numbers, with no step beyond 49 bits."""
    low = x * (by & 0xFFFF)
    middle = x * (by >> 16) + (low >> 16)
    return middle >> 16, ((middle & 0xFFFF) << 16) | (low & 0xFFFF)


def uniforms(
    n: int, *, seed: int, stream: str, library: str = "numpy", device: str = "cpu"
) -> Array:
    """Uniform numbers between 0 and 1, both left out.

    Parameters
    ----------
    n : int
    seed : int
        Not negative.
    stream : str
        Streams of one seed are independent.
    library : {"numpy", "torch"}
    device : str

    Returns
    -------
    float64 array of shape (n,)
        Bit for bit the same on every library and device.

    Examples
    --------
    >>> from surrogate.sampling.philox import uniforms
    >>> uniforms(2, seed=0, stream="noise").round(3).tolist()
    [0.158, 0.701]
    """
    check("uniforms", {"seed": Whole(0)}, {"seed": seed})
    xp, where = _library(library, device)
    key = _key(seed, stream)
    half, parts = -(-n // 2), []
    for start in range(0, half, _AT_ONCE):
        counters = _counters(start, min(start + _AT_ONCE, half), xp, where)
        parts.append(_fractions(philox4x32(counters, key=key), xp))
    return xp.concat(parts)[:n] if parts else xp.zeros(0, dtype=xp.float64, **where)


def normals(
    n: int, *, seed: int, stream: str, library: str = "numpy", device: str = "cpu"
) -> Array:
    """Standard normal numbers, by the transform of Box and Muller (1958).

    Parameters
    ----------
    n, seed, stream, library, device
        As in `uniforms`.

    Returns
    -------
    float64 array of shape (n,)
    """
    xp, _ = _library(library, device)
    pairs = xp.reshape(
        uniforms(n + n % 2, seed=seed, stream=stream, library=library, device=device), (-1, 2)
    )
    length, angle = xp.sqrt(-2.0 * xp.log(pairs[:, 0])), 2.0 * math.pi * pairs[:, 1]
    both = xp.stack([length * xp.cos(angle), length * xp.sin(angle)], axis=1)
    return xp.reshape(both, (-1,))[:n]


def _key(seed: int, stream: str) -> tuple[int, int]:
    """A key of two words for one stream of a seed."""
    digest = hashlib.blake2b(f"{int(seed)}\x1f{stream}".encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def _counters(start: int, stop: int, xp: Any, where: dict[str, Any]) -> Array:
    """Counters from `start` to `stop` as words: (n, 4)."""
    at = xp.arange(start, stop, dtype=xp.int64, **where)
    none = xp.zeros_like(at)
    return xp.stack([at & _LOW, at >> 32, none, none], axis=1)


def _fractions(words: Array, xp: Any) -> Array:
    """Two fractions of 53 bits from four words of 32: (n, 4) -> (2n,)."""
    high, low = words[:, 0::2] >> 5, words[:, 1::2] >> 6
    whole = xp.astype(high * (1 << 26) + low, xp.float64)
    return xp.reshape((whole + 0.5) * 2.0**-53, (-1,))


def _library(library: str, device: str) -> tuple[Any, dict[str, Any]]:
    """An array namespace, and where its arrays are made."""
    xp = namespace(on_library(np.zeros(1), library, device))
    return xp, ({"device": device} if library == "torch" else {})
