"""Pictures of images and texts: parts are coloured by sign and strength, text is escaped."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.render.marked import marked_html, marked_text, strength
from surrogate.render.overlay import COLOURS, overlay, picture, png

SEGMENTS = np.repeat(np.repeat([[0, 1], [2, 3]], 4, axis=0), 4, axis=1)
PIECES = ("not", " <b> ", "bad", ", ", "not", "!\n")
OWNER = (0, -1, 1, -1, 0, -1)


def middle(pixels: np.ndarray, part: int) -> np.ndarray:
    """The colour in the middle of a superpixel."""
    size = len(pixels) // 2
    return pixels[size * (part // 2) + size // 2, size * (part % 2) + size // 2].astype(float)


@pytest.mark.parametrize("colours", [(), (1,), (3,), (4,)], ids=["grey", "1", "3", "4"])
def test_superpixels_are_coloured_by_sign_and_strength(colours: tuple[int, ...]) -> None:
    image = np.full((8, 8, *colours), 0.5)
    pixels = overlay(image, SEGMENTS, np.array([1.0, -1.0, 0.2, 0.0]))
    assert pixels.shape == (336, 336, 3)
    assert pixels.dtype == np.uint8
    grey = middle(pixels, 3)
    assert len(set(grey)) == 1
    for part, colour in ((0, COLOURS[0]), (1, COLOURS[1])):
        away = middle(pixels, part) - grey
        assert away @ (np.array(colour) - grey) > 0.9 * np.linalg.norm(away) * np.linalg.norm(
            np.array(colour) - grey
        )
    assert 0 < np.abs(middle(pixels, 2) - grey).sum() < np.abs(middle(pixels, 0) - grey).sum()


def test_brightness_below_can_still_be_told() -> None:
    image = np.zeros((8, 8), dtype=np.uint8)
    image[:, :4] = 255
    pixels = overlay(image, SEGMENTS, np.zeros(4))
    assert middle(pixels, 0).mean() > middle(pixels, 1).mean() + 50
    floats = overlay(np.where(image > 0, 3.0, -9.0), SEGMENTS, np.zeros(4))
    assert np.array_equal(pixels, floats)


def test_an_even_image_and_large_images_are_drawn_too() -> None:
    assert overlay(np.full((8, 8), -2.0), SEGMENTS, np.ones(4)).shape == (336, 336, 3)
    large = np.zeros((400, 300))
    assert overlay(large, np.zeros((400, 300), dtype=int), np.ones(1)).shape == (400, 300, 3)


def test_the_png_is_read_back_by_others() -> None:
    image = pytest.importorskip("matplotlib.image")
    import io

    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    read = image.imread(io.BytesIO(png(pixels)))
    assert np.array_equal(np.round(255 * read[:, :, :3]).astype(np.uint8), pixels)


def test_a_picture_of_a_page_says_what_it_shows() -> None:
    html = picture(np.zeros((2, 2, 3), np.uint8), 'effects of "<b>"')
    assert 'alt="effects of &quot;&lt;b&gt;&quot;"' in html
    assert 'src="data:image/png;base64,' in html


def test_strengths_are_steps_of_the_largest() -> None:
    assert strength(np.array([4.0, -3.1, 2.0, -1.0, 0.001, 0.0])) == [4, 4, 2, 1, 1, 0]
    assert strength(np.zeros(2)) == [0, 0]


def test_words_of_a_page_are_marked_and_all_is_escaped() -> None:
    html = marked_html(PIECES, OWNER, np.array([0.5, -0.25]))
    assert html.count('<mark class="for s4" title="0.5">not</mark>') == 2
    assert '<mark class="against s2" title="-0.25">bad</mark>' in html
    assert " &lt;b&gt; " in html
    assert "<b>" not in html
    plain = marked_html(("<i>", "x"), (0, 1), np.array([1.0, 0.0]))
    assert "&lt;i&gt;</mark>x" in plain


def test_words_of_a_terminal_are_in_brackets_on_one_line() -> None:
    assert marked_text(PIECES, OWNER, np.array([0.5, -0.25])) == "[+not] <b> [-bad], [+not]!"
    assert marked_text(PIECES, OWNER, np.array([0.5, -0.25]), top=1) == "[+not] <b> bad, [+not]!"
    weak = marked_text(PIECES, OWNER, np.array([0.5, -0.01]))
    assert weak == "[+not] <b> bad, [+not]!"
    assert "\x1b" not in marked_text(("a\x1b[2J", "b"), (0, 1), np.array([1.0, 0.0]))


def test_an_image_is_drawn_with_a_scale() -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from surrogate.render.canvas import open_figure
    from surrogate.render.plot_overlay import plot_overlay

    figure, ax = open_figure(5, 5)
    found = plot_overlay(
        np.zeros((8, 8)), SEGMENTS, np.array([1.0, -2, 0, 0]), title="a $ b", ax=ax
    )
    assert found is ax
    FigureCanvasAgg(figure).draw()
    (image,) = ax.images
    assert image.get_extent() == [-0.5, 7.5, 7.5, -0.5]
    bar = figure.axes[1]
    assert bar.get_ylim() == (-2, 2)
    assert bar.get_ylabel() == "effect on the answer"
    assert ax.get_title(loc="left") == "a $ b"


def test_a_text_is_drawn_word_by_word() -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from surrogate.render.canvas import BLUE, ORANGE, open_figure
    from surrogate.render.plot_text import plot_text

    figure, ax = open_figure(6, 2)
    words = ("good", " ", "$x$", "\n", "bad" * 40, " 很", " end " * 30)
    plot_text(words, (0, -1, -1, -1, 1, 2, -1), np.array([1.0, -0.5, 0.0]), ax=ax)
    FigureCanvasAgg(figure).draw()  # warns of no glyph that the font lacks
    texts = [text.get_text() for text in ax.texts]
    assert texts[:2] == ["good", "$x$"]
    assert len(texts[2]) == 64
    assert [box.get_facecolor()[:3] for box in ax.patches] == [
        tuple(int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)) for c in (BLUE, ORANGE)
    ]
    assert len(ax.lines) == 1  # what takes is underlined
    columns = [text.get_position()[0] + len(text.get_text()) for text in ax.texts]
    assert max(columns) <= 64


def test_of_a_long_text_the_first_lines_are_drawn() -> None:
    pytest.importorskip("matplotlib")
    from surrogate.render.canvas import open_figure
    from surrogate.render.plot_text import plot_text

    _, ax = open_figure(6, 2)
    plot_text(("word ",) * 2_000, (0,) * 2_000, np.ones(1), ax=ax)
    assert ax.texts[-1].get_text() == "..."
    assert len(ax.texts) < 1_000
