"""Linear nets, whose worst rows and nearest boundaries are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from surrogate.adapters import TorchBox, wrap
from surrogate.domain import Domain
from surrogate.oracle import Oracle
from surrogate.robust.attacks import Limits, run_attack
from surrogate.robust.attacks.flip_point import _nearest_on_plane

torch = pytest.importorskip("torch")
D = 6


def linear(k: int, seed: int = 0) -> tuple[Any, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(k, D)), 0.1 * rng.normal(size=k)
    net = torch.nn.Linear(D, k).double()
    with torch.no_grad():
        net.weight.copy_(torch.tensor(W))
        net.bias.copy_(torch.tensor(b))
    return net, W, b


def rows_of(n: int, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(1).normal(size=(n, D))
    return X, (X @ W.T + b).argmax(axis=1)


def oracle_of(net: Any, X: np.ndarray) -> Oracle:
    return Oracle(TorchBox(net, output="scores"), Domain.infer(X))


@pytest.mark.parametrize("name", ["fgsm", "bim", "pgd", "least_likely"])
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_lead_falls_by_radius_times_the_dual_norm(name: str, norm: str) -> None:
    net, W, b = linear(2)
    X, y = rows_of(30, W, b)
    unit = np.geomspace(0.1, 10, D)
    limits = Limits.of(Domain.infer(X), scale=unit)
    found = run_attack(
        name, oracle_of(net, X), X, y, radius=0.3, limits=limits, options={"norm": norm}
    )
    w = (W[1] - W[0]) * unit
    dual = np.abs(w).sum() if norm == "linf" else np.sqrt((w**2).sum())

    def lead(rows: np.ndarray) -> np.ndarray:
        z = rows @ W.T + b
        return np.where(y == 1, z[:, 1] - z[:, 0], z[:, 0] - z[:, 1])

    turns = name == "pgd" and norm == "l2"  # a random start comes round the sphere slowly
    slack = 0.05 if turns else 2e-5
    np.testing.assert_allclose(lead(X) - lead(found.rows), 0.3 * dual, rtol=slack)
    np.testing.assert_array_equal(found.fooled, lead(found.rows) < 0)


def test_the_worst_logistic_loss_is_the_published_one() -> None:
    """Softplus of radius |w|_1 - y (w x + b), for both signs of y."""
    net, W, b = linear(2)
    X, y = rows_of(50, W, b)
    found = run_attack("fgsm", oracle_of(net, X), X, y, radius=0.25)
    w, c, sign = W[1] - W[0], b[1] - b[0], np.where(y == 1, 1.0, -1.0)
    loss = np.logaddexp(0, -sign * (found.rows @ w + c)).mean()
    worst = np.logaddexp(0, 0.25 * np.abs(w).sum() - sign * (X @ w + c)).mean()
    assert loss == pytest.approx(worst, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "slack", "options"),
    [
        ("flip_point", 1e-5, {}),
        ("deepfool", 0.021, {}),
        ("cw_l2", 0.03, {"steps": 60, "searches": 5}),
        ("hopskipjump", 0.15, {"steps": 12, "first": 60}),
    ],
)
@pytest.mark.parametrize("k", [2, 4])
def test_the_distance_to_the_boundary_of_a_linear_net(
    name: str, slack: float, options: dict[str, Any], k: int
) -> None:
    net, W, b = linear(k)
    X, y = rows_of(25, W, b)
    z = X @ W.T + b
    own, rows = z[np.arange(25), y], W[y]
    with np.errstate(invalid="ignore"):
        pairs = (own[:, None] - z) / np.linalg.norm(rows[:, None] - W[None], axis=2)
    pairs[np.arange(25), y] = np.inf
    least = pairs.min(axis=1)
    found = run_attack(name, oracle_of(net, X), X, y, options=options)
    assert found.fooled.all()
    assert (found.distance >= least * (1 - 1e-9)).all()
    assert np.median(found.distance / least) <= 1 + slack
    if name == "flip_point":
        np.testing.assert_allclose(found.distance, least, rtol=slack)


def test_the_largest_step_of_carlini_and_wagner_is_near_the_least() -> None:
    net, W, b = linear(2)
    X, y = rows_of(25, W, b)
    z = X @ W.T + b
    least = np.abs(z[:, 1] - z[:, 0]) / np.abs(W[1] - W[0]).sum()
    options = {"steps": 20, "searches": 20}
    found = run_attack("cw_linf", oracle_of(net, X), X, y, options=options)
    assert (found.distance >= least * (1 - 1e-9)).all()
    assert np.median(found.distance / least) < 1.15


def test_flip_points_in_a_box_are_the_constrained_optimum() -> None:
    net, W, b = linear(2)
    X, y = rows_of(12, W, b)
    X = np.clip(X, -1, 1)
    y = (X @ W.T + b).argmax(axis=1)
    names = [f"x{j}" for j in range(D)]
    domain = Domain.infer(X, names=names, bounds=dict.fromkeys(names, (-1.0, 1.0)))
    found = run_attack("flip_point", Oracle(TorchBox(net, output="scores"), domain), X, y)
    w, c = W[1] - W[0], b[1] - b[0]
    for i in np.flatnonzero(found.fooled):
        best = minimize(
            lambda s: s @ s,
            np.zeros(D),
            jac=lambda s: 2 * s,
            bounds=list(zip(-1 - X[i], 1 - X[i])),
            constraints={"type": "eq", "fun": lambda s, i=i: w @ (X[i] + s) + c},
        )
        assert found.distance[i] == pytest.approx(np.sqrt(best.fun), rel=1e-4)
    assert found.fooled.sum() >= 10


def test_the_nearest_point_of_a_plane_in_a_box() -> None:
    rng = np.random.default_rng(0)
    slope, low, high = rng.normal(size=(40, 5)), -rng.random((40, 5)), rng.random((40, 5))
    most = np.where(slope > 0, high, low)
    reach = np.einsum("nd,nd->n", slope, most)
    aim = reach * np.linspace(0.05, 1.5, 40)  # the last ones out of reach
    steps = _nearest_on_plane(slope, aim, low, high)
    assert ((steps >= low) & (steps <= high)).all()
    inside = aim <= reach
    np.testing.assert_allclose(np.einsum("nd,nd->n", slope, steps)[inside], aim[inside], rtol=1e-9)
    np.testing.assert_allclose(steps[~inside], most[~inside], rtol=1e-6)
    free = (steps > low) & (steps < high)
    for row, a, f in zip(steps[inside], slope[inside], free[inside]):
        ratio = row[f] / a[f]  # one multiplier for all that is not at a bound
        assert np.ptp(ratio) < 1e-6 * np.abs(ratio).max(initial=1)
    assert _nearest_on_plane(np.zeros((1, 3)), np.ones(1), low[:1, :3], high[:1, :3]).sum() == 0


def test_a_row_that_is_wrong_already_stays() -> None:
    net, W, b = linear(2)
    X, y = rows_of(10, W, b)
    for name in ("flip_point", "deepfool", "cw_l2", "hopskipjump"):
        options = {"steps": 3} if name == "cw_l2" else None
        found = run_attack(name, oracle_of(net, X), X, 1 - y, options=options)
        assert found.fooled.all()
        assert (found.distance == 0).all()
        np.testing.assert_array_equal(found.rows, X)


def test_by_answers_alone_the_distance_is_near_the_boundary_too() -> None:
    _, W, b = linear(2)
    X, y = rows_of(20, W, b)
    z = X @ W.T + b
    least = np.abs(z[:, 1] - z[:, 0]) / np.linalg.norm(W[1] - W[0])
    box = wrap(lambda rows: (rows @ W.T + b).argmax(axis=1), output="labels", classes=[0, 1])
    oracle = Oracle(box, Domain.infer(X))
    found = run_attack("flip_point", oracle, X, y, options={"steps": 12, "first": 60})
    assert found.fooled.all()
    assert 1 <= np.median(found.distance / least) < 1.1
