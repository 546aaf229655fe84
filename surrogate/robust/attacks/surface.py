"""The attacked model as something with gradients: internal rows to logits, checked to be it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate._array import is_torch, to_numpy
from surrogate._optional import require
from surrogate.errors import ModelError, OptionError
from surrogate.oracle import Answers, Oracle
from surrogate.types import FloatArray, HasGradients

__all__ = ["CHECKED", "Surface", "find_surface"]

CHECKED = 64  # rows on which a module's answers are held against the box's
CLOSE = 0.01  # probabilities and centred scores further apart than this are another model's
SAME_LABELS = 0.95
TINY = 1e-30
ROUNDED = 1e-3


@dataclass(frozen=True, eq=False)
class Surface:
    """A model's logits as a function that can be differentiated.

    Parameters
    ----------
    of : Logits
        From internal rows (n, d) to logits (n, k): of a copy, so that no gradient and no flag
        is left on the user's module.
    device : str
    dtype : torch dtype
        What the module computes in.
    notes : tuple of str
    """

    of: Logits
    device: str
    dtype: Any
    notes: tuple[str, ...] = ()

    def tensor(self, rows: FloatArray) -> Any:
        """Rows on the module's device and in its dtype."""
        torch = require("torch", extra="torch")
        return torch.as_tensor(np.array(rows), device=self.device, dtype=self.dtype)

    def logits(self, rows: FloatArray) -> FloatArray:
        """Logits (n, k) of internal rows (n, d)."""
        torch = require("torch", extra="torch")
        with torch.no_grad():
            return np.asarray(to_numpy(self.of(self.tensor(rows)).double()))


def find_surface(oracle: Oracle, gradients: Any, *, answers: Answers, rows: FloatArray) -> Surface:
    """The attacked model's logits with gradients.

    Parameters
    ----------
    oracle : Oracle
    gradients : torch.nn.Module or None
        From internal rows to logits; None: the box's own, which must be one of torch's.
    answers : Answers
        Of the box, to `rows`.
    rows : float array of shape (m, d)
        Some clean rows, on which the module must answer as the box does.

    Raises
    ------
    OptionError
        If `gradients` is no torch module, or answers otherwise than the box.
    """
    given = gradients is not None
    if not given:
        gradients, columns = _own(oracle)
    else:
        columns = None
        torch = require("torch", extra="torch")
        if not isinstance(gradients, torch.nn.Module):
            raise OptionError(
                "`gradients` must be a torch.nn.Module from internal rows (n, d) to logits "
                f"(n, k); got {type(gradients).__name__}."
            )
    surface = _surface(oracle, gradients, columns, answers, rows)
    _check_same(oracle, surface, answers, rows, given=given)
    return surface


def _own(oracle: Oracle) -> tuple[Any, list[int] | None]:
    """The box's own module, and the columns that it wants."""
    box = oracle.box
    assert isinstance(box, HasGradients)
    columns = box.traits.columns
    by_name = columns is not None and oracle.domain.frame.kind != "array"
    index = [oracle.domain.index(name) for name in columns or ()] if by_name else None
    return box.differentiable(), index


def _surface(
    oracle: Oracle, module: Any, columns: list[int] | None, answers: Answers, rows: FloatArray
) -> Surface:
    """Read what the module answers, and make logits of it."""
    own = copy.deepcopy(module).eval()
    for parameter in own.parameters():
        parameter.requires_grad_(False)
    device, dtype = _place(own)
    raw = Surface(Logits(own, columns), device, dtype)
    try:
        said = raw.logits(rows)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise OptionError(
            f"`gradients` does not take internal rows of shape (n, {rows.shape[1]}): "
            f"{str(error).strip().splitlines()[0]}"
        ) from error
    reading, notes = _reading(oracle, said, answers)
    threshold = oracle.box.traits.threshold
    shift = None if threshold is None else (oracle.output, float(threshold))
    return Surface(Logits(own, columns, reading, shift), device, dtype, notes)


@dataclass(frozen=True, eq=False)
class Logits:
    """Logits (n, k) of a tensor of internal rows (n, d).

    Parameters
    ----------
    module : torch.nn.Module
    columns : list of int or None
        Which columns it wants.
    reading : {"", "logits", "logit", "probabilities", "probability"}
        What it answers; "" hands its columns on as they are.
    shift : (output, threshold) or None
        Of a model that decides by a threshold.
    """

    module: Any
    columns: list[int] | None
    reading: str = ""
    shift: tuple[str, float] | None = None

    def __call__(self, rows: Any) -> Any:
        torch = require("torch", extra="torch")
        z = _matrix(self.module(rows if self.columns is None else rows[:, self.columns]))
        if self.reading == "probability":
            z = torch.cat([1.0 - z, z], dim=1)
        elif self.reading == "logit":
            z = torch.cat([torch.zeros_like(z), z], dim=1)
        if self.reading in ("probability", "probabilities"):
            z = torch.log(torch.clamp(z, min=TINY))
        return z if self.shift is None else _shifted(torch, z, self.shift)


def _matrix(answer: Any) -> Any:
    """The one matrix (n, k) that a module answered."""
    if isinstance(answer, tuple | list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, Mapping):
        answer = answer.get("logits")
    answer = getattr(answer, "logits", answer)
    if not is_torch(answer):
        raise TypeError(f"it answered {type(answer).__name__}, no tensor")
    return answer[:, None] if answer.ndim == 1 else answer


def _shifted(torch: Any, z: Any, shift: tuple[str, float]) -> Any:
    """Logits whose larger one is the decision by a threshold."""
    output, threshold = shift
    if output == "scores":
        return torch.stack([torch.full_like(z[:, 0], threshold), z[:, 1]], dim=1)
    odds = np.log(max(threshold, TINY)) - np.log(max(1.0 - threshold, TINY))
    return torch.stack([z[:, 0] + odds, z[:, 1]], dim=1)


def _reading(oracle: Oracle, said: FloatArray, answers: Answers) -> tuple[str, tuple[str, ...]]:
    """What a module's columns are: logits or probabilities, of all classes or of the second."""
    k, width = int(answers.values.shape[1]), said.shape[1]
    if width not in (k, 1) or (width == 1 and k != 2):
        raise OptionError(
            f"`gradients` answers {width} columns, and {oracle.box.traits.name} has {k} classes; "
            "give a torch module that answers one logit for each class."
        )
    in_unit = bool((said >= 0).all() and (said <= 1).all())
    if width == 1:
        readings = ["logit", "probability"] if in_unit else ["logit"]
    else:
        sums = in_unit and bool((np.abs(said.sum(axis=1) - 1) < ROUNDED).all())
        readings = ["logits", "probabilities"] if sums else ["logits"]
    reading = readings[-1]
    if oracle.output != "labels":
        values = answers.numbers()
        gaps = [_gap(_as_logits(said, each), oracle.output, values) for each in readings]
        reading = readings[int(np.argmin(gaps))]
    if reading in ("logit", "logits"):
        return reading, ()
    flat = int((said.max(axis=1) >= 1.0 - 1e-7).sum())
    return reading, (
        "The module answers probabilities, whose logarithms were attacked; where they are "
        f"exactly 0 or 1 they have no slope ({flat} of {len(said)} rows checked): a module that "
        "answers logits is attacked better.",
    )


def _check_same(
    oracle: Oracle, surface: Surface, answers: Answers, rows: FloatArray, *, given: bool
) -> None:
    """Raise unless the module answers as the box does."""
    z = surface.logits(rows)
    if not np.isfinite(z).all():
        raise ModelError("The module whose gradients are used answers numbers that are not finite.")
    decision = np.asarray(to_numpy(answers.decision))
    same = float((z.argmax(axis=1) == decision).mean())
    compared = oracle.output != "labels" and oracle.box.traits.threshold is None
    gap = _gap(z, oracle.output, answers.numbers()) if compared else None
    if (gap is None and same >= SAME_LABELS) or (gap is not None and gap <= CLOSE):
        return
    source = "`gradients`" if given else "The box's module, asked for internal rows,"
    measured = f"they decide alike on {same:.0%} of {len(rows)} rows"
    if gap is not None:
        measured += f", and their {oracle.output} differ by up to {gap:.3g}"
    raise OptionError(
        f"{source} does not answer as {oracle.box.traits.name} does: {measured}. Gradients of "
        "another model do not attack this one; give the same weights, for rows on the same scale "
        "and in the same order of columns as the domain's. To move rows made on another model "
        "over to this one, attack that model and ask this one."
    )


def _gap(z: FloatArray, output: str, values: FloatArray) -> float:
    """The largest difference between what logits (n, k) say and what a box answered."""
    if output == "probabilities":
        return float(np.abs(_softmax(z) - values).max())
    gaps = [float(np.abs(_centred(z) - _centred(values) * share).max()) for share in (1.0, 0.5)]
    one = values.shape[1] == 2 and bool((values[:, 0] == -values[:, 1]).all())
    gap = min(gaps) if one else gaps[0]  # one column z is shown as (-z, z)
    return gap / max(1.0, float(np.abs(values).max()))


def _as_logits(said: FloatArray, reading: str) -> FloatArray:
    """What a module answered as logits (n, k), by a reading of it."""
    if reading == "probability":
        said = np.column_stack([1.0 - said, said])
    elif reading == "logit":
        said = np.column_stack([np.zeros_like(said), said])
    return np.log(np.maximum(said, TINY)) if reading.startswith("prob") else said


def _centred(z: FloatArray) -> FloatArray:
    return np.asarray(z - z.mean(axis=1, keepdims=True))


def _softmax(z: FloatArray) -> FloatArray:
    """Probabilities (n, k) of logits (n, k)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _place(module: Any) -> tuple[str, Any]:
    """Device and floating dtype of a module's parameters, else of its buffers."""
    torch = require("torch", extra="torch")
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            return str(tensor.device), tensor.dtype
    return "cpu", torch.get_default_dtype()
