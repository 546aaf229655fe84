"""Names on the command line become models, tables and values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from surrogate.cli.loading import load_function, parse_value, pick_rows
from surrogate.errors import InputError, OptionError

COLUMNS = {"x": np.arange(10.0), "c": np.array(list("abcdefghij"), dtype=object)}


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
        ("-1", [9]),
        ("8:99", [8, 9]),
    ],
)
def test_rows_are_picked(text: str, rows: list[int]) -> None:
    picked = pick_rows(COLUMNS, text)
    assert picked["x"].tolist() == rows
    assert picked["c"].tolist() == [COLUMNS["c"][i] for i in rows]


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
        pick_rows(COLUMNS, text)


def test_a_function_is_loaded_and_may_import_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_test.py").write_text("scale = 3\n", encoding="utf-8")
    (tmp_path / "prepare_test.py").write_text(
        "from neighbour_of_test import scale\ndef triple(rows):\n    return scale * rows\n",
        encoding="utf-8",
    )
    assert load_function(f"{tmp_path}/prepare_test.py:triple")(2) == 6


def test_a_function_that_is_not_there_is_named(model: str) -> None:
    with pytest.raises(InputError, match=r"has no 'predikt' \(did you mean 'predict'\?\)"):
        load_function(model.replace("predict", "predikt"))


def test_what_is_no_function_is_refused(model: str) -> None:
    with pytest.raises(InputError, match="constant is of type int; a function is wanted"):
        load_function(model.replace("predict", "constant"))


def test_a_function_is_named_with_its_file() -> None:
    with pytest.raises(OptionError, match=r"'scale' does not name a function; .* file\.py:name"):
        load_function("scale")
