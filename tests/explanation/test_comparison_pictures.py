"""Pictures of a comparison: every figure with its interval, nothing drawn that is not known."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.backends.backend_agg import FigureCanvasAgg

from surrogate.errors import AbilityError, InputError, OptionError
from surrogate.explanation import Comparison, Measured, Transfer
from surrogate.explanation.comparison_pictures import Sweep, effects, lines, sweeps
from surrogate.fidelity import Score
from surrogate.render.canvas import open_figure


def drawn(parts: list[Any]) -> list[Any]:
    """The same axes, after they were drawn without a warning."""
    FigureCanvasAgg(parts[0].get_figure(root=True)).draw()
    return parts


@pytest.fixture(scope="module")
def made(compared: ModuleType) -> Comparison:
    return compared.comparison()


@pytest.fixture
def ax() -> Any:
    _, made = open_figure(9, 7)
    return made


def test_every_sweep_of_two_radii_is_found(made: Comparison) -> None:
    assert sweeps(made) == (
        Sweep("cart", "noise"),
        Sweep("cart", "adversarial", "pgd"),
        Sweep("lime", "local"),
    )


def test_curves_show_all_metrics_together_each_with_its_band(made: Comparison, ax: Any) -> None:
    parts = drawn(made.plot(ax, over="noise"))
    assert [part.get_title(loc="left") for part in parts] == [
        "agreement",
        "R² of the probability",
        "R² of the margin",
        "MSE of the probability",
        "output spread of the probability",
        "surrogate's accuracy on true labels",
    ]
    natural, robust = (line for line in parts[0].lines if len(line.get_xdata()) > 2)
    assert natural.get_xdata().tolist() == [0, 0.05, 0.1, 0.2, 0.4]
    assert natural.get_ydata()[0] == pytest.approx(84)
    assert natural.get_linestyle() != robust.get_linestyle()
    assert natural.get_marker() != robust.get_marker()
    band = parts[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (pytest.approx(57), pytest.approx(87))
    said = [text.get_text() for text in parts[0].get_legend().get_texts()]
    assert said == ["natural", "robust", "the radius trained for"]


def test_adversarial_curves_are_of_rows_made_on_the_model_itself(
    made: Comparison, compared: ModuleType
) -> None:
    found = lines(made, Sweep("cart", "adversarial", "pgd"))
    assert [radius for radius, _ in found["agreement"][1].points] == [0.0, *compared.ATTACKED]
    assert found["agreement"][1].trained == 0.25
    given = lines(made, Sweep("cart", "noise"), trained={"natural": 0.1})
    assert [line.trained for line in given["agreement"]] == [0.1, 0.25]
    around = lines(made, Sweep("lime", "local"), trained={"natural": 0.1})
    assert [line.trained for line in around["agreement"]] == [None, None]


def test_seeds_of_one_arm_share_its_colour_and_one_line_of_the_key(compared: ModuleType) -> None:
    _, ax = open_figure(9, 7)
    parts = compared.seeds().plot(ax)
    curves = [line for line in parts[0].lines if len(line.get_xdata()) > 2]
    assert len(curves) == 16
    assert len({line.get_color() for line in curves}) == 2
    assert len(parts[0].get_legend().get_texts()) == 3


def test_the_forest_shows_effects_with_intervals_and_verdicts(made: Comparison, ax: Any) -> None:
    parts = made.plot(ax, kind="contrasts")
    assert parts[0].get_title(loc="left") == (
        "agreement, percentage points: robust less natural (95 % intervals)"
    )
    assert parts[0].get_yticklabels()[0].get_text() == "cart, held-out rows"
    said = [text.get_text() for text in parts[0].texts]
    assert said[0] == "+0.0 points (-3.0 to +3.0; Holm p = 1): no difference shown"
    interval, dot = (line for line in parts[0].lines[1:3])
    assert interval.get_xdata() == pytest.approx([-3, 3])
    assert dot.get_markerfacecolor() == "none"
    shown = [line for line in parts[1].lines if line.get_marker() in "<>"]
    assert [line.get_marker() for line in shown[:2]] == ["<", ">"]
    assert len({line.get_color() for line in shown[:2]}) == 2


def test_the_forest_keeps_held_out_rows_where_there_are_too_many(made: Comparison) -> None:
    found = effects(made, top=4)
    assert [len(rows) for rows in found.values()] == [1, 1, 1, 1]
    assert all("held-out rows" in rows[0].name for rows in found.values())
    assert all(
        "cart" in one.name
        for one in effects(made, method="cart")[
            "agreement, percentage points: robust less natural (95 % intervals)"
        ]
    )


def test_a_table_of_transfer_says_each_figure(made: Comparison, ax: Any) -> None:
    parts = made.plot(ax, kind="transfer")
    assert len(parts) == 3
    assert [text.get_text() for text in parts[0].texts] == [
        "55.8 %", "53.8 to 57.8", "18.6 %", "16.6 to 20.6",
        "18.6 %", "16.6 to 20.6", "55.8 %", "53.8 to 57.8",
    ]  # fmt: skip
    assert parts[0].get_title(loc="left") == "error rate on pgd, radius 0.1"


def test_of_many_models_the_first_of_each_arm_stand_in_the_table(compared: ModuleType) -> None:
    made = compared.seeds()
    names = made.names
    cells = tuple(
        Transfer("pgd", 0.1, a, b, compared.score("error rate", 0.3, 0.1))
        for a in names
        for b in names
    )
    _, ax = open_figure(9, 7)
    (part,) = replace(made, transfer=cells).plot(ax, kind="transfer")
    assert [text.get_text() for text in part.get_xticklabels()] == ["natural/0", "robust/0"]


def test_undefined_figures_and_hostile_names_break_no_picture(compared: ModuleType) -> None:
    for made, kinds in (
        (compared.bare(), ("contrasts", "transfer")),
        (compared.hostile(), ("radius", "transfer")),
    ):
        for kind in kinds:
            _, ax = open_figure(9, 7)
            drawn(made.plot(ax, kind=kind))


def test_an_undefined_figure_leaves_a_gap_in_its_curve(made: Comparison, ax: Any) -> None:
    def lost(one: Measured) -> Measured:
        there = (one.model, one.score.metric, one.region.radius) == ("natural", "agreement", 0.1)
        gone = Score("agreement", None, None, 0, 0, reason="no rows")
        return replace(one, score=gone) if there else one

    holed = replace(made, measured=tuple(map(lost, made.measured)))
    natural = holed.plot(ax)[0].lines[0]
    assert np.isnan(natural.get_ydata()).tolist() == [False, False, True, False, False]


def test_what_cannot_be_drawn_says_why(compared: ModuleType, made: Comparison) -> None:
    empty = Comparison(models=made.models, measured=())
    for kind, said in (("radius", "one radius"), ("contrasts", "no verdict"), ("transfer", "no")):
        with pytest.raises(AbilityError, match=said):
            empty.plot(kind=kind)
    with pytest.raises(OptionError, match="over='noise'"):
        made.plot(over="weather")
    with pytest.raises(OptionError, match="kind"):
        made.plot(kind="pie")
    figure, _ = open_figure(4, 4)
    with pytest.raises(InputError, match="subplots"):
        made.plot(figure.add_axes((0.0, 0.0, 0.5, 0.5)))
