"""A small net on digits and one on a table of many kinds, trained once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from surrogate.adapters import TorchBox
from surrogate.domain import Domain
from surrogate.oracle import Oracle
from surrogate.robust.attacks import ATTACKS, Adversarial, Limits, run_attack

torch = pytest.importorskip("torch")
pytest.importorskip("art", reason="needs the adversarial extra")


@dataclass(frozen=True, eq=False)
class Case:
    """A net, its box's domain, and rows to attack."""

    net: Any
    domain: Domain
    X: np.ndarray
    y: np.ndarray
    limits: Limits
    radius: float

    def oracle(self, **said: Any) -> Oracle:
        return Oracle(TorchBox(self.net, output="scores"), self.domain, **said)

    def decide(self, rows: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return self.net(torch.tensor(rows, dtype=torch.float32)).argmax(1).numpy()


def trained(X: np.ndarray, y: np.ndarray, *, hidden: int, steps: int) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        k = int(y.max()) + 1
        net = torch.nn.Sequential(
            torch.nn.Linear(X.shape[1], hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, k)
        )
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    rows, codes = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    for _ in range(steps):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(rows), codes).backward()
        optimiser.step()
    return net.eval()


@pytest.fixture(scope="session")
def digits() -> Case:
    """Digits in [0, 1], and held-out rows."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X = X / 16
    names = [f"p{j}" for j in range(64)]
    domain = Domain.infer(
        X,
        names=names,
        kinds=dict.fromkeys(names, "continuous"),
        bounds=dict.fromkeys(names, (0, 1)),
    )
    net = trained(X[:1200], y[:1200], hidden=32, steps=120)
    return Case(net, domain, X[1200:], y[1200:], Limits.of(domain), 0.15)


class Scaled(torch.nn.Module):
    """A net of standardised columns that takes the table's own numbers."""

    def __init__(self, net: Any, mean: np.ndarray, spread: np.ndarray) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))

    def forward(self, rows: Any) -> Any:
        return self.net((rows - self.mean) / self.spread)


@pytest.fixture(scope="session")
def table() -> Case:
    """A table of columns of every kind and of very different scales."""
    draw = np.random.default_rng(0)
    n = 600
    X = np.column_stack(
        [
            draw.integers(18, 80, n),  # age
            draw.normal(30_000, 9_000, n).clip(5_000, 60_000),  # pay
            draw.gamma(2.0, 0.01, n),  # rate, open above
            draw.integers(0, 3, n),  # job
            draw.integers(0, 2, n),  # member
            draw.normal(0, 1, n),  # fixed
        ]
    )
    lead = (X[:, 0] - 49) / 18 + (X[:, 1] - 30_000) / 9_000 - (X[:, 2] - 0.02) / 0.014 + X[:, 3] / 2
    y = (lead > 0.5).astype(np.int64)
    domain = Domain.infer(
        X,
        names=["age", "pay", "rate", "job", "member", "fixed"],
        kinds={"job": "categorical", "age": "integer"},
        categories={"job": [0, 1, 2]},
        bounds={"age": (18, 90), "pay": (0, 100_000), "rate": (0, None)},
    )
    mean, spread = X.mean(axis=0), X.std(axis=0)
    net = Scaled(trained((X - mean) / spread, y, hidden=16, steps=150), mean, spread)
    limits = Limits.of(domain, immutable=["fixed"], scale=spread)
    return Case(net, domain, X, y, limits, 0.5)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Small products are slower on several threads, and much so beside other tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


QUICK: dict[str, dict[str, Any]] = {
    "bim": {"steps": 10},
    "least_likely": {"steps": 10},
    "pgd": {"steps": 10},
    "cw_l2": {"steps": 40, "searches": 3},
    "cw_linf": {"steps": 15, "searches": 8, "rate": 0.05},
    "deepfool": {"steps": 20},
    "square": {"steps": 80},
    "hopskipjump": {"steps": 3},
    "flip_point": {"steps": 5},
}
ROWS = 20


@pytest.fixture(scope="session")
def attacked(digits: Case, table: Case) -> Callable[[str, str], Adversarial]:
    """The rows that an attack makes of twenty rows, made once."""

    @cache
    def made(case: str, name: str) -> Adversarial:
        return attack({"digits": digits, "table": table}[case], name)

    return made


def attack(case: Case, name: str, *, seed: int = 0, oracle: Oracle | None = None) -> Adversarial:
    return run_attack(
        name,
        oracle or case.oracle(),
        case.X[:ROWS],
        case.y[:ROWS],
        radius=case.radius if ATTACKS[name].takes_radius else None,
        limits=case.limits,
        options=QUICK.get(name),
        seed=seed,
    )


@pytest.fixture(scope="session")
def attacking() -> Callable[..., Adversarial]:
    return attack


@pytest.fixture(scope="session")
def quick() -> dict[str, dict[str, Any]]:
    """Options under which each attack takes a moment."""
    return QUICK
