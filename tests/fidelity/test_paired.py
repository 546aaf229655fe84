"""Two models compared: what is swapped, what is said of it, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError, OptionError
from surrogate.fidelity import compare_rows, compare_seeds, pseudo_values
from surrogate.sampling import generator


def mean(totals: np.ndarray) -> np.ndarray:
    return np.asarray(totals[..., 1:2] / totals[..., :1])


def r2(totals: np.ndarray) -> np.ndarray:
    """Columns: rows, answers, answers squared, squared errors."""
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = totals[..., 2] - totals[..., 1] ** 2 / totals[..., 0]
        return np.asarray(np.where(variance > 1e-12, 1 - totals[..., 3] / variance, np.nan))[
            ..., None
        ]


def shares(rng: np.random.Generator, groups: int, rate: float) -> np.ndarray:
    sizes = rng.integers(1, 5, size=groups)
    return np.stack([sizes, rng.binomial(sizes, rate)], axis=1).astype(float)


def answers(rng: np.random.Generator, groups: int, *, noise: float, spread: float) -> np.ndarray:
    y = spread * rng.normal(size=groups)
    error = noise * spread * rng.normal(size=groups)
    return np.stack([np.ones(groups), y, y**2, error**2], axis=1)


@given(st.integers(2, 40), st.integers(0, 10))
def test_pseudo_values_of_a_mean_of_equal_sources_are_the_sources(groups: int, seed: int) -> None:
    x = generator(seed, "pseudo").normal(size=groups)
    value, pseudo = pseudo_values(np.stack([np.ones(groups), x], axis=1), mean)
    assert value[0] == pytest.approx(x.mean())
    assert np.allclose(pseudo[:, 0], x)


def test_pseudo_values_are_those_of_leaving_out() -> None:
    totals = answers(generator(0, "r2"), 12, noise=0.5, spread=2)
    value, pseudo = pseudo_values(totals, r2)
    left_out = np.array([r2(np.delete(totals, g, axis=0).sum(axis=0))[0] for g in range(12)])
    assert np.allclose(pseudo[:, 0], 12 * value[0] - 11 * left_out)


def test_the_effect_is_the_difference_of_both_metrics() -> None:
    rng = generator(1, "effect")
    first, second = answers(rng, 60, noise=0.9, spread=1), answers(rng, 60, noise=0.4, spread=3)
    (found,) = compare_rows(first, second, r2, metrics=["R2"], resamples=999)
    effect = r2(second.sum(axis=0))[0] - r2(first.sum(axis=0))[0]
    assert found.effect == pytest.approx(effect)
    assert found.p is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= effect <= found.high
    assert (found.p <= 0.05) == (found.low > 0)
    assert found.p <= 0.05


def test_swapped_models_have_the_opposite_effect() -> None:
    rng = generator(2, "swap")
    first, second = shares(rng, 50, 0.7), shares(rng, 50, 0.8)
    (one,), (other,) = (
        compare_rows(a, b, mean, metrics=["agreement"], resamples=499)
        for a, b in ((first, second), (second, first))
    )
    assert one.effect == pytest.approx(-(other.effect or 0))
    assert one.p == other.p
    assert one.low == pytest.approx(-(other.high or 0))


def test_a_model_against_itself_is_no_different() -> None:
    totals = shares(generator(3, "self"), 40, 0.8)
    (found,) = compare_rows(totals, totals, mean, metrics=["agreement"], resamples=99)
    assert (found.effect, found.p, found.low, found.high) == (0.0, 1.0, 0.0, 0.0)


def test_pairing_is_what_shows_a_small_difference() -> None:
    """Both models find the same rows hard; what differs is one row in twenty."""
    rng = generator(4, "pairing")
    hard = rng.random(400) < 0.4
    first = np.stack([np.ones(400), ~hard], axis=1).astype(float)
    second = first.copy()
    second[np.flatnonzero(hard)[:12], 1] = 1
    (paired,) = compare_rows(first, second, mean, metrics=["agreement"])
    shuffled = second[rng.permutation(400)]
    (unpaired,) = compare_rows(first, shuffled, mean, metrics=["agreement"])
    assert paired.effect == unpaired.effect == pytest.approx(0.03)
    assert paired.p is not None
    assert unpaired.p is not None
    assert paired.p < 0.01 < 0.1 < unpaired.p


def test_an_arm_is_the_mean_of_its_nets() -> None:
    rng = generator(5, "arm")
    nets = [shares(rng, 30, rate) for rate in (0.6, 0.7, 0.9)]
    other = shares(rng, 30, 0.5)
    (found,) = compare_rows(np.stack([other]), np.stack(nets), mean, metrics=["agreement"])
    figures = [mean(net.sum(axis=0))[0] for net in nets]
    assert found.effect == pytest.approx(np.mean(figures) - mean(other.sum(axis=0))[0])
    assert found.about == "these nets"
    assert found.reason.startswith("1 and 3 nets; to speak of the training recipe")
    assert found.unit == "source rows"
    assert found.n == 30


def test_a_constant_model_has_no_r2_and_the_rest_stays() -> None:
    rng = generator(6, "constant")
    first, second = answers(rng, 30, noise=0.5, spread=1), answers(rng, 30, noise=0.5, spread=0)

    def both(totals: np.ndarray) -> np.ndarray:
        return np.concatenate([r2(totals), totals[..., 3:] / totals[..., :1]], axis=-1)

    of_r2, of_mse = compare_rows(first, second, both, metrics=["R2", "MSE"], resamples=199)
    assert (of_r2.effect, of_r2.p, of_r2.low) == (None, None, None)
    assert of_r2.reason.startswith("undefined")
    assert of_mse.effect is not None
    assert of_mse.effect < 0


def test_few_sources_say_what_they_cannot() -> None:
    rng = generator(7, "few")
    (found,) = compare_rows(shares(rng, 4, 0.1), shares(rng, 4, 0.9), mean, metrics=["agreement"])
    assert found.low is None
    assert "the smallest p that 4 source rows can reach is 0.12" in found.reason


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ((4, 2), (5, 2), "same sources"),
        ((0, 2), (0, 2), "Totals have shape"),
        ((1, 0, 2), (1, 0, 2), "same sources"),
        ((4,), (4,), "Totals have shape"),
    ],
)
def test_other_sources_are_refused(
    first: tuple[int, ...], second: tuple[int, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        compare_rows(np.ones(first), np.ones(second), mean, metrics=["agreement"])


@pytest.mark.parametrize("level", [0, 1, 95, "high"])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(OptionError, match="level"):
        compare_rows(np.ones((4, 2)), np.ones((4, 2)), mean, metrics=["x"], level=level)


@pytest.mark.parametrize(("seeds", "about"), [(7, "these nets"), (8, "the training recipe")])
def test_from_eight_seeds_on_a_verdict_speaks_of_the_recipe(seeds: int, about: str) -> None:
    rng = generator(8, "seeds")
    first, second = rng.normal(size=(seeds, 2)), rng.normal(size=(seeds, 2))
    second[:, 1] += 5
    none, some = compare_seeds(first, second, ["agreement", "R2"])
    assert none.about == some.about == about
    assert ("at least 8 training seeds" in some.reason) == (seeds == 7)
    assert none.p is not None
    assert some.p is not None
    assert some.p < 0.01 < none.p
    assert (some.unit, some.n) == ("training seeds", 2 * seeds)


def test_an_undefined_figure_of_one_net_leaves_the_metric_undefined() -> None:
    rng = generator(9, "nan")
    first, second = rng.normal(size=(8, 2)), rng.normal(size=(8, 2))
    first[3, 0] = np.nan
    undefined, there = compare_seeds(first, second, ["R2", "MSE"])
    assert undefined.effect is None
    assert undefined.p is None
    assert there.p is not None


@pytest.mark.parametrize("shape", [(1, 1), (8,), (8, 2)])
def test_figures_are_seeds_by_metrics(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="at least 2 training seeds"):
        compare_seeds(np.ones(shape), np.ones((8, 1)), ["R2"])
