"""Dots with intervals: every group has its own, small and undefined ones are told apart."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from surrogate.errors import AbilityError
from surrogate.fidelity import Interval, Score
from surrogate.render.canvas import BLUE, ORANGE, open_figure
from surrogate.render.plot_scores import plot_scores, scores_size


def score(value: float, low: float, high: float, baseline: float | None = None) -> Score:
    return Score("agreement", value, Interval(low, high, 0.95, "Wilson"), 90, 90, baseline)


LOST = Score("agreement", None, None, 0, 0, reason="no rows")


def test_each_group_has_its_dot_interval_figures_and_trivial_tick() -> None:
    _, ax = open_figure(*scores_size(3))
    scores = [score(0.8, 0.7, 0.9, 0.5), score(0.6, 0.3, 0.8), LOST]
    plot_scores(["a", "b", "nobody"], scores, small=[False, True, True], ax=ax)
    FigureCanvasAgg(ax.figure).draw()
    ends = [line.get_xdata().tolist() for line in ax.lines if len(line.get_xdata()) == 2]
    assert ends == [pytest.approx([70, 90]), pytest.approx([30, 80])]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [pytest.approx(80), pytest.approx(60)]
    assert [dot.get_markerfacecolor() for dot in dots] == [BLUE, "none"]
    (tick,) = [line for line in ax.lines if line.get_marker() == "|"]
    assert (tick.get_xdata()[0], to_hex(tick.get_color())) == (pytest.approx(50), ORANGE)
    said = [text.get_text() for text in ax.texts]
    assert said == ["80.0 % (70.0 to 90.0)", "60.0 % (30.0 to 80.0)", "undefined: no rows"]
    assert "hollow: few rows; tick: the trivial surrogate" in ax.get_title(loc="left")
    assert ax.get_xlabel() == "agreement, % (95 % interval)"


def test_all_rows_together_are_a_line_and_a_band() -> None:
    _, ax = open_figure(*scores_size(1))
    plot_scores(["a"], [score(0.8, 0.7, 0.9)], overall=score(0.75, 0.72, 0.78), ax=ax)
    band = ax.patches[0].get_extents()
    corners = ax.transData.inverted().transform(band)
    assert corners[:, 0] == pytest.approx([72, 78])
    assert "dashed: all rows together" in ax.get_title(loc="left")


def test_nothing_to_draw_and_names_of_any_kind_are_drawn(demo) -> None:
    _, ax = open_figure(*scores_size(0))
    plot_scores([], [], ax=ax)
    FigureCanvasAgg(ax.figure).draw()
    _, ax = open_figure(*scores_size(5))
    plot_scores(demo.HOSTILE, [LOST] * 5, title=demo.HOSTILE[1], overall=LOST, ax=ax)
    FigureCanvasAgg(ax.figure).draw()
    assert all(len(text.get_text()) < 60 for text in ax.get_yticklabels())


def test_a_fidelity_draws_its_groups_beside_all_rows(demo) -> None:
    made = demo.classifier(leaves=4)
    _, ax = open_figure(8, 4)
    assert made.plot_groups(ax) is ax
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == [one.group for one in made.fidelity[0].groups]
    assert ax.get_title(loc="left").startswith("held-out real rows")
    with pytest.raises(AbilityError, match="no class or group"):
        demo.regressor().plot_groups()
