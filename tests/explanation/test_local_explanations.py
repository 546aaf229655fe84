"""Local explanations: one form a row, slices, JSON, print, frames, pictures."""

from __future__ import annotations

import pickle
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from surrogate.domain import Domain
from surrogate.errors import DataError, InputError, OptionError
from surrogate.explanation import (
    Binned,
    LocalExplanation,
    LocalExplanations,
    LocalFidelity,
    Scaled,
)
from surrogate.types import Feature


@pytest.fixture(scope="module")
def four(demo: ModuleType) -> LocalExplanations:
    return demo.local(4)


def test_rows_and_slices(four: LocalExplanations) -> None:
    assert len(four) == 4
    assert isinstance(four[-1], LocalExplanation)
    assert four[-1].index == 3
    assert (four[2].coef == four.coef[2]).all()
    part = four[1:3]
    assert isinstance(part, LocalExplanations)
    assert part.index == (1, 2)
    assert [one.index for one in part] == [1, 2]
    assert part[0].fidelity == four[1].fidelity
    with pytest.raises(IndexError, match="row 4 of 4"):
        four[4]


def test_arrays_cannot_be_written(four: LocalExplanations) -> None:
    with pytest.raises(ValueError, match="read-only"):
        four.coef[0, 0, 0] = 1


def test_shapes_that_do_not_fit_are_refused(four: LocalExplanations) -> None:
    with pytest.raises(DataError, match=r"`intercept` .* must have shape \(4, 2\).*got \(4, 3\)"):
        replace(four, intercept=np.zeros((4, 3)))
    with pytest.raises(DataError, match=r"`flags` .* must have 4 entries"):
        replace(four, flags=((),))


@pytest.mark.parametrize("make", ["local", "scaled_local"])
def test_the_form_of_a_row_predicts_what_predict_does(demo: ModuleType, make: str) -> None:
    explanations = getattr(demo, make)(3) if make == "local" else demo.scaled_local()
    rows = {name: values[:20] for name, values in demo.table().items()}
    said = explanations.predict(rows)
    assert said.shape == (3, 20, explanations.coef.shape[1])
    matrix = explanations.domain.encode(rows)
    for i, one in enumerate(explanations):
        assert np.allclose(one.form.predict_values(matrix), said[i])
        assert (one.predict(rows) == said[i]).all()


def test_at_the_row_itself_all_indicators_hold(demo: ModuleType, four: LocalExplanations) -> None:
    rows = {name: values[:4] for name, values in demo.table().items()}
    said = four.predict(rows)
    for i in range(4):
        assert np.allclose(said[i, i], four.intercept[i] + four.coef[i].sum(axis=1))


@pytest.mark.parametrize("make", ["local", "scaled_local"])
def test_json_comes_back_equal(demo: ModuleType, make: str) -> None:
    explanations = getattr(demo, make)()
    back = LocalExplanations.from_json(explanations.to_json())
    assert back == explanations
    assert back[1:2] != explanations[2:3]
    assert pickle.loads(pickle.dumps(explanations)) == explanations


FINITE = st.floats(allow_nan=False, allow_infinity=False)
MAYBE = st.one_of(FINITE, st.just(np.nan))


@given(data=st.data(), n=st.integers(0, 3), k=st.integers(1, 3), d=st.integers(1, 3))
def test_any_arrays_come_back_equal(data: st.DataObject, n: int, k: int, d: int) -> None:
    def draw(shape: tuple[int, ...], elements: st.SearchStrategy[float] = MAYBE) -> np.ndarray:
        return data.draw(arrays(np.float64, shape, elements=elements))

    domain = Domain(tuple(Feature(f"x{j}", missing=True) for j in range(d)))
    explanations = LocalExplanations(
        method=data.draw(st.text(max_size=5)),
        domain=domain,
        task="regression",
        rows=draw((n, d)),
        coef=draw((n, k, d)),
        intercept=draw((n, k)),
        encoding=Binned(tuple(np.sort(draw((2,), FINITE)) for _ in range(d))),
        box_values=draw((n, k)),
        local_values=draw((n, k)),
        fidelity=LocalFidelity(
            draw((n, k)), draw((n, k)), draw((n, k)), draw((n, k)), draw((n,)), n=10, seed=None
        ),
        coef_se=data.draw(st.one_of(st.none(), arrays(np.float64, (n, k, d), elements=MAYBE))),
        widths=data.draw(st.one_of(st.none(), arrays(np.float64, (n,), elements=FINITE))),
        flags=tuple(tuple(data.draw(st.lists(st.text(max_size=3)))) for _ in range(n)),
        notes=tuple(data.draw(st.lists(st.text()))),
    )
    back = LocalExplanations.from_json(explanations.to_json())
    assert back == explanations
    assert np.array_equal(back.coef, explanations.coef, equal_nan=True)


def test_unknown_encodings_are_refused(four: LocalExplanations) -> None:
    data = {**four.to_dict(), "encoding": {"encoding": "superpixels"}}
    with pytest.raises(InputError, match="Unknown encoding 'superpixels'"):
        LocalExplanations.from_dict(data)


def test_print_shows_each_fidelity_with_its_interval(four: LocalExplanations) -> None:
    table = str(four)
    assert "0.920 (0.870 to 0.960)" in table
    assert "a constant, has 0" in " ".join(table.split())
    assert [line.split()[0] for line in table.splitlines() if line.endswith("bad")] == ["2", "3"]
    one = " ".join(str(four[3]).split())
    assert "weighted R² 0.080 (95 % interval 0.030 to 0.120; n = 1,000)" in one
    assert "this explanation is bad" in one
    assert "this explanation is bad" not in str(four[0])


def test_flags_of_the_method_are_said(four: LocalExplanations) -> None:
    flagged = replace(four, flags=(("the kernel is too narrow",), (), (), ()))
    assert "this explanation is bad: the kernel is too narrow" in str(flagged[0])


def test_an_undefined_fidelity_is_bad_and_a_missing_interval_is_said(
    four: LocalExplanations,
) -> None:
    fidelity = four.fidelity
    undefined = replace(fidelity, value=np.full((4, 2), np.nan))
    text = " ".join(str(replace(four, fidelity=undefined)[0]).split())
    assert "undefined" in text
    assert "this explanation is bad" in text
    bare = replace(fidelity, low=np.full((4, 2), np.nan))
    assert "no interval: too few effective samples" in str(replace(four, fidelity=bare)[0])


def test_a_bad_one_among_others_shows_below_half(four: LocalExplanations) -> None:
    value = np.full((4, 2), 0.02)
    poor = replace(four.fidelity, value=value, low=value - 0.1, high=value + 0.1)
    assert "better than a constant" in " ".join(str(replace(four, fidelity=poor)[0]).split())


def test_frame_is_long_and_carries_fidelity(four: LocalExplanations) -> None:
    pytest.importorskip("pandas")
    frame = four.to_frame()
    n, k, d = four.coef.shape
    assert len(frame) == n * k * d
    line = frame[(frame["row"] == 2) & (frame["class"] == "granted")].iloc[1]
    assert line["feature"] == "income"
    assert line["effect"] == four.coef[2, 1, 1]
    assert line["fidelity_low"] == four.fidelity.low[2, 1]
    assert line["term"] == "income <= 20883"
    assert list(four[2].to_frame()["effect"]) == list(four.coef[2].ravel())


def test_plot_takes_axes_and_gives_them_back(four: LocalExplanations, demo: ModuleType) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    ax = figure.subplots()
    assert four.plot(ax) is ax
    assert len(ax.patches) == 5
    widths = [bar.get_width() for bar in ax.patches]
    assert sorted(widths, key=abs, reverse=True) == widths
    other = figure.add_subplot()
    assert four[3].plot(other, label="refused") is other
    assert "bad explanation" in other.get_title(loc="left")
    with pytest.raises(OptionError, match="Class 'maybe' was not explained"):
        four[0].plot(label="maybe")
    assert demo.scaled_local().plot(figure.add_subplot()) is not None


def test_notebooks_show_it_escaped(demo: ModuleType) -> None:
    hostile = demo.hostile().local
    for shown in (hostile._repr_html_(), hostile[0]._repr_html_()):
        assert "<script" not in shown
        assert "<img" not in shown


def test_terms_of_missing_values_hold_for_missing_values_only() -> None:
    features = (Feature("a", missing=True), Feature("b", "categorical", categories=("x", "y")))
    row = np.array([np.nan, np.nan])
    matrix = np.array([[np.nan, np.nan], [1.0, 0.0]])
    for encoding in (
        Binned((np.array([0.5]), None)),
        Scaled(np.ones(2), None, np.array([True, True])),
    ):
        terms = encoding.terms(features, row)
        assert [term.holds(matrix).tolist() for term in terms] == [[True, False]] * 2


@given(x=st.floats(-100, 100), row=st.floats(-100, 100))
def test_bins_are_open_below_and_closed_above(x: float, row: float) -> None:
    edges = np.array([-50.0, 0.0, 50.0])
    (term,) = Binned((edges,)).terms((Feature("a"),), np.array([row]))
    same = int(np.searchsorted(edges, x)) == int(np.searchsorted(edges, row))
    assert term.holds(np.array([[x]])).tolist() == [same]
