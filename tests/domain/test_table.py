"""CSV files are read as they are meant, or refused with the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate.domain import Domain, read_table
from surrogate.errors import DataError


def write(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_and_their_types(tmp_path: Path) -> None:
    text = (
        "n,x,gap,word,mixed,band\n"
        '1,1.5,?, red ,1,18_24\n2,-2e3,7,"a, ""b""",NA,25_34\n\n3,.5,NA,,x,1_2\n'
    )
    table = read_table(write(tmp_path, text))
    assert {name: column.dtype.str for name, column in table.items()} == {
        "n": "<i8",
        "x": "<f8",
        "gap": "<f8",
        "word": "|O",
        "mixed": "|O",
        "band": "|O",
    }
    assert table["n"].tolist() == [1, 2, 3]
    assert table["x"].tolist() == [1.5, -2000, 0.5]
    np.testing.assert_array_equal(table["gap"], [np.nan, 7, np.nan])
    assert table["word"].tolist() == ["red", 'a, "b"', None]
    assert table["mixed"].tolist() == ["1", None, "x"]
    assert table["band"].tolist() == ["18_24", "25_34", "1_2"]


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        (b"\xef\xbb\xbfa,b\r\n1,x\r\n", "t.csv", {}),
        ("a\tb\n1\tx\n", "t.tsv", {}),
        ("a\tb\n1\tx\n", "t.txt", {}),
        ("a;b\n1;x\n", "t.csv", {}),
        ("a|b\n1|x", "t.csv", {}),
        ("a b\n1 x\n", "t.csv", {"delimiter": " "}),
        ("1,x\n", "t.csv", {"header": ["a", "b"]}),
        ("a,b\n1,x\n".encode("utf-16"), "t.csv", {"encoding": "utf-16"}),
    ],
    ids=["bom", "tsv", "tabs", "semicolon", "bar", "space", "names", "utf-16"],
)
def test_ways_to_write_a_table(
    tmp_path: Path, text: str | bytes, name: str, options: dict[str, Any]
) -> None:
    table = read_table(write(tmp_path, text, name), **options)
    assert {name: column.tolist() for name, column in table.items()} == {"a": [1], "b": ["x"]}


def test_without_a_header(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "1,x\n2,y\n"), header=False)
    assert {name: column.tolist() for name, column in table.items()} == {
        "x0": [1, 2],
        "x1": ["x", "y"],
    }


def test_numbered_headers_are_headers(tmp_path: Path) -> None:
    assert list(read_table(write(tmp_path, "0,1,2\n.5,.6,.7\n"))) == ["0", "1", "2"]
    assert list(read_table(write(tmp_path, "2019,2020\n5,6\n"))) == ["2019", "2020"]


def test_a_cell_over_two_lines(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, 'a,b\n"one\ntwo",2\n'))
    assert table["a"].tolist() == ["one\ntwo"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "has a header but no rows"),
        ("a,b\n1,2\n\n1,2,3\n", r"line 4 has 3 cells where 2 are expected: 1, 2, 3\. Quote"),
        ('a,b\n"x\ny",2\n7\n', r"line 4 has 1 cells where 2 are expected: 7\."),
        ("a,b,a\n1,2,3\n", "more than one column called 'a'"),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", r"seems to be data, not a header: 5\.1, 3\.5, setosa"),
        (",a,b\n0,1,2\n", "Column 1 of .* has no name.*index=False"),
        ('a,b\n"x,2\n', "cannot be read as a table: unexpected end of data"),
        (b"a,b\n1,caf\xe9\n", "is not utf-8 .line 2 .*Save it as UTF-8, or name its encoding"),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(write(tmp_path, text))


def test_a_header_that_was_denied(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="seems to be a header: it says 'age' above numbers"):
        read_table(write(tmp_path, "age,job\n31,cook\n"), header=False)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_table(tmp_path)
    with pytest.raises(DataError, match="no encoding 'utf-9'"):
        read_table(write(tmp_path, "a,b\n1,2\n"), encoding="utf-9")


def test_real_tables(shared_data: Callable[[str], Path]) -> None:
    names = [f"c{j}" for j in range(15)]
    table = read_table(shared_data("adult/adult.data"), header=names)
    domain = Domain.infer(table)
    assert domain.encode(table).shape == (32561, 15)
    kinds = [feature.kind for feature in domain.features]
    assert kinds.count("integer") == 6
    assert kinds.count("categorical") == 9
    assert [f.name for f in domain.features if f.missing] == ["c1", "c6", "c13"]
    decoded = domain.decode(domain.encode(table))
    assert all((decoded[name] == table[name]).all() for name in names)
