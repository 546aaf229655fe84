"""The adversarial-robustness-toolbox, called so that units, columns and seeds are ours."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

from surrogate._optional import require
from surrogate.robust.attacks.projection import Space, search_box
from surrogate.robust.attacks.surface import Surface
from surrogate.types import FloatArray

__all__ = ["Frame", "calling", "classifier", "frame_of", "library", "seeded_starts"]

FAR = 1e3  # units from zero, beyond which the library's float32 would blur a step
_LOCK = threading.RLock()


def library(path: str) -> Any:
    """A module of the library, such as "art.utils"."""
    with calling():
        return require(path, extra="adversarial")


@contextmanager
def calling() -> Iterator[None]:
    """Call the library: one thread at a time, and without its warnings.

    It divides by a gradient of zero where a model is constant, and casts bounds; what comes
    of it is checked here row by row, so these warnings say nothing to a user.
    """
    with _LOCK, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows in units: what the library sees, (row - centre) / unit, all columns alike."""

    centre: FloatArray
    unit: FloatArray

    def into(self, rows: FloatArray) -> FloatArray:
        """Internal rows in units."""
        return np.asarray((rows - self.centre) / self.unit)

    def back(self, rows: FloatArray) -> FloatArray:
        """Rows in units as internal rows."""
        return np.asarray(rows, dtype=np.float64) * self.unit + self.centre


def frame_of(space: Space) -> Frame:
    """The frame of some rows; centred only where their numbers are large, so pixels stay."""
    unit = space.limits.unit
    middle = np.nan_to_num(np.nanmedian(np.where(np.isnan(space.clean), 0.0, space.clean), axis=0))
    return Frame(np.where(np.abs(middle) / unit > FAR, middle, 0.0), unit)


def classifier(
    surface: Surface, space: Space, *, clamp: bool = False, finite: bool = False
) -> tuple[Any, Frame]:
    """The library's classifier of a model, and the frame that its rows are in.

    Columns that may not move get no gradient. With `clamp` the library is told of no box, and
    the model sees every row as the box's nearest: for attacks that take the box's width for
    the length of a step. With `finite` an open side of the box is closed far from the rows.
    """
    torch = require("torch", extra="torch")
    estimators = library("art.estimators.classification")
    frame, limits = frame_of(space), space.limits
    d = len(limits.unit)
    low, high = frame.into(limits.low), frame.into(limits.high)
    if finite:
        low, high = (frame.into(side) for side in search_box(space))
    low, high = np.where(low < high, low, low - 1.0), np.where(low < high, high, high + 1.0)
    with calling():
        found = estimators.PyTorchClassifier(
            _in_units(torch, surface, frame, space, clamp),
            loss=torch.nn.CrossEntropyLoss(),
            input_shape=(d,),
            nb_classes=int(surface.logits(space.clean[:1]).shape[1]),
            clip_values=None if clamp else (low.astype(np.float32), high.astype(np.float32)),
            device_type="gpu" if surface.device.startswith("cuda") else "cpu",
        )
    return found, frame


def _in_units(torch: Any, surface: Surface, frame: Frame, space: Space, clamp: bool) -> Any:
    """The model as a module of rows in units."""
    constants = {
        "centre": frame.centre,
        "unit": frame.unit,
        "low": space.limits.low,
        "high": space.limits.high,
    }

    class InUnits(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, value in constants.items():
                self.register_buffer(name, surface.tensor(value))
            self.register_buffer(
                "moves", surface.tensor(space.limits.mutable.astype(np.float64)) > 0
            )

        def forward(self, rows: Any) -> Any:
            rows = rows.to(surface.dtype) * self.unit + self.centre
            rows = torch.where(self.moves, rows, rows.detach())
            if clamp:
                rows = torch.clamp(rows, self.low, self.high)  # a slope of 1 on the bound itself
            return surface.of(rows).float()

    return InUnits()


@contextmanager
def seeded_starts(module: Any, draw: np.random.Generator) -> Iterator[None]:
    """Give the library's random starts our generator; its own is NumPy's global one."""

    def start(n: int, d: int, radius: Any, norm: Any) -> FloatArray:
        if norm in (np.inf, "inf"):
            return draw.uniform(-radius, radius, size=(n, d))
        steps = draw.standard_normal((n, d))
        length = radius * draw.random((n, 1)) ** (1.0 / d)
        return np.asarray(steps / np.linalg.norm(steps, axis=1, keepdims=True) * length)

    with _LOCK, mock.patch.object(module, "random_sphere", start):
        yield
