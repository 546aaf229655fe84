"""Cells: every metric is that of the fidelity room, and sums by source serve its interval."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from surrogate.explanation import Region
from surrogate.fidelity import assess
from surrogate.robust.comparing.agreeing import Common
from surrogate.robust.comparing.cells import cell_of, measure, own_cell
from surrogate.robust.comparing.facts import brier, constant_note, ece, suspected, true_score
from surrogate.robust.comparing.scales import CLIP, on_scales, pairs, scales_of

CLEAN = Region("clean")
BOTH = Common("classification", "probabilities", ("a", "b", "c"), 3, scores=False)


@pytest.fixture
def said(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    scores = rng.normal(size=(300, 3))
    model = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    surrogate = 0.7 * model + 0.3 / 3
    return model, surrogate[:, [1, 0, 2]]


def test_figures_are_those_of_assess(said: tuple[np.ndarray, np.ndarray]) -> None:
    model, ours = said
    pair = pairs(model)
    cell = cell_of(
        ("m", "m", "cart"),
        CLEAN,
        source=np.arange(300),
        agree=ours.argmax(axis=1) == model.argmax(axis=1),
        true=None,
        ours=on_scales(ours, scales_of(BOTH), pair=pair),
        theirs=on_scales(model, scales_of(BOTH), pair=pair),
    )
    told = {(m.score.metric, m.scale): m.score for m in measure(cell, level=0.95, seed=0)}
    answers = SimpleNamespace(values=model, decision=model.argmax(axis=1))
    theirs = assess(ours, None, answers, task="classification", distribution="x", seed=0)
    assert told["agreement", "label"].value == theirs["agreement"].value
    assert told["agreement", "label"].interval == theirs["agreement"].interval
    assert told["R2", "probability"].value == pytest.approx(theirs["R2"].value)
    assert told["R2", "probability"].interval.low == pytest.approx(
        theirs["R2"].interval.low, abs=0.02
    )
    error = ((ours - model) ** 2).mean()
    assert told["MSE", "probability"].value == pytest.approx(error)
    assert {scale for _, scale in told} == {"label", "probability", "logit", "margin"}


def test_margins_are_of_the_models_own_two_best(said: tuple[np.ndarray, np.ndarray]) -> None:
    model, ours = said
    top, second = pairs(model)
    scaled = on_scales(ours, scales_of(BOTH), pair=(top, second))
    i = 17
    margin = np.log(ours[i, top[i]]) - np.log(ours[i, second[i]])
    assert scaled["margin"][i, 0] == pytest.approx(margin)
    assert on_scales(np.eye(3), scales_of(BOTH), pair=pairs(np.eye(3)))["logit"].min() == (
        pytest.approx(np.log(CLIP))
    )


def test_rows_of_one_source_are_one_unit(rng: np.random.Generator) -> None:
    source = np.repeat(np.arange(30), 5)
    values = rng.normal(size=(150, 1))
    cell = own_cell(
        ("m", "m"), CLEAN, source=source, theirs={"value": values}, true=source % 2 == 0
    )
    assert cell.totals.shape[0] == 30
    told = {m.score.metric: m.score for m in measure(cell, level=0.9, seed=0)}
    assert told["output spread"].value == pytest.approx(values.std())
    assert (told["accuracy"].n, told["accuracy"].n_sources) == (150, 30)
    assert told["accuracy"].interval.level == 0.9


def test_a_constant_has_no_r2_and_says_why() -> None:
    same = {"probability": np.full((20, 2), 0.5) + 1e-17}
    cell = cell_of(
        ("m", "m", "cart"),
        CLEAN,
        source=np.arange(20),
        agree=np.ones(20, dtype=bool),
        true=None,
        ours={"probability": np.full((20, 2), 0.4)},
        theirs=same,
    )
    told = {m.score.metric: m.score for m in measure(cell, level=0.95, seed=0)}
    assert cell.constant
    assert told["R2"].value is None
    assert "the same on every row" in told["R2"].reason
    assert told["MSE"].value == pytest.approx(0.01)


def test_calibration(rng: np.random.Generator) -> None:
    p = rng.uniform(size=4000)
    truth = (rng.uniform(size=4000) < p).astype(int)
    honest = np.column_stack([1 - p, p])
    assert ece(honest, truth).value < 0.03
    boast = np.column_stack([p < 0.5, p >= 0.5]).astype(float)
    assert ece(boast, truth).value == pytest.approx(0.25, abs=0.03)
    found = brier(honest, truth)
    assert found.value == pytest.approx(2 * (p * (1 - p)).mean(), abs=0.02)
    assert found.interval.low < found.value < found.interval.high


def test_chance_is_suspected_only_where_it_should_be(rng: np.random.Generator) -> None:
    truth = rng.integers(10, size=400)
    good = np.where(rng.uniform(size=400) < 0.9, truth, 0)
    off = rng.integers(10, size=400)

    def scores(**said: np.ndarray) -> dict[str, object]:
        return {
            name: true_score(decision, truth, metric="accuracy", seed=0)
            for name, decision in said.items()
        }

    assert list(suspected(scores(good=good, off=off), 10)) == ["off"]
    assert suspected(scores(good=good, also=good), 10) == {}
    rare = np.where(np.arange(400) < 380, 0, 1)
    always = true_score(np.zeros(400, dtype=int), rare, metric="accuracy", seed=0)
    assert suspected({"a": always, "b": always}, 2) == {}  # nothing else is to be had


def test_only_a_constant_is_called_one() -> None:
    assert "artefact" in constant_note("m", np.zeros(5, dtype=int), ("no", "yes"))
    assert constant_note("m", np.array([0, 1]), ("no", "yes")) == ""
