"""Domains and reference rows of every kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from surrogate.domain import Domain

Mixed = Callable[..., tuple[Domain, np.ndarray]]


def columns(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A column of each kind, some values missing, one constant, one derived."""
    size = rng.normal(170, 10, n).clip(140, 200).round(1)
    weight = np.where(rng.random(n) < 0.1, np.nan, size / 2 + rng.normal(0, 5, n))
    colour = rng.choice(["blue", "green", "red"], n, p=[0.6, 0.3, 0.1])
    hot = rng.integers(3, size=n)
    return {
        "size": size,
        "weight": weight,
        "age": rng.integers(18, 80, n),
        "grade": np.array(["low", "mid", "top"])[rng.integers(3, size=n)],
        "colour": colour,
        "member": rng.random(n) < 0.3,
        "flag": (rng.random(n) < 0.2).astype(int),
        "constant": np.full(n, 2.5),
        "hot_a": (hot == 0).astype(int),
        "hot_b": (hot == 1).astype(int),
        "hot_c": (hot == 2).astype(int),
        "twice": size * 2,
    }


@pytest.fixture(scope="session")
def mixed() -> Mixed:
    """Domain of every kind and its internal reference rows."""

    def make(n: int = 200, *, seed: int = 0, **options: object) -> tuple[Domain, np.ndarray]:
        data = columns(n, np.random.default_rng(seed))
        domain = Domain.infer(
            data,
            kinds={"grade": "ordinal"},
            categories={"grade": ["low", "mid", "top"]},
            bounds={"size": (140, 200), "age": (18, 80)},
            groups={"hot": ("hot_a", "hot_b", "hot_c")},
            derived={"twice": lambda c: c["size"] * 2},
            **options,  # type: ignore[arg-type]
        )
        return domain, domain.encode(data)

    return make


@pytest.fixture(scope="session")
def correlated() -> tuple[Domain, np.ndarray]:
    """2,000 rows of four columns: two pairs that correlate by .95 and -.8, pairs independent."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2_000, 4))
    X = z.copy()
    X[:, 1] = 0.95 * z[:, 0] + np.sqrt(1 - 0.95**2) * z[:, 1]
    X[:, 3] = -0.8 * z[:, 2] + 0.6 * z[:, 3]
    return Domain.infer(X), X
