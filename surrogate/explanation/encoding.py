"""What the encodings of many explained rows share; a row completes its own.

A local linear form speaks of z, not of x: of "age lies in the same bin as this row's age",
or of "age, centred and scaled". Everything but the row itself is the same for every row, so
it is kept once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from surrogate.errors import InputError
from surrogate.explanation.serial import pack, plain, unpack
from surrogate.types import BoolArray, FloatArray

__all__ = ["Binned", "Scaled", "SharedEncoding", "encoding_from_dict"]


@dataclass(frozen=True, eq=False)
class Binned:
    """z_j is 1 where x_j lies in the row's own bin (or equals its category), else 0.

    Parameters
    ----------
    edges : tuple of arrays, one per feature
        Inner edges e_1 < e_2 < ...; bin b holds e_b < x <= e_(b+1). None for a feature that
        is compared for equality.
    """

    edges: tuple[FloatArray | None, ...]

    def encode(self, matrix: FloatArray, row: FloatArray) -> FloatArray:
        """Encode a matrix (n, d) around one row (d,) as z (n, d)."""
        z = np.empty_like(matrix, dtype=np.float64)
        for j, edges in enumerate(self.edges):
            if edges is None:
                z[:, j] = _equal(matrix[:, j], row[j])
            else:
                bins = np.searchsorted(edges, matrix[:, j], side="left")
                z[:, j] = bins == np.searchsorted(edges, row[j], side="left")
        return z

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        edges = [None if e is None else plain(e) for e in self.edges]
        return {"encoding": "binned", "edges": edges}


@dataclass(frozen=True, eq=False)
class Scaled:
    """z_j is (x_j - centre_j) / scale_j, or whether x_j equals the row's category.

    Parameters
    ----------
    scale : array of shape (d,)
        In the features' units.
    centre : array of shape (d,), or None
        None: each row is its own centre.
    equality : bool array of shape (d,)
        Features that are compared for equality instead.
    """

    scale: FloatArray
    centre: FloatArray | None
    equality: BoolArray

    def encode(self, matrix: FloatArray, row: FloatArray) -> FloatArray:
        """Encode a matrix (n, d) around one row (d,) as z (n, d)."""
        centre = row if self.centre is None else self.centre
        z = (matrix - centre) / self.scale
        return np.where(self.equality, _equal(matrix, row), z)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "encoding": "scaled",
            "scale": pack(self.scale),
            "centre": pack(self.centre),
            "equality": plain(self.equality),
        }


SharedEncoding: TypeAlias = Binned | Scaled


def encoding_from_dict(data: Mapping[str, Any]) -> SharedEncoding:
    """Give back the encoding that `to_dict` described.

    Raises
    ------
    InputError
        If the kind of encoding is unknown.
    """
    kind = data.get("encoding")
    if kind == "binned":
        edges = data["edges"]
        return Binned(tuple(None if e is None else np.asarray(e, dtype=np.float64) for e in edges))
    if kind == "scaled":
        scale = unpack(data["scale"])
        assert scale is not None
        return Scaled(scale, unpack(data["centre"]), np.asarray(data["equality"], dtype=np.bool_))
    raise InputError(f"Unknown encoding {kind!r} of a local explanation; known: binned, scaled.")


def _equal(x: Any, row: Any) -> BoolArray:
    """Whether values equal the row's, a missing one equal to a missing one."""
    return np.asarray((x == row) | (np.isnan(x) & np.isnan(row)), dtype=np.bool_)
