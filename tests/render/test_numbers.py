"""Figures in words."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from surrogate.render.numbers import count, number, probability, share, signed


@given(st.floats(-1e300, 1e300))
def test_a_number_is_near_what_it_writes(value: float) -> None:
    written = float(number(value).replace(",", ""))
    assert math.isclose(written, value, rel_tol=0.006, abs_tol=0.0)


@given(st.floats(-1e6, 1e6))
def test_a_sign_is_shown_where_there_is_one(value: float) -> None:
    assert signed(value)[0] == ("+" if value > 0 else "-" if value < 0 else "0")


@given(st.floats(0, 1))
def test_nearly_all_is_never_written_as_all(value: float) -> None:
    assert (share(value) == "100 %") == (value == 1)
    assert (share(value) == "0 %") == (value == 0)
    assert (probability(value) == "1") == (value == 1)
    assert (probability(value) == "0") == (value == 0)


def test_what_is_no_number_is_said() -> None:
    assert [number(x) for x in (None, math.nan, math.inf, -math.inf)] == [
        "undefined",
        "undefined",
        "inf",
        "-inf",
    ]
    assert count(1, "leaf", "leaves") == "1 leaf"
