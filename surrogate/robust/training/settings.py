"""How a net was trained: everything that its weights depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from surrogate._validate import Choice, NoneOr, Real, Rule, Whole, check
from surrogate.errors import DataError, OptionError
from surrogate.robust.training.architectures import ARCHITECTURES, image_shape, sizes_of
from surrogate.robust.training.perturbing import Box
from surrogate.robust.training.recipes import RECIPES
from surrogate.types import FloatArray, IntArray, Label

__all__ = ["RULES", "Rows", "TrainingSettings", "read_rows"]


class _BoxRule:
    """Two finite numbers in order."""

    def holds(self, value: Any) -> bool:
        if not isinstance(value, tuple) or len(value) != 2:
            return False
        return all(Real().holds(end) for end in value) and value[0] < value[1]

    def __str__(self) -> str:
        return "a pair (low, high)"


RULES: Mapping[str, Rule] = {
    "architecture": Choice(list(ARCHITECTURES)),
    "recipe": Choice(list(RECIPES)),
    "alpha": Real(0, 1),
    "steps": Whole(1, 10_000),
    "epochs": Whole(1),
    "batch": Whole(1),
    "lr": Real(0, closed="neither"),
    "seed": Whole(0),
    "box": NoneOr(_BoxRule()),
}


@dataclass(frozen=True)
class TrainingSettings:
    """What a net's weights depend on; it is kept in every checkpoint.

    Parameters
    ----------
    architecture, recipe : str
        Names of `ARCHITECTURES` and `RECIPES`.
    classes : tuple
        In the order of the logits.
    d : int
        Columns.
    sizes : mapping
        Of the architecture.
    shape : tuple of int
        Channels, height, width of a row.
    eps : float
        Radius of the examples trained on, and about which the figures are taken.
    alpha, steps, epochs, batch, lr, seed
        As `train` takes them.
    box : tuple of float or None
        To which examples are clipped.
    n_rows : int
        Rows trained on.
    data : str
        SHA-256 of the rows trained on and their classes.
    """

    architecture: str
    recipe: str
    classes: tuple[Label, ...]
    d: int
    sizes: Mapping[str, Any]
    shape: tuple[int, int, int]
    eps: float
    alpha: float
    steps: int
    epochs: int
    batch: int
    lr: float
    box: Box
    seed: int
    n_rows: int
    data: str

    def __post_init__(self) -> None:
        check("train", RULES, {name: getattr(self, name) for name in RULES})
        if not Real(0, closed="neither").holds(self.eps):
            raise OptionError(
                "The `eps` parameter of train must be a float in (0, inf): an adversarial recipe"
                " with eps 0 trains on clean rows, which is recipe='natural', and no figure is"
                f" taken at radius 0; got {self.eps!r}."
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TrainingSettings:
        """Rebuild what `to_dict` gave.

        Raises
        ------
        DataError
            If names are missing or unknown.
        """
        names = {field.name for field in fields(cls)}
        if set(data) != names:
            raise DataError(
                "The settings of a trained net miss or add: "
                + ", ".join(sorted(names.symmetric_difference(data)))
                + "."
            )
        read = dict(data)
        sizes = sizes_of(read["architecture"], read["sizes"])
        shape = image_shape(read["architecture"], read["d"], tuple(read["shape"]))
        box = None if read["box"] is None else (float(read["box"][0]), float(read["box"][1]))
        given = {"sizes": sizes, "shape": shape, "box": box, "classes": tuple(read["classes"])}
        return cls(**(read | given))

    def differences(self, other: TrainingSettings) -> list[str]:
        """What differs from other settings, epochs aside: those may be added."""
        ours, theirs = self.to_dict(), other.to_dict()
        return [
            f"{name} {theirs[name]!r} there, {ours[name]!r} here"
            for name in ours
            if name != "epochs" and ours[name] != theirs[name]
        ]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows and their true classes, as a loop takes them.

    Parameters
    ----------
    x : float32 array of shape (n, d)
    y : int array of shape (n,)
        Codes into `classes`.
    classes : tuple
    shape : tuple of int or None
        Of one row, where it was given as an image.
    """

    x: Any
    y: IntArray
    classes: tuple[Label, ...]
    shape: tuple[int, ...] | None

    @property
    def sha256(self) -> str:
        """Of rows and classes."""
        told = hashlib.sha256(np.ascontiguousarray(self.x).tobytes())
        told.update(np.ascontiguousarray(self.y, dtype="<i8").tobytes())
        told.update(json.dumps(self.classes).encode())
        return told.hexdigest()

    def take(self, index: IntArray) -> Rows:
        """Some of the rows."""
        return Rows(self.x[index], self.y[index], self.classes, self.shape)


def read_rows(
    X: Any, y: Any, *, box: Box, classes: tuple[Label, ...] | None = None, who: str = "train"
) -> Rows:
    """Rows and classes as a net takes them.

    Parameters
    ----------
    X : array of shape (n, d), or images (n, height, width) or (n, channels, height, width)
    y : array of shape (n,)
        True classes; the order of the logits is their sorted order.
    box : tuple of float or None
        In which every number must lie.
    classes : tuple, optional
        Those that there are, where a net knows them already.
    who : str
        Who asks, for messages.

    Raises
    ------
    DataError
        If labels are missing, rows and labels do not fit, or a number is outside the box.
    """
    x = _numbers(X, who)
    shape = x.shape[1:] if x.ndim > 2 else None
    x = x.reshape(len(x), -1)
    _check_box(x, box, who)
    labels = _labels(y, len(x), who)
    known = _classes(labels, who) if classes is None else classes
    code = {name: i for i, name in enumerate(known)}
    strange = sorted({str(name) for name in labels.tolist() if name not in code})
    if strange:
        raise DataError(f"{who} knows the classes {known}; y also holds {', '.join(strange[:5])}.")
    if len(known) < 2:
        raise DataError(f"{who} needs two classes or more; y holds only {known[0]!r}.")
    return Rows(x, np.array([code[name] for name in labels.tolist()], dtype=np.intp), known, shape)


def _numbers(X: Any, who: str) -> Any:
    """Finite float32 numbers of two dimensions or more."""
    try:
        x = np.asarray(X, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{who} wants rows of numbers; encode categories first ({error})."
        ) from None
    if x.ndim < 2 or not x.size:
        raise DataError(f"{who} wants rows of shape (n, d) or images; got shape {x.shape}.")
    if not np.isfinite(x).all():
        row = int(np.argwhere(~np.isfinite(x))[0, 0])
        raise DataError(f"{who} wants finite numbers; row {row} has a missing or infinite one.")
    return x


def _check_box(x: FloatArray, box: Box, who: str) -> None:
    """Raise if a number is outside the box, where there is one."""
    if box is None:
        return
    low, high = (np.float32(end) for end in box)
    outside = (x < low) | (x > high)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise DataError(
            f"{who} has the box {box}, and column {column} of row {row} is"
            f" {x[row, column]:g} ({int(outside.any(axis=1).sum()):,} rows are outside). Scale"
            " the rows, say their own box=(low, high), or box=None for examples not clipped."
        )


def _classes(labels: Any, who: str) -> tuple[Any, ...]:
    """The classes that there are, in order."""
    try:
        return tuple(np.unique(labels).tolist())
    except TypeError:
        kinds = sorted({type(name).__name__ for name in labels.tolist()})
        raise DataError(
            f"{who} puts classes in their order, and y holds {' and '.join(kinds)}; make all of "
            "them texts, or all numbers."
        ) from None


def _labels(y: Any, n: int, who: str) -> Any:
    """One label a row, none missing."""
    if y is None:
        raise DataError(f"{who} needs the true classes: y is missing.")
    labels = np.asarray(y)
    if labels.shape != (n,):
        raise DataError(f"{who} needs y of shape ({n},), one class a row; got {labels.shape}.")
    missing = np.array([value is None or value != value for value in labels.tolist()])
    if missing.any():
        raise DataError(f"{who} needs a class for every row; row {missing.argmax()} has none.")
    return labels
