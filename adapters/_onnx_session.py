"""Sessions of onnxruntime, freed from a fixed number of rows where that is proven safe."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate.adapters import _onnx_graph
from surrogate.adapters._onnx_feeds import Slot, slots_of
from surrogate.errors import InputError, MissingDependency, ModelError, OptionError

__all__ = ["Runner", "edited", "open_runner", "sha256", "source_of", "start"]

_PREFERRED = ("CUDAExecutionProvider", "CPUExecutionProvider")
_SILENT = 4  # what goes wrong comes back as an exception


@dataclass(frozen=True, eq=False)
class Runner:
    """A session, and how many rows it takes at a time.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
    batch : int or None
        Rows in a run; None: any number.
    freed : int or None
        Rows that the file was exported for, where the session is a copy freed from that.
    """

    session: Any
    batch: int | None = None
    freed: int | None = None

    def run(self, wanted: Sequence[str], given: dict[str, np.ndarray[Any, Any]]) -> list[Any]:
        """The wanted outputs for all rows."""
        if self.batch is None:
            return list(self.session.run(wanted, given))
        pieces = []
        n = len(next(iter(given.values())))
        for start in range(0, n, self.batch):
            take = np.minimum(np.arange(start, start + self.batch), n - 1)  # the last row fills up
            pieces.append(self.session.run(wanted, {k: v[take] for k, v in given.items()}))
        return [_joined(parts, n) for parts in zip(*pieces)]


def _joined(parts: Sequence[Any], n: int) -> Any:
    """One output of several runs as one."""
    if isinstance(parts[0], list):
        return [entry for part in parts for entry in part][:n]
    return np.concatenate(parts)[:n]


def source_of(source: Any) -> tuple[Path | bytes, str]:
    """Where the model is, and what to call it."""
    if isinstance(source, bytes):
        return source, "ONNX model"
    if hasattr(source, "SerializeToString"):
        return source.SerializeToString(), "ONNX model"
    if not isinstance(source, str | Path):
        raise InputError(
            "OnnxBox wraps a path, the bytes of a model or an onnx.ModelProto; got"
            f" {type(source).__name__}."
        )
    path = Path(source)
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    return path, path.stem


def sha256(source: Path | bytes) -> str:
    """Hash of the model's file."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    if not source.is_file():
        raise ModelError(f"{source} is no longer there, so this box cannot be opened again.")
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_runner(source: Path | bytes, *, providers: Sequence[Any] | None, who: str) -> Runner:
    """Open a model for any number of rows if it can be, and without lists of dicts."""
    session = start(source, providers=providers, who=who)
    batch = _exported_for(slots_of(session, who=who))
    zipped = any(value.type.startswith("seq(") for value in session.get_outputs())
    if batch is None and not zipped:
        return Runner(session)
    try:
        model = edited(source)
    except MissingDependency:
        return Runner(session, batch)  # slower, with equal answers
    if zipped:
        session = start(model.SerializeToString(), providers=providers, who=who)
    fixed = Runner(session, batch)
    if batch is None:
        return fixed
    _onnx_graph.symbolic(model, batch)
    try:
        free = Runner(start(model.SerializeToString(), providers=providers, who=who), freed=batch)
        return free if _agree(fixed, free, slots_of(session, who=who)) else fixed
    except Exception:  # whatever onnxruntime thinks of the copy, the file itself still runs
        return fixed


def edited(source: Path | bytes, *, freed: int | None = None) -> Any:
    """A copy of the graph without ZipMap, and freed from its number of rows if one is given."""
    model = _onnx_graph.parse(source)
    _onnx_graph.without_zipmap(model)
    if freed is not None:
        _onnx_graph.symbolic(model, freed)
    return model


def start(source: Path | bytes, *, providers: Sequence[Any] | None, who: str) -> Any:
    """A session on the wanted providers."""
    runtime = require("onnxruntime", extra="onnx")
    options = runtime.SessionOptions()
    options.log_severity_level = _SILENT
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wanted = _providers(runtime.get_available_providers(), providers)
    try:
        session = runtime.InferenceSession(
            source if isinstance(source, bytes) else str(source), options, providers=wanted
        )
    except Exception as error:
        cause = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"onnxruntime cannot load {who}: {cause[0]}") from error
    if providers is not None and _name(wanted[0]) not in session.get_providers():
        raise ModelError(
            f"{_name(wanted[0])} did not start for {who}; onnxruntime went on with"
            f" {', '.join(session.get_providers())}. Leave `providers` out to allow that."
        )
    return session


def _providers(available: Sequence[str], wanted: Sequence[Any] | None) -> list[Any]:
    """The wanted providers, checked; else CUDA if there is one, then the CPU."""
    if wanted is None:
        return [name for name in _PREFERRED if name in available]
    if isinstance(wanted, str) or not wanted:
        raise OptionError(
            f"The `providers` parameter of OnnxBox must be a sequence of names; got {wanted!r}."
        )
    for provider in wanted:
        if _name(provider) not in available:
            raise OptionError(
                f"onnxruntime has no {_name(provider)} here; it has: {', '.join(available)}."
            )
    return list(wanted)


def _name(provider: Any) -> str:
    """Name of a provider, which may come with its options."""
    return str(provider if isinstance(provider, str) else provider[0])


def _exported_for(slots: Sequence[Slot]) -> int | None:
    """The number of rows that all inputs are fixed to."""
    sizes = {slot.batch for slot in slots}
    return sizes.pop() if len(sizes) == 1 else None


def _agree(fixed: Runner, free: Runner, slots: Sequence[Slot]) -> bool:
    """Whether two sessions answer several rows alike."""
    n = 2 * (fixed.batch or 1) + 1
    given = {slot.name: _probe(slot, n) for slot in slots}
    names = [value.name for value in fixed.session.get_outputs()]
    return all(
        _alike(np.asarray(one), np.asarray(other))
        for one, other in zip(fixed.run(names, given), free.run(names, given))
    )


def _probe(slot: Slot, n: int) -> np.ndarray[Any, Any]:
    """Rows to compare sessions on: all different, the same every time."""
    if slot.shape is None or slot.width is None:
        raise ModelError(f"The input {slot} leaves open what a row is.")
    random = np.random.Generator(np.random.Philox(key=n))
    draws = random.standard_normal((n, *(length or 1 for length in slot.shape)))
    if slot.dtype == "object":
        return np.where(draws > 0, "a", "b").astype(object)
    return (draws if slot.dtype.startswith("float") else draws > 0).astype(slot.dtype)


def _alike(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    """Whether two answers are equal up to rounding."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind != "f":
        return bool(np.array_equal(one, other))
    scale = float(np.nanmax(np.abs(one))) if one.size and not np.isnan(one).all() else 0.0
    slack = math.sqrt(np.finfo(one.dtype).eps) * scale
    return bool(np.allclose(one, other, rtol=0, atol=slack, equal_nan=True))
