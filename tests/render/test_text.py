"""Tables for a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from surrogate.render.names import width_of
from surrogate.render.text import bar, paragraph, table

CELLS = st.text(max_size=60)


@given(st.lists(st.tuples(CELLS, CELLS, st.integers(0, 10**6).map(str)), min_size=1, max_size=4))
def test_a_table_keeps_its_width_and_its_figures(rows: list[tuple[str, str, str]]) -> None:
    text = table(["a", "b", "n"], rows, align="llr", width=60)
    lines = text.splitlines()
    assert len(lines) == len(rows) + 2
    assert all(width_of(line) <= 60 for line in lines)
    for line, row in zip(lines[2:], rows):
        assert line.endswith(row[2])


def test_figures_are_never_clipped_though_the_table_grows_too_wide() -> None:
    figures = "0.123456789 (0.1 to 0.2)"
    text = table(["name", "x", "y"], [["n" * 50, figures, figures]], align="lrr", width=30)
    assert text.count(figures) == 2
    assert "n…n" in text


def test_headings_of_rows_keep_the_indent_below_them() -> None:
    lines = table(["rows", "n"], [["real", ""], ["  agreement", "9"]], align="lr").splitlines()
    assert lines[2] == "real"
    assert lines[3].startswith("  agreement")


def test_control_characters_are_seen_not_obeyed() -> None:
    assert "\x1b" not in table(["a"], [["\x1b[2J"]], align="l")


def test_bars_stay_in_their_box() -> None:
    assert [len(bar(share, 10)) for share in (-1, 0, 0.5, 1, 7)] == [0, 0, 5, 10, 10]


def test_paragraphs_break_between_words() -> None:
    assert all(len(line) <= 20 for line in paragraph("word " * 30, width=20).splitlines())
