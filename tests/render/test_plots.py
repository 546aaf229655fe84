"""Pictures: what is drawn is what is known; axes in, axes out."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.backends.backend_agg import FigureCanvasAgg

from surrogate.errors import MissingDependency
from surrogate.fidelity import Curve, Fidelity, Interval, Score
from surrogate.render.canvas import label, open_figure
from surrogate.render.plot_curve import plot_curve
from surrogate.render.plot_effects import plot_effects
from surrogate.render.plot_rules import plot_rules
from surrogate.render.plot_tree import plot_tree, tree_size


def drawn(ax) -> list[str]:
    """Texts of the axes, after they were drawn without a warning."""
    FigureCanvasAgg(ax.figure).draw()
    return [text.get_text() for text in ax.texts]


def test_effects_are_sorted_and_carry_their_intervals() -> None:
    _, ax = open_figure(6, 3)
    half = np.array([0.1, 0.2, np.nan])
    assert plot_effects(["a", "b", "c"], np.array([0.1, -0.5, 0.0]), half=half, ax=ax) is ax
    drawn(ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "a"]
    assert [bar.get_width() for bar in ax.patches] == [-0.5, 0.1]
    (errors,) = ax.collections
    assert np.allclose(errors.get_segments()[0][:, 0], [-0.7, -0.3])
    assert "95 % interval" in ax.get_xlabel()


def test_a_curve_shows_its_band_and_the_trivial_surrogate() -> None:
    def at(value: float) -> Fidelity:
        interval = Interval(value - 0.1, value + 0.05, 0.95, "Wilson")
        score = Score("agreement", value, interval, 100, 100, 0.5, value - 0.5)
        return Fidelity("held-out real rows", (score,), 0)

    _, ax = open_figure(6, 3)
    plot_curve(Curve((2, 4, 8), (at(0.6), at(0.7), at(0.8))), chosen=4, ax=ax)
    assert "trivial surrogate" in drawn(ax)
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([60, 70, 80])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (pytest.approx(50), pytest.approx(85))
    assert ax.lines[-1].get_xdata() == [4]
    assert "%" in ax.get_ylabel()


def test_every_leaf_of_a_tree_is_drawn_and_no_text_overlaps(demo: ModuleType) -> None:
    tree = demo.classifier(leaves=16).form
    _, ax = open_figure(*tree_size(tree))
    plot_tree(tree, ax=ax)
    texts = drawn(ax)
    assert sum(text.startswith(("refused", "granted")) for text in texts) == 16
    assert len(texts) == 16 + 2 * tree.n_conditions
    boxes = [text.get_window_extent() for text in ax.texts]
    overlaps = [
        (texts[i], texts[j])
        for i, a in enumerate(boxes)
        for j, b in enumerate(boxes[:i])
        if a.shrunk(0.96, 0.8).overlaps(b.shrunk(0.96, 0.8))
    ]
    assert overlaps == []


def test_a_tree_of_one_leaf_and_a_regression_are_drawn(demo: ModuleType) -> None:
    tree = demo.regressor().form
    _, ax = open_figure(*tree_size(tree))
    plot_tree(tree, ax=ax)
    assert len(drawn(ax)) == 8 + 2 * 7
    stump = type(tree)(
        tree.features, None, [-1], [np.nan], (None,), [-1], [-1], [False], [[3.5]], [9.0]
    )
    _, ax = open_figure(*tree_size(stump))
    plot_tree(stump, ax=ax)
    assert drawn(ax) == ["3.5 (100 %)"]


def test_rules_show_support_and_agreement(demo: ModuleType) -> None:
    rules = demo.classifier(leaves=4).rules
    _, ax = open_figure(8, 3)
    plot_rules(rules, ax=ax)
    drawn(ax)
    covered = [bar.get_width() for bar in ax.containers[0]]
    correct = [bar.get_width() for bar in ax.containers[1]]
    assert covered == [rule.n_covered for rule in rules.rules]
    assert correct == [rule.n_correct for rule in rules.rules]


def test_hostile_names_are_drawn_without_a_warning(demo: ModuleType) -> None:
    made = demo.hostile()
    tree = made.surrogates[0].form
    _, ax = open_figure(*tree_size(tree))
    plot_tree(tree, ax=ax)
    drawn(ax)
    _, ax = open_figure(6, 3)
    plot_effects(demo.HOSTILE, np.arange(1.0, 6.0), title=demo.HOSTILE[1], ax=ax)
    drawn(ax)


def test_labels_hold_only_what_the_font_can_draw() -> None:
    assert label("age 👩") == "age \N{REPLACEMENT CHARACTER}"
    assert label("$x^2$") == "$x^2$"


def test_new_axes_are_made_where_none_are_given() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    ax = plot_effects(["a"], np.array([1.0]))
    pyplot.close(ax.figure)


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingDependency, match=r"surrogate-toolkit\[plot\]"):
        plot_effects(["a"], np.array([1.0]))
