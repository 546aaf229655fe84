"""Adversarial rows that were made before: written, read, and checked against a table."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.errors import DataError, OptionError
from surrogate.types import FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["ReadyRows", "check_ready", "read_ready", "ready_hash", "write_ready"]

_KEYS = ("rows", "source", "attack", "attacker", "radius", "norm")
_NORMS = ("linf", "l2", "")


@dataclass(frozen=True, eq=False)
class ReadyRows:
    """Adversarial rows that were made before, so that no attack has to run.

    Parameters
    ----------
    attack : str
        How they were made: "pgd".
    attacker : str
        Name of the model that they were made on.
    radius : float or None
        Size of the ball that they lie in, in units of `norm`; None where the attack takes none.
    rows : array of shape (n, d)
        As the domain encodes rows.
    source : int array of shape (n,)
        Which row of the data (of `test`, where that is given) each was made from.
    norm : str
        "linf" or "l2"; empty where it is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.robust.comparing import ReadyRows
    >>> made = ReadyRows("pgd", "natural", 0.1, np.zeros((2, 3)), np.array([4, 7]), "linf")
    >>> len(made)
    2
    """

    attack: str
    attacker: str
    radius: float | None
    rows: FloatArray
    source: IntArray
    norm: str = ""

    def __len__(self) -> int:
        return len(self.rows)


def write_ready(
    path: str | os.PathLike[str],
    ready: Iterable[ReadyRows],
    *,
    columns: Sequence[str] = (),
) -> None:
    """Write sets of adversarial rows, all as long, as one .npz file without pickles.

    Parameters
    ----------
    path : str or Path
    ready : iterable of ReadyRows
    columns : sequence of str
        Names of the columns, which are compared with the data's when the file is read.
    """
    sets = list(ready)
    kept: dict[str, Any] = {
        "rows": np.stack([one.rows for one in sets]),  # (s, n, d)
        "source": np.stack([one.source for one in sets]),  # (s, n)
        "attack": np.array([one.attack for one in sets]),
        "attacker": np.array([one.attacker for one in sets]),
        "radius": np.array([np.nan if one.radius is None else one.radius for one in sets]),
        "norm": np.array([one.norm for one in sets]),
    }
    if columns:
        kept["columns"] = np.array(list(columns))
    with Path(path).open("wb") as file:
        np.savez_compressed(file, **kept)


def read_ready(path: str | os.PathLike[str]) -> tuple[tuple[ReadyRows, ...], tuple[str, ...]]:
    """Read what `write_ready` wrote: the sets, and the names of their columns, if there are any.

    Raises
    ------
    DataError
        If the file is not there, or holds something else.
    """
    found = _arrays(path)
    lacks = [name for name in _KEYS if name not in found]
    if lacks:
        raise DataError(
            f"{path} holds no adversarial rows: it lacks {', '.join(map(repr, lacks))}; "
            "surrogate.robust.comparing.write_ready writes such a file."
        )
    rows, sets = np.asarray(found["rows"], dtype=np.float64), len(found["attack"])
    if rows.ndim != 3 or len(rows) != sets:
        raise DataError(
            f"The `rows` of {path} must have shape ({sets}, n, d), one set for each attack; got "
            f"{rows.shape}."
        )
    source = np.broadcast_to(found["source"], rows.shape[:2]).astype(np.intp)
    read = tuple(
        ReadyRows(
            attack=str(found["attack"][i]),
            attacker=str(found["attacker"][i]),
            radius=None if np.isnan(found["radius"][i]) else float(found["radius"][i]),
            rows=rows[i],
            source=source[i],
            norm=str(found["norm"][i]),
        )
        for i in range(sets)
    )
    return read, tuple(map(str, found.get("columns", ())))


def _arrays(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The arrays of an .npz file."""
    try:
        with Path(path).open("rb") as opened:
            if not zipfile.is_zipfile(opened):
                raise DataError(
                    f"{path} could not be read as an .npz file: it is none, or not whole; "
                    "surrogate.robust.comparing.write_ready writes such a file."
                )
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} could not be read as an .npz file: {error}.") from error


def check_ready(given: Any, domain: Domain, *, n_rows: int) -> tuple[ReadyRows, ...]:
    """Sets of adversarial rows as the user gave them: a path, one set, or several.

    Raises
    ------
    OptionError
        If it is none of these.
    DataError
        If rows do not fit the domain, or come from rows that are not there.
    """
    columns: tuple[str, ...] = ()
    if isinstance(given, str | os.PathLike):
        sets, columns = read_ready(given)
    else:
        sets = (given,) if isinstance(given, ReadyRows) else _sequence(given)
    if columns and columns != domain.names:
        raise DataError(
            "The columns of `adversarial` are not those of `data`, in their order: "
            f"{_first_other(columns, domain.names)}."
        )
    for one in sets:
        _check_set(one, domain, n_rows)
    return sets


def _sequence(given: Any) -> tuple[ReadyRows, ...]:
    """Several sets, or an error that says what is wanted."""
    sets = tuple(given) if isinstance(given, Sequence) else ()
    if not sets or not all(isinstance(one, ReadyRows) for one in sets):
        raise OptionError(
            "The `adversarial` parameter of compare must be a path of an .npz file or a list of "
            f"ReadyRows; got {given!r:.80}."
        )
    return sets


def _first_other(ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    """Where two lists of names part."""
    if len(ours) != len(theirs):
        return f"{len(ours)} columns, and {len(theirs)} in the data"
    i = next(i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b)
    return f"column {i} is {ours[i]!r}, and {theirs[i]!r} in the data"


def _check_set(one: ReadyRows, domain: Domain, n_rows: int) -> None:
    """Rows of the domain, made from rows that are there."""
    where = f"adversarial ({one.attack} on {one.attacker})"
    rows, source = np.asarray(one.rows), np.asarray(one.source)
    if rows.ndim != 2 or rows.shape[1] != len(domain) or source.shape != rows.shape[:1]:
        raise DataError(
            f"{where}: rows must have shape (n, {len(domain)}) and source (n,); got {rows.shape} "
            f"and {source.shape}."
        )
    if not np.issubdtype(source.dtype, np.integer) or (
        len(source) and (source.min() < 0 or source.max() >= n_rows)
    ):
        raise DataError(
            f"{where}: source must name rows from 0 to {n_rows - 1:,}, counted in `test` where "
            "that is given, else in `data`."
        )
    if one.radius is not None and not 0 < one.radius < np.inf:
        raise DataError(f"{where}: radius must be a number above 0, or None; got {one.radius!r}.")
    if one.norm not in _NORMS:
        raise DataError(
            f"{where}: norm must be 'linf', 'l2', or empty where it is not known; got {one.norm!r}."
        )
    domain.encode(domain.decode(np.asarray(rows, dtype=np.float64)), where=where)


def ready_hash(sets: Sequence[ReadyRows]) -> str:
    """SHA-256 of all sets: what a result says it was measured on."""
    digest = hashlib.sha256()
    for one in sets:
        digest.update(repr((one.attack, one.attacker, one.radius, one.norm)).encode())
        digest.update(np.ascontiguousarray(one.rows, dtype="<f8").data)
        digest.update(np.ascontiguousarray(one.source, dtype="<i8").data)
    return digest.hexdigest()
