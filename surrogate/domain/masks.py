"""Domains whose rows are masks: which parts of one image or one text are kept."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from surrogate._array import to_numpy
from surrogate.domain.domain import Domain
from surrogate.types import Array, BoolArray, Feature, FloatArray

__all__ = ["Host", "MaskDomain", "kept", "pack_array", "parts_of", "unpack_array"]

Host = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class MaskDomain(Domain):
    """What is kept of one input: internal rows are masks (n, m) of ones and zeros.

    A 1 keeps a part of the input (a superpixel, a word), a 0 hides it; `decode` builds the
    inputs that the model is asked. The input itself is the row of ones; in the row of zeros
    all is hidden.
    """

    kind: ClassVar[str] = ""
    part: ClassVar[str] = "part"

    def decode(self, matrix: Array) -> Any:
        """Inputs for the model from masks (n, m)."""
        raise NotImplementedError

    def round(self, matrix: Array, dtype: str = "float64", *, clip: bool = False) -> Array:
        """Masks as they are: ones and zeros are exact in every type."""
        return matrix

    @property
    def ones(self) -> FloatArray:
        """The input itself as a row of the domain, (1, m)."""
        return np.ones((1, len(self.features)))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:  # type: ignore[override]
        """Undo `to_dict`."""
        raise NotImplementedError


def kept(matrix: Array) -> BoolArray:
    """Masks (n, m) as truth values, in host memory."""
    return np.asarray(to_numpy(matrix) > 0.5, dtype=np.bool_)


def parts_of(names: Sequence[str]) -> tuple[Feature, ...]:
    """A feature for each part, 1 where it is kept; of equal names the later ones are numbered.

    Examples
    --------
    >>> from surrogate.domain.masks import parts_of
    >>> [part.name for part in parts_of(["the", "film", "the"])]
    ['the', 'film', 'the (2)']
    """
    taken, count, unique = set(names), dict.fromkeys(names, 0), []
    for name in names:
        count[name] += 1
        own = name
        if count[name] > 1:
            own = f"{name} ({count[name]})"
            while own in taken:
                count[name] += 1
                own = f"{name} ({count[name]})"
            taken.add(own)
        unique.append(Feature(own, "binary", 0.0, 1.0))
    return tuple(unique)


def pack_array(array: Host) -> dict[str, Any]:
    """An array as compressed text, for JSON; it comes back bit for bit."""
    array = np.ascontiguousarray(array)
    small = zlib.compress(array.tobytes(), 6)
    text = base64.b64encode(small).decode("ascii")
    return {"dtype": array.dtype.str, "shape": list(array.shape), "zlib": text}


def unpack_array(packed: Mapping[str, Any]) -> Host:
    """Give back the array that `pack_array` was given.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain.masks import pack_array, unpack_array
    >>> unpack_array(pack_array(np.array([[1, 2]], dtype=np.uint8)))
    array([[1, 2]], dtype=uint8)
    """
    content = zlib.decompress(base64.b64decode(packed["zlib"]))
    return np.frombuffer(content, dtype=packed["dtype"]).reshape(packed["shape"])
