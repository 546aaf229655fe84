"""Explanations of images and texts: what they hold, say, draw, and how they come back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from surrogate import Images, MaskExplanations, Texts, explain, wrap
from surrogate.errors import AbilityError, DataError, InputError, OptionError

TEXTS = [
    "a good film, and not a bad one at all",
    "a <b>bad</b> film",
    "good or bad, it is not for me to say here, on this page, at this time of day",
]
IMAGES = np.random.default_rng(0).random((4, 9, 9, 3)).astype(np.float32)


def reads(texts: list[str]) -> np.ndarray:
    score = np.array([t.count("good") - t.count("bad") + 0.3 * t.count("not bad") for t in texts])
    p = 1 / (1 + np.exp(-score))
    return np.column_stack([1 - p, p])


def sees(images: np.ndarray) -> np.ndarray:
    return images[:, :3, :3].mean(axis=(1, 2, 3)) - images[:, 6:, 6:, 0].mean(axis=(1, 2))


@pytest.fixture(scope="module")
def texts() -> MaskExplanations:
    box = wrap(reads, output="probabilities", classes=["bad", "good"])
    found = explain(box, TEXTS, domain=Texts(), fidelity=200, options={"n_samples": 300})
    assert isinstance(found, MaskExplanations)
    return found


@pytest.fixture(scope="module")
def images() -> MaskExplanations:
    box = wrap(sees, task="regression")
    domain = Images(n_segments=9, fill="constant", channels="last")
    found = explain(box, IMAGES, domain=domain, fidelity=200, options={"n_samples": 300})
    assert isinstance(found, MaskExplanations)
    return found


def test_it_behaves_as_a_batch_of_ragged_rows(texts: MaskExplanations) -> None:
    assert len(texts) == 3
    assert [c.shape for c in texts.coef] == [(2, 9), (2, 4), (2, 18)]
    assert [e.coef.shape for e in texts] == [c.shape for c in texts.coef]
    assert texts.intercept.shape == texts.box_values.shape == texts.local_values.shape == (3, 2)
    assert texts.classes == ("bad", "good")
    assert (texts.method, texts.task, texts.kind) == ("lime", "classification", "text")
    assert texts.index == (0, 1, 2)
    assert texts[-1].index == 2
    assert [e.index for e in texts[1:]] == [1, 2]
    assert np.allclose(texts.box_values, reads(TEXTS))
    assert len(texts.flags) == 3
    with pytest.raises(IndexError, match="text 3 of 3 explained ones"):
        texts[3]


def test_one_input_knows_itself(texts: MaskExplanations, images: MaskExplanations) -> None:
    assert texts[0].input == TEXTS[0]
    assert np.array_equal(images[1].input, IMAGES[1])
    assert np.array_equal(images[1].row, IMAGES[1:2])
    assert texts[0].batch.queries == texts.queries
    assert texts[0].batch.settings["inputs"] == Texts().to_dict()
    assert texts[0].fidelity[1].interval is not None
    assert images[2].effects().shape == (9,)
    assert np.array_equal(images[2].pixels()[:3, :3], np.full((3, 3), images[2].coef[0, 0]))
    with pytest.raises(AbilityError, match="no pixels"):
        texts[0].pixels()
    with pytest.raises(OptionError, match="Class 'fine' was not explained"):
        texts[0].effects("fine")


def test_forms_predict_masks(texts: MaskExplanations) -> None:
    one = texts[1]
    assert np.allclose(one.predict(np.ones((1, 4)))[0], one.local_value)
    assert np.allclose(one.predict(np.zeros((1, 4)))[0], one.intercept)


def test_only_certain_effects_are_left_where_that_is_asked(images: MaskExplanations) -> None:
    one = images[0]
    certain = one.effects(certain=True)
    assert certain[0] != 0
    assert np.count_nonzero(certain) <= np.count_nonzero(one.effects())
    box = wrap(sees, task="regression")
    job: dict[str, Any] = {"domain": Images(n_segments=9, channels="last"), "fidelity": 50}
    ridge = explain(box, IMAGES[:1], options={"ridge": 1.0, "n_samples": 300}, **job)
    assert "No standard errors" in ridge.parts[0].notes[0]
    with pytest.raises(AbilityError, match="claims no standard errors"):
        ridge[0].effects(certain=True)


@pytest.mark.parametrize("which", ["texts", "images"])
def test_json_comes_back_equal(which: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(which)
    text = found.to_json()
    back = MaskExplanations.from_json(text)
    assert back == found
    assert back.to_json() == text
    assert back != found[:1]
    assert str(back[0]) == str(found[0])
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert np.array_equal(back[0].row, found[0].row)


def test_json_of_images_is_not_much_larger_than_they_are() -> None:
    image = (np.indices((1, 200, 300, 3)).sum(axis=0) % 256).astype(np.uint8)
    box = wrap(lambda x: x[:, :20, :20].mean(axis=(1, 2, 3)), task="regression")
    found = explain(box, image, domain=Images(), fidelity=10, options={"n_samples": 60})
    assert len(found.to_json()) < image.nbytes


def test_other_json_is_refused(texts: MaskExplanations) -> None:
    with pytest.raises(InputError, match="surrogate/mask-explanations"):
        MaskExplanations.from_json('{"schema": "surrogate/audit"}')
    with pytest.raises(DataError, match="one input each, at least one"):
        MaskExplanations(parts=())


def test_a_frame_has_a_line_for_each_part(texts: MaskExplanations) -> None:
    pytest.importorskip("pandas")
    frame = texts.to_frame()
    assert len(frame) == 2 * (9 + 4 + 18)
    one = frame[(frame.row == 1) & (frame["class"] == "good")]
    assert one.feature.tolist() == ["a", "b", "bad", "film"]
    assert np.allclose(one.effect, texts.coef[1][1])
    assert {"fidelity", "fidelity_low", "fidelity_high"} <= set(frame.columns)


def test_a_few_are_printed_in_full_and_many_in_a_line_each(
    texts: MaskExplanations, images: MaskExplanations
) -> None:
    full = str(texts)
    assert "lime on" in full
    assert "text 1, " in full
    assert "[+good]" in full
    assert "[-bad]" in full
    assert full.count("queries:") == 1
    assert "All 16 masks were asked" in full
    lines = str(images)
    assert "strongest superpixel" in lines
    assert "(" in lines  # no fidelity without its interval
    assert str(images[1]).count("superpixel") == 3
    assert repr(texts) == "<MaskExplanations lime, 3 texts of 4 to 18 words>"
    assert repr(images) == "<MaskExplanations lime, 4 images of 9 superpixels>"
    assert repr(images[3]) == "<MaskExplanation lime, image 3>"


def test_notebooks_show_pictures_and_escape_all(
    texts: MaskExplanations, images: MaskExplanations
) -> None:
    html = texts._repr_html_()
    assert "<b>bad" not in html
    assert '<mark class="for' in html
    assert "<table>" in images._repr_html_()
    one = images[0]._repr_html_()
    assert one.count("<img ") == 1
    assert "speak for and against" in one


def test_plots_show_the_input_with_its_fidelity(
    texts: MaskExplanations, images: MaskExplanations
) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from surrogate.render.canvas import open_figure

    for found, name in ((texts, "text 0, good"), (images, "image 0, value")):
        figure, ax = open_figure(6, 5)
        assert found.plot(ax) is ax
        FigureCanvasAgg(figure).draw()
        head, fidelity = ax.get_title(loc="left").split("\n")
        assert head == name
        assert "95 % interval" in fidelity
    _, ax = open_figure(6, 5)
    texts[0].plot(ax, label="bad", certain=True)
    assert ax.get_title(loc="left").startswith("text 0, bad\n")
    _, ax = open_figure(6, 5)
    texts[0].plot_bars(ax)
    assert len(ax.patches) > 1
