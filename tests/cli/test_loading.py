"""Names on the command line become models, tables and values."""

from __future__ import annotations

from pathlib import Path

import pytest

from surrogate.cli.loading import load_function
from surrogate.errors import InputError, OptionError


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
