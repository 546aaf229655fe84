"""Pictures of many rows: every row is there, and what is bad shows as bad."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from surrogate import explain, wrap
from surrogate.errors import OptionError
from surrogate.explanation import LocalExplanations
from surrogate.render.canvas import BLUE, GREY, ORANGE, open_figure
from surrogate.render.plot_heat import plot_heat
from surrogate.render.plot_swarm import plot_swarm, ranks

RNG = np.random.default_rng(0)
NAMES = [f"a long name of feature number {j} with $ and more words" for j in range(30)]


@pytest.fixture(scope="module")
def many() -> LocalExplanations:
    table = {"a": RNG.normal(size=80), "sex": RNG.choice(["f", "m"], 80), "b": RNG.normal(size=80)}

    def model(rows: dict[str, np.ndarray]) -> np.ndarray:
        p = 1 / (1 + np.exp(-2 * rows["a"] - (rows["sex"] == "m") + 0.3 * rows["b"]))
        return np.stack([1 - p, p], axis=1)

    box = wrap(model, classes=["no", "yes"])
    return explain(box, table, options={"n_samples": 400}, fidelity=100)


def drawn(draw: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Axes that were drawn without a warning."""
    _, ax = open_figure(7, 8)
    assert draw(*given, ax=ax, **named) is ax
    FigureCanvasAgg(ax.figure).draw()
    return ax


def test_a_swarm_has_a_point_for_each_row_under_the_largest_features_first() -> None:
    effects = RNG.normal(size=(50, 30)) * np.linspace(0.1, 2, 30)
    ax = drawn(plot_swarm, NAMES, effects, colours=RNG.random((50, 30)), top=12)
    assert len(ax.collections) == 12
    order = np.argsort(-np.abs(effects).mean(axis=0))[:12]
    for place, points in enumerate(ax.collections):
        x, y = np.asarray(points.get_offsets()).T
        assert np.array_equal(x, effects[:, order[place]])
        assert np.abs(y - place).max() <= 0.4
    shown = [text.get_text() for text in ax.get_yticklabels()]
    assert all(len(name) <= 32 for name in shown)


def test_points_of_a_swarm_do_not_hide_each_other() -> None:
    ax = drawn(plot_swarm, ["a"], np.zeros((9, 1)), colours=np.zeros((9, 1)))
    places = np.asarray(ax.collections[0].get_offsets())[:, 1]
    assert len(set(places.round(6).tolist())) == 9


def test_colours_say_low_high_and_neither() -> None:
    effects, colours = np.array([[-1.0], [0.0], [1.0]]), np.array([[0.0], [1.0], [np.nan]])
    ax = drawn(plot_swarm, ["a"], effects, colours=colours, pale=np.array([True, False, False]))
    shown = ax.collections[0].get_facecolors()
    assert np.allclose(shown[:, :3], [to_rgb(BLUE), to_rgb(ORANGE), to_rgb(GREY)], atol=0.01)
    assert shown[:, 3].tolist() == [0.3, 1.0, 1.0]


def test_ranks_of_equal_values_are_equal() -> None:
    assert ranks(np.array([5.0])).tolist() == [0.0]
    assert ranks(np.array([1.0, 2.0, 3.0])).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("order", ["answer", "similarity"])
def test_a_heat_map_shows_every_row_once(order: str) -> None:
    effects, answers = RNG.normal(size=(40, 30)), RNG.random(40)
    ax = drawn(plot_heat, NAMES, effects, answers=answers, order=order)
    shown = np.asarray(ax.images[0].get_array())
    assert shown.shape == (30, 40)
    assert sorted(shown.sum(axis=0).round(9)) == sorted(effects.sum(axis=1).round(9))
    if order == "answer":
        first = np.argsort(-np.abs(effects).mean(axis=0))[0]
        assert np.array_equal(shown[0], effects[np.argsort(answers), first])


def test_like_rows_stand_beside_each_other() -> None:
    kind = np.tile([0, 1], 20)
    effects = np.where(kind[:, None], 1.0, -1.0) + 0.01 * RNG.normal(size=(40, 3))
    ax = drawn(plot_heat, ["a", "b", "c"], effects, answers=kind + 0.0, order="similarity")
    signs = np.sign(np.asarray(ax.images[0].get_array())[0])
    assert np.abs(np.diff(signs)).sum() == 2  # one change of sign
    assert signs[0] == -1  # from small answers to large ones


def test_no_effect_at_all_is_drawn() -> None:
    drawn(plot_swarm, ["a", "b"], np.zeros((5, 2)), colours=np.zeros((5, 2)))
    drawn(plot_heat, ["a", "b"], np.zeros((5, 2)), answers=np.zeros(5))
    drawn(plot_heat, ["a"], np.zeros((1, 1)), answers=np.zeros(1), order="similarity")


@pytest.mark.parametrize("kind", ["beeswarm", "heatmap"])
def test_many_rows_carry_their_fidelity(many: LocalExplanations, kind: str) -> None:
    ax = drawn(lambda ax: many.plot(ax, kind=kind))
    title = " ".join(ax.get_title(loc="left").split())
    assert title.startswith("80 rows, yes mean weighted R² 0.")
    assert "95 % interval" in title
    flipped = drawn(lambda ax: many.plot(ax, kind=kind, label="no", top=1))
    assert len(flipped.get_yticklabels()) == 1
    assert "80 rows, no" in flipped.get_title(loc="left")


def test_bad_rows_are_counted_and_pale(many: LocalExplanations) -> None:
    from dataclasses import replace

    bad = replace(many, flags=(("it is bad",), *many.flags[1:]))
    before = sum(1 for one in many if one.flags)
    ax = drawn(lambda ax: bad.plot(ax, kind="beeswarm"))
    assert "bad, drawn pale" in " ".join(ax.get_title(loc="left").split())
    alphas = ax.collections[0].get_facecolors()[:, 3]
    assert alphas[0] == 0.3
    assert (alphas < 1).sum() >= before


def test_categories_are_grey_and_numbers_are_not(many: LocalExplanations) -> None:
    ax = drawn(lambda ax: many.plot(ax, kind="beeswarm"))
    names = [text.get_text() for text in ax.get_yticklabels()]
    for name, points in zip(names, ax.collections):
        grey = np.allclose(points.get_facecolors()[:, :3], to_rgb(GREY), atol=0.01)
        assert grey == (name == "sex")


def test_of_very_many_rows_a_thousand_are_drawn() -> None:
    X = RNG.normal(size=(1500, 2))
    many = explain(lambda r: r[:, 0] * 2.0, X, options={"n_samples": 100}, fidelity=20)
    ax = drawn(lambda ax: many.plot(ax, kind="heatmap"))
    assert np.asarray(ax.images[0].get_array()).shape == (2, 1000)
    assert "1,500 rows, value (1,000 drawn)" in ax.get_title(loc="left")


def test_equal_drawings_are_equal_bytes(many: LocalExplanations) -> None:
    def png() -> bytes:
        figure, ax = open_figure(6, 4)
        many.plot(ax, kind="beeswarm")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()

    assert png() == png()


def test_bars_of_thirty_features_with_long_names_do_not_overlap() -> None:
    X = RNG.normal(size=(100, 30))
    table = {name: X[:, j] for j, name in enumerate(NAMES)}
    weights = np.linspace(-1, 1, 30)
    one = explain(
        wrap(lambda t: np.stack([t[n] for n in NAMES], 1) @ weights, task="regression"),
        table,
        options={"n_samples": 400},
        fidelity=100,
    )
    ax = drawn(lambda ax: one.plot(ax, kind="bars", top=30))
    assert len(ax.patches) == 30
    assert ax.collections  # intervals
    boxes = [text.get_window_extent() for text in ax.get_yticklabels()]
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))
    assert "weighted R²" in ax.get_title(loc="left")


def test_unknown_kinds_and_orders_are_refused(many: LocalExplanations) -> None:
    with pytest.raises(OptionError, match="'bars', 'beeswarm', 'heatmap'; got 'pie'"):
        many.plot(kind="pie")
    with pytest.raises(OptionError, match="'answer', 'similarity'"):
        many.plot(kind="heatmap", order="size")
    with pytest.raises(OptionError, match="Class 'maybe' was not explained"):
        many.plot(kind="beeswarm", label="maybe")
