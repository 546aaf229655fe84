"""Recipes do what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.robust.training import RECIPES, build_net, fgsm_rows, pgd_rows
from surrogate.robust.training.recipes import Step

torch = pytest.importorskip("torch")

N, D, EPS = 30, 6, 0.2


@pytest.fixture
def rows(rng: np.random.Generator):
    x = torch.tensor(rng.uniform(0.3, 0.7, (N, D)), dtype=torch.float32)
    return x, torch.tensor(rng.integers(0, 2, N))


def step(**changes) -> Step:
    given = {"eps": EPS, "alpha": 0.5, "steps": 10, "box": None, "reconstruction": 0.0}
    return Step(**given | changes)


def loss(recipe: str, net, rows, **changes) -> float:
    draws = np.random.Generator(np.random.Philox(key=1))
    return RECIPES[recipe].loss(net, *rows, step(**changes), draws).item()


def logistic(net) -> tuple[np.ndarray, float]:
    """Softmax regression of two classes as w and b of a logit for the second."""
    weight = net.module.linear0.weight.detach().numpy().astype(float)
    bias = net.module.linear0.bias.detach().numpy().astype(float)
    return weight[1] - weight[0], bias[1] - bias[0]


def softplus(z: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, z)


def test_natural_training_takes_the_cross_entropy(rows) -> None:
    net = build_net("softmax", D, 2)
    w, b = logistic(net)
    sign = 2 * rows[1].numpy() - 1
    expected = softplus(-sign * (rows[0].numpy() @ w + b)).mean()
    assert loss("natural", net, rows) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_fgsm_on_logistic_regression_is_the_closed_form_of_the_paper(rows, alpha: float) -> None:
    """E softplus(eps·|w|_1 - y(w·x + b)): section 5, for y = -1 and 1."""
    net = build_net("softmax", D, 2)
    w, b = logistic(net)
    margin = (2 * rows[1].numpy() - 1) * (rows[0].numpy() @ w + b)
    clean, attacked = softplus(-margin).mean(), softplus(EPS * np.abs(w).sum() - margin).mean()
    expected = alpha * clean + (1 - alpha) * attacked
    assert loss("fgsm", net, rows, alpha=alpha) == pytest.approx(expected, rel=1e-5)


def test_pgd_finds_the_worst_corner_of_a_linear_net(rows) -> None:
    net = build_net("softmax", D, 2)
    assert loss("pgd", net, rows) == pytest.approx(loss("fgsm", net, rows, alpha=0.0), rel=1e-5)


def test_pgd_does_at_least_the_harm_of_fgsm_to_a_curved_net(rows) -> None:
    net = build_net("fc", D, 2, sizes={"hidden": (40, 40)}, seed=3)
    with torch.no_grad():
        for _, parameter in net.named_parameters():
            parameter *= 3
    wide = {"eps": 0.6}
    assert loss("pgd", net, rows, **wide) > loss("fgsm", net, rows, alpha=0.0, **wide)


@pytest.mark.parametrize("box", [None, (0.3, 0.7)], ids=["unclipped", "clipped"])
def test_examples_lie_in_their_ball_and_box(rows, box) -> None:
    net = build_net("fc", D, 2).module
    draws = np.random.Generator(np.random.Philox(key=1))
    made = (
        fgsm_rows(net, *rows, eps=EPS, box=box),
        pgd_rows(net, *rows, eps=EPS, steps=7, box=box, draws=draws)[0],
    )
    for moved in made:
        assert float((moved - rows[0]).abs().max()) <= EPS + 1e-6
        outside = bool(((moved < 0.3) | (moved > 0.7)).any())
        assert outside is (box is None)
        assert not moved.requires_grad


def test_examples_leave_no_gradient_in_the_weights(rows) -> None:
    net = build_net("fc", D, 2)
    fgsm_rows(net.module, *rows, eps=EPS, box=None)
    assert all(p.grad is None for _, p in net.named_parameters())


def test_an_autoencoder_is_also_judged_by_the_clean_rows_it_rebuilds(rows) -> None:
    net = build_net("ae", D, 2, sizes={"hidden": (5,), "code": 2})
    x, _ = rows
    plain = loss("natural", net, rows)
    rebuilt = ((net.decoder(net.module.encoder(x)) - x) ** 2).mean().item()
    assert loss("natural", net, rows, reconstruction=2.0) == pytest.approx(plain + 2 * rebuilt)
    moved = fgsm_rows(net.module, *rows, eps=EPS, box=None)
    denoised = ((net.decoder(net.module.encoder(moved)) - x) ** 2).mean().item()
    attacked = loss("fgsm", net, rows, alpha=0.0)
    with_both = loss("fgsm", net, rows, alpha=0.0, reconstruction=2.0)
    assert with_both == pytest.approx(attacked + 2 * denoised, rel=1e-5)


def test_which_recipes_are_adversarial() -> None:
    assert [name for name, r in RECIPES.items() if r.adversarial] == ["fgsm", "pgd"]
    assert all(r.source for r in RECIPES.values() if r.adversarial)
