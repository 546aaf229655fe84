"""Text on the command line becomes values: numbers, rows, options."""

from __future__ import annotations

import pytest

from surrogate.cli.values import options_by_method, parse_value, pick_rows
from surrogate.errors import OptionError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8", 8),
        ("-3", -3),
        (".5", 0.5),
        ("1e-3", 1e-3),
        ("True", True),
        ("false", False),
        ("none", None),
        ("neighbours", "neighbours"),
        ("", ""),
    ],
)
def test_values_are_read_as_what_they_look_like(text: str, value: object) -> None:
    parsed = parse_value(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("4", [4]),
        ("0:3", [0, 1, 2]),
        ("7:", [7, 8, 9]),
        (":2", [0, 1]),
        ("1,4,7", [1, 4, 7]),
        ("-1", [-1]),
        ("8:99", [8, 9]),
    ],
)
def test_rows_are_picked(text: str, rows: list[int]) -> None:
    assert pick_rows(10, text) == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12", "goes beyond the table: its 10 rows are 0 to 9"),
        ("-11", "goes beyond the table"),
        ("5:5", "names no row of the 10"),
        ("a:b", "must read like 4, 0:5 or 1,4,7"),
        ("", "must read like"),
    ],
)
def test_rows_that_are_not_there_are_refused(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        pick_rows(10, text)


def test_options_find_their_methods() -> None:
    pairs = [("cart.max_leaves", "8"), ("jitter", ".5"), ("max_depth", "3")]
    assert options_by_method(["cart", "lime"], pairs) == {
        "cart": {"max_leaves": 8, "jitter": 0.5, "max_depth": 3},
        "lime": {"jitter": 0.5},
    }


@pytest.mark.parametrize("name", ["max_leafs", "tree.max_leaves", "lime.max_leaves"])
def test_options_of_no_method_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match=f"takes the option '{name}'"):
        options_by_method(["cart"], [(name, "8")])
