"""Queries over time: purposes upon each other, models beside each other."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from matplotlib.backends.backend_agg import FigureCanvasAgg

from surrogate.oracle import Timeline
from surrogate.render.canvas import open_figure
from surrogate.render.plot_queries import plot_queries, plot_totals

LINE = Timeline((0.5, 1.0, 2.0), {"fit": (500, 700, 700), "fidelity": (0, 0, 300)})


def test_purposes_stand_upon_each_other_and_the_last_is_all() -> None:
    _, ax = open_figure(7, 3)
    plot_queries(LINE, budget=1200, ax=ax)
    FigureCanvasAgg(ax.figure).draw()
    fit, both = ax.lines[:2]
    assert fit.get_xdata().tolist() == [0, 0.5, 1, 2]
    assert fit.get_ydata().tolist() == [0, 500, 700, 700]
    assert both.get_ydata().tolist() == [0, 500, 700, 1000]
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert said == ["fidelity: 300", "fit: 700"]
    assert [text.get_text() for text in ax.texts] == ["budget"]


def test_a_budget_far_away_is_not_drawn() -> None:
    _, ax = open_figure(7, 3)
    plot_queries(LINE, budget=10_000, ax=ax)
    assert list(ax.texts) == []


def test_models_are_lines_with_their_totals() -> None:
    _, ax = open_figure(7, 3)
    plot_totals({"a": LINE, "$b$": LINE}, ax=ax)
    FigureCanvasAgg(ax.figure).draw()
    assert ax.lines[0].get_ydata().tolist() == [0, 500, 700, 1000]
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a: 1,000", "$b$: 1,000"]


def test_nothing_asked_is_no_fault() -> None:
    for draw, what in ((plot_queries, Timeline()), (plot_totals, {"a": Timeline()})):
        _, ax = open_figure(7, 3)
        draw(what, ax=ax)
        FigureCanvasAgg(ax.figure).draw()
