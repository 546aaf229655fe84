"""Success rates equal the library's own on the same net, and the library is left as it was."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from surrogate.robust.attacks import run_attack
from surrogate.robust.attacks.library import calling, library, seeded_starts
from surrogate.sampling import generator

torch = pytest.importorskip("torch")
pytest.importorskip("art", reason="needs the adversarial extra")
N = 200
STARTS = "art.attacks.evasion.projected_gradient_descent.projected_gradient_descent_pytorch"


@pytest.fixture(scope="module")
def estimator(digits: Any) -> Any:
    with calling():
        return library("art.estimators.classification").PyTorchClassifier(
            digits.net,
            loss=torch.nn.CrossEntropyLoss(),
            input_shape=(64,),
            nb_classes=10,
            clip_values=(0.0, 1.0),
            device_type="cpu",
        )


def theirs(digits: Any, attack: Any, y: Any) -> float:
    """Error of the net on the rows that the library makes by itself."""
    with calling():
        rows = attack.generate(digits.X[:N].astype(np.float32), y)
    return float((digits.decide(rows) != digits.y[:N]).mean())


@pytest.mark.parametrize("radius", [0.05, 0.1, 0.2])
def test_fgsm_is_the_librarys(digits: Any, estimator: Any, radius: float) -> None:
    attack = library("art.attacks.evasion").FastGradientMethod(estimator, eps=radius)
    found = run_attack("fgsm", digits.oracle(), digits.X[:N], digits.y[:N], radius=radius)
    assert abs(found.fooled.mean() - theirs(digits, attack, digits.y[:N])) <= 0.01


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bim", {}),
        ("pgd", {"num_random_init": 1}),
        ("least_likely", {"targeted": True}),
    ],
)
def test_many_steps_are_the_librarys(
    digits: Any, estimator: Any, name: str, said: dict[str, Any]
) -> None:
    radius = 0.2 if name == "least_likely" else 0.1
    attack = library("art.attacks.evasion").ProjectedGradientDescent(
        estimator,
        eps=radius,
        eps_step=radius / 8,
        max_iter=20,
        batch_size=256,
        verbose=False,
        **said,
    )
    y = digits.y[:N]
    if name == "least_likely":
        with torch.no_grad():
            y = digits.net(torch.tensor(digits.X[:N]).float()).argmin(1).numpy()
    options = {"steps": 20, "step": radius / 8}
    found = run_attack(
        name, digits.oracle(), digits.X[:N], digits.y[:N], radius=radius, options=options
    )
    assert 0.1 < found.fooled.mean() < 0.99
    with seeded_starts(library(STARTS), generator(0, "attack", "starts")):
        rate = theirs(digits, attack, y)
    assert abs(found.fooled.mean() - rate) <= 0.01


def test_deepfool_goes_as_far_as_the_librarys(digits: Any, estimator: Any) -> None:
    X, y = digits.X[:50], digits.y[:50]
    attack = library("art.attacks.evasion").DeepFool(estimator, batch_size=50, verbose=False)
    with calling():
        rows = attack.generate(X.astype(np.float32))
    right = digits.decide(X) == y
    far = np.linalg.norm(rows - X, axis=1)[right]
    found = run_attack("deepfool", digits.oracle(), X, y)
    assert found.fooled.mean() >= (digits.decide(rows) != y).mean() - 0.01
    assert np.median(found.distance[right]) == pytest.approx(np.median(far), rel=0.1)


@pytest.mark.parametrize(
    ("name", "steps", "n"), [("cw_l2", 3, 6), ("cw_linf", 8, 1)], ids=["l2", "linf"]
)
def test_ours_goes_less_far_than_the_librarys_carlini_and_wagner(
    digits: Any, name: str, steps: int, n: int
) -> None:
    X, y = digits.X[:n], digits.y[:n]
    own = {"solver": "library", "steps": steps, "rate": 0.1}
    far = run_attack(name, digits.oracle(), X, y, options=own)
    near = run_attack(name, digits.oracle(), X, y)
    assert near.fooled.mean() >= far.fooled.mean() - 0.01
    both = near.fooled & far.fooled & (near.distance > 0)
    assert both.any()
    assert np.median(near.distance[both]) < 0.8 * np.median(far.distance[both])


def test_a_tiny_budget_is_said_to_have_found_nothing(digits: Any) -> None:
    options = {"steps": 1, "searches": 1, "rate": 1e-6}
    found = run_attack("cw_l2", digits.oracle(), digits.X[:8], digits.y[:8], options=options)
    (note,) = found.notes
    assert "8 of 8 rows came back unchanged" in note
    assert "give it more steps or searches" in note


def test_random_starts_come_from_the_seed_and_leave_the_global_generator(digits: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        run_attack("pgd", digits.oracle(), digits.X[:5], digits.y[:5], radius=0.1)
        np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    assert library(STARTS).random_sphere is library("art.utils").random_sphere


def test_the_users_module_is_left_as_it_was(digits: Any) -> None:
    net = digits.net
    net.train()
    net.zero_grad(set_to_none=True)
    try:
        run_attack("fgsm", digits.oracle(), digits.X[:5], digits.y[:5], radius=0.1)
        assert all(module.training for module in net.modules())
        assert all(p.requires_grad and p.grad is None for p in net.parameters())
    finally:
        net.eval()


def test_large_numbers_lose_no_step_to_the_librarys_floats() -> None:
    from surrogate.adapters import TorchBox
    from surrogate.domain import Domain
    from surrogate.oracle import Oracle
    from surrogate.robust.attacks import Limits

    net = torch.nn.Linear(2, 2).double()
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[0.0, 0.0], [1.0, 1.0]]))
        net.bias.copy_(torch.tensor([0.0, -2e9]))
    X = 1e9 + np.array([[0.3, 0.3], [-0.3, -0.3]])
    limits = Limits.of(domain := Domain.infer(X), scale=[0.01, 0.01])
    oracle = Oracle(TorchBox(net, output="scores"), domain)
    found = run_attack("fgsm", oracle, X, [1, 0], radius=10, limits=limits)
    np.testing.assert_allclose(np.abs(found.rows - X), 0.1, atol=1e-6)
