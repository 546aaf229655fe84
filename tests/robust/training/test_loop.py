"""The loop: its first step, its seeds, its checkpoints, its progress."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.errors import Interrupted, ModelError, OptionError
from surrogate.robust.training import RECIPES, build_net, train, train_arms
from surrogate.robust.training.recipes import Step

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")


def weights(trained) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for _, p in trained.net.named_parameters()])


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_one_step_follows_the_gradient_of_the_recipe(table, recipe: str) -> None:
    """Adam's first step is lr·g/(|g| + 1e-8), with g of the recipe's loss on all rows."""
    X, y = table
    one = train(
        X,
        y,
        recipe=recipe,
        test=(X, y),
        sizes={"hidden": (8,)},
        eps=0.1,
        epochs=1,
        batch=len(X),
        lr=0.01,
        seed=5,
    )
    net = build_net("fc", 9, 2, sizes={"hidden": (8,)}, seed=5)
    from surrogate.sampling import generator

    order = generator(5, "order", 0).permutation(len(X))
    x = torch.tensor(X[order], dtype=torch.float32)
    codes = torch.tensor((y[order] == "yes").astype(int))
    step = Step(eps=0.1, alpha=0.5, steps=7, box=(0.0, 1.0))
    loss = RECIPES[recipe].loss(net, x, codes, step, generator(5, "examples", 0))
    loss.backward()
    assert one.history == pytest.approx([float(loss.detach())], rel=1e-6)
    for (_, begun), (name, ended) in zip(net.named_parameters(), one.net.named_parameters()):
        expected = begun - 0.01 * begun.grad / (begun.grad.abs() + 1e-8)
        assert torch.allclose(ended, expected, atol=1e-6), name


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_equal_seeds_give_equal_nets(fit, recipe: str) -> None:
    first, again, other = (weights(fit(recipe=recipe, seed=s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_training_leaves_the_global_generator_alone(fit) -> None:
    before = torch.random.get_rng_state()
    fit(recipe="pgd")
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("architecture", ["ae", "cnn"])
@pytest.mark.parametrize("recipe", ["natural", "pgd"])
def test_killed_and_resumed_is_never_killed(fit, tmp_path, architecture: str, recipe: str) -> None:
    job = {"architecture": architecture, "recipe": recipe, "epochs": 4}
    if architecture == "cnn":
        job["sizes"] = {"channels": (2,), "hidden": 4}
    whole = fit(**job)
    place = tmp_path / "net.safetensors"

    def kill(done: int, planned: int, purpose: str) -> None:
        if "epoch 3" in purpose:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="2 of 4 epochs; run again with the same checkpoint"):
        fit(**job, checkpoint=place, on_progress=kill)
    told: list[int] = []
    resumed = fit(**job, checkpoint=place, on_progress=lambda done, *_: told.append(done))
    assert min(told) > 0.5 * max(told)  # two epochs were not done again
    assert np.array_equal(weights(resumed), weights(whole))
    assert resumed.history == whole.history


def test_more_epochs_may_be_added_to_a_checkpoint(fit, tmp_path) -> None:
    place = tmp_path / "net.safetensors"
    fit(checkpoint=place, epochs=2)
    assert np.array_equal(weights(fit(checkpoint=place, epochs=5)), weights(fit(epochs=5)))
    with pytest.raises(OptionError, match="was trained for 5 epochs, and epochs=3 was asked"):
        fit(checkpoint=place, epochs=3)


def test_a_finished_training_is_not_done_again(fit, tmp_path) -> None:
    place = tmp_path / "net.safetensors"
    first = fit(checkpoint=place)
    told: list[int] = []
    again = fit(checkpoint=place, on_progress=lambda done, *_: told.append(done))
    assert not told
    assert np.array_equal(weights(first), weights(again))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"eps": 0.06}, "eps 0.05 there, 0.06 here"),
        ({"recipe": "fgsm"}, "recipe 'natural' there, 'fgsm' here"),
        ({"sizes": {"hidden": (9,)}}, r"sizes \{'hidden': \[8\]\} there"),
        ({"seed": 1}, "seed 0 there, 1 here"),
    ],
    ids=["eps", "recipe", "sizes", "seed"],
)
def test_a_checkpoint_of_another_training_is_refused(fit, tmp_path, change, said: str) -> None:
    place = tmp_path / "net.safetensors"
    fit(checkpoint=place)
    before = place.read_bytes()
    with pytest.raises(OptionError, match=said):
        fit(checkpoint=place, **change)
    assert place.read_bytes() == before


def test_a_checkpoint_of_other_rows_is_refused(table, tmp_path) -> None:
    X, y = table
    place = tmp_path / "net.safetensors"
    job = {"architecture": "softmax", "epochs": 1, "checkpoint": place}
    train(X, y, **job)
    with pytest.raises(OptionError, match="data '"):
        train(X[:, ::-1], y, **job)


def test_a_kept_net_without_its_optimiser_is_not_trained_on(fit, tmp_path) -> None:
    place = tmp_path / "net.safetensors"
    fit().save(place)
    with pytest.raises(OptionError, match="without its optimiser"):
        fit(checkpoint=place, epochs=9)


def test_progress_counts_rows_of_all_epochs(fit) -> None:
    told: list[tuple[int, int, str]] = []
    fit(recipe="fgsm", epochs=2, on_progress=lambda *said: told.append(said))
    assert told[-1] == (480, 480, "fgsm training, epoch 2 of 2")  # a fifth of 300 is held out
    assert [done for done, *_ in told] == sorted({done for done, *_ in told})


def test_a_loss_that_explodes_is_an_error(table) -> None:
    X, y = table
    with pytest.raises(
        ModelError, match=r"no longer finite in epoch \d+; a smaller lr than 1e\+30"
    ):
        train(X, y, lr=1e30, sizes={"hidden": (8,)}, epochs=3)


def test_an_unknown_device_is_refused(fit) -> None:
    with pytest.raises(OptionError, match="torch cannot use the device 'warp'"):
        fit(device="warp")


def test_arms_begin_alike_and_differ_in_their_recipe(table, tmp_path) -> None:
    X, y = table
    job = {"architecture": "softmax", "epochs": 2, "eps": 0.1, "seeds": range(2), "test": (X, y)}
    arms = train_arms(X, y, recipes=("natural", "fgsm"), folder=tmp_path / "nets", **job)
    assert {name: len(nets) for name, nets in arms.items()} == {"natural": 2, "fgsm": 2}
    kept = sorted(p.name for p in (tmp_path / "nets").iterdir())
    assert kept == [f"{r}-{s}.safetensors" for r in ("fgsm", "natural") for s in (0, 1)]
    assert not np.array_equal(weights(arms["natural"][0]), weights(arms["fgsm"][0]))
    assert {net.settings.data for nets in arms.values() for net in nets} == {
        arms["fgsm"][0].settings.data
    }
    alone = train(X, y, architecture="softmax", epochs=2, eps=0.1, test=(X, y), seed=1)
    assert np.array_equal(weights(arms["natural"][1]), weights(alone))


def test_training_on_a_gpu_learns_the_same(table, device: str) -> None:
    X, y = table
    job = {"sizes": {"hidden": (8,)}, "epochs": 3, "eps": 0.05, "recipe": "pgd", "seed": 2}
    there, again, here = (train(X, y, device=name, **job) for name in (device, device, "cpu"))
    assert there.module.linear0.weight.is_cuda
    first, second = (t.module.linear0.weight.cpu() for t in (there, again))
    assert torch.equal(first, second)
    assert torch.allclose(first, here.module.linear0.weight, atol=1e-3)
