"""Names that came from data, made safe for one line of print."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.render.names import clean, clip, for_terminal, spread, width_of


@given(st.text())
def test_clean_text_steers_nothing(text: str) -> None:
    cleaned = clean(text)
    acting = {unicodedata.category(c) for c in cleaned if c != "\u200d"}
    assert not acting & {"Cc", "Cf", "Cs", "Co"}
    assert "\n" not in cleaned


@given(st.text(), st.integers(0, 40))
def test_clipped_text_fits(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert width_of(clipped) <= width
    if width_of(text) <= width and len(text) <= width:
        assert clipped == text


def test_clipping_keeps_both_ends_and_is_quick() -> None:
    assert clip("a" + "x" * 10_000_000 + "z", 5) == "ax…xz"


@given(st.text(max_size=20))
def test_padding_fills_columns(text: str) -> None:
    assert width_of(spread(text, 50)) == 50
    assert spread(text, 50, right=True).endswith(text)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8", "no-such-encoding"])
def test_a_terminal_can_print_it(encoding: str) -> None:
    text = for_terminal("── R² ≤ .5 · 年 … ± █", encoding)
    if encoding == "no-such-encoding":
        encoding = "ascii"
    text.encode(encoding)
    assert ("年" in text) == (encoding == "utf-8")
    assert len(text) > 10
