"""CSV and TSV files as columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from surrogate.domain.reading import default_names
from surrogate.errors import DataError

__all__ = ["read_table"]

_MISSING = frozenset({"", "?", "NA", "NaN", "nan", "NULL", "null"})
_DELIMITERS = ",;\t|"
_WIDEST = 2**31 - 1


def read_table(
    path: str | Path,
    *,
    delimiter: str | None = None,
    header: bool | Sequence[str] = True,
    encoding: str = "utf-8-sig",
) -> dict[str, np.ndarray[Any, Any]]:
    r"""Read a CSV or TSV file into one array per column.

    Parameters
    ----------
    path : str or Path
    delimiter : str, optional
        What stands between cells. By default a tab in .tsv and .tab files; else whichever
        of comma, semicolon, tab and bar the first line has most of.
    header : bool or sequence of str
        True: the first line names the columns. False: it is data, and the columns are
        called x0, x1, ... Names: it is data, and these are the columns.
    encoding : str
        Python's name of the file's encoding. The default is UTF-8, marked so or not.

    Returns
    -------
    dict from str to array of shape (n,)
        int64 where all cells are whole numbers, float64 where all are numbers (missing ones
        NaN), else objects: str, and None where missing. Missing cells are empty, "?", "NA",
        "NaN" or "null".

    Raises
    ------
    DataError
        If the file is empty, has no header, rows of different lengths, columns of one name,
        or cannot be read; with the line, counted from 1.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from surrogate.domain import read_table
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "people.csv"
    >>> _ = file.write_text("age,job\n31,cook\n45,?\n")
    >>> read_table(file)
    {'age': array([31, 45]), 'job': array(['cook', None], dtype=object)}
    """
    path = Path(path)
    rows = _rows(path, delimiter, encoding)
    if not rows:
        raise DataError(f"{path} is empty.")
    if header is True:
        names, rows = tuple(cell.strip() for cell in rows[0]), rows[1:]
        _check_header(names, path)
    else:
        names = tuple(header) if header else default_names(len(rows[0]))
    _check_unique(names, path)
    if not rows:
        raise DataError(f"{path} has a header but no rows.")
    if set(map(len, rows)) != {len(names)}:
        _refuse_ragged(path, delimiter, encoding, len(names))
    table = {name: _column(cells) for name, cells in zip(names, zip(*rows))}
    if header is not True:
        _refuse_named_first(table, path)
    return table


def _rows(path: Path, delimiter: str | None, encoding: str) -> list[list[str]]:
    """All lines that are not empty, as cells."""
    try:
        with path.open(newline="", encoding=encoding) as file:
            return [row for row in _reader(file, path, delimiter) if row]
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except (IsADirectoryError, PermissionError) as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1 if error.start else 1
        raise DataError(
            f"{path} is not {error.encoding} (line {line} or later: {error.reason}). Save it as "
            f"UTF-8, or name its encoding, such as encoding='cp1252'."
        ) from error
    except LookupError as error:
        raise DataError(f"There is no encoding {encoding!r}.") from error
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as a table: {error}.") from error


def _reader(file: Any, path: Path, delimiter: str | None) -> Any:
    """A csv reader at the start of an open file."""
    if delimiter is None:
        first = file.readline()
        file.seek(0)
        delimiter = "\t" if path.suffix in (".tsv", ".tab") else _likely_delimiter(first)
    csv.field_size_limit(_WIDEST)
    return csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)


def _likely_delimiter(line: str) -> str:
    """Whichever delimiter stands most often outside quotes; a comma where none does."""
    outside = "".join(line.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _check_header(names: tuple[str, ...], path: Path) -> None:
    """Raise where the first line seems to be data, or leaves a column without a name."""
    numbers = [name for name in names if _is_number(name)]
    if numbers and not _counts_up(names):
        raise DataError(
            f"The first line of {path} seems to be data, not a header: {', '.join(names[:5])}. "
            f"Give the columns' names as header=[...], or header=False to call them x0, x1, ..."
        )
    if "" in names:
        raise DataError(
            f"Column {names.index('') + 1} of {path} has no name. If it counts the rows, write the "
            f"file without it (pandas: index=False); else name it."
        )


def _refuse_named_first(table: dict[str, np.ndarray[Any, Any]], path: Path) -> None:
    """Raise where a column is numbers below a name, so that the first line is a header."""
    for column in table.values():
        first, rest = column[0], column[1:]
        named = column.dtype == object and first and not _is_number(first)
        if named and len(rest) and all(cell is None or _is_number(cell) for cell in rest):
            raise DataError(
                f"The first line of {path} seems to be a header: it says {first!r} above "
                f"numbers. Read it with header=True."
            )


def _counts_up(names: tuple[str, ...]) -> bool:
    """Whether the names are consecutive whole numbers, as frameworks give to columns."""
    if not all(name.isdecimal() for name in names):
        return False
    numbers = [int(name) for name in names]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _check_unique(names: tuple[str, ...], path: Path) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"{path} has more than one column called {', '.join(map(repr, twice))}. Rename or drop "
            f"the others."
        )


def _refuse_ragged(path: Path, delimiter: str | None, encoding: str, width: int) -> NoReturn:
    """Read once more to find the line that is too long or too short."""
    with path.open(newline="", encoding=encoding) as file:
        reader = _reader(file, path, delimiter)
        for row in reader:
            if row and len(row) != width:
                raise DataError(
                    f"{path} line {reader.line_num} has {len(row)} cells where {width} are "
                    f"expected: {', '.join(row[:5])[:80]}. Quote cells that hold the delimiter "
                    f"({reader.dialect.delimiter!r})."
                )
    raise DataError(f"{path} changed while it was read.")


def _column(cells: Sequence[str]) -> np.ndarray[Any, Any]:
    """Cells as int64, float64 or strings."""
    numbers = _numbers(cells)
    if numbers is not None:
        return numbers
    clean = {cell: _cleaned(cell) for cell in set(cells)}
    present = [cell for cell in clean.values() if cell is not None]
    if len(present) < len(clean) and all(map(_is_number, present)):
        return np.array([np.nan if clean[cell] is None else float(cell) for cell in cells])
    column = np.empty(len(cells), dtype=object)
    column[:] = list(map(clean.__getitem__, cells))
    return column


def _cleaned(cell: str) -> str | None:
    """A cell without space around it; None where that says missing."""
    stripped = cell.strip()
    return None if stripped in _MISSING else stripped


def _numbers(cells: Sequence[str]) -> np.ndarray[Any, Any] | None:
    """Cells as numbers, or None where one is not."""
    if "_" in "".join(cells):  # Python reads "18_24" as 1824
        return None
    for kind in (int, float):
        try:
            return np.fromiter(map(kind, cells), np.int64 if kind is int else np.float64)
        except (ValueError, OverflowError):
            continue
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
