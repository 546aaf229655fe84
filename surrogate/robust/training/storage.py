"""Checkpoints: weights in safetensors, the architecture by name; nothing is ever unpickled."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate.errors import DataError, InputError
from surrogate.explanation.compared import RobustAccuracy
from surrogate.fidelity import Score
from surrogate.robust.training.architectures import Net, allocate, empty_net
from surrogate.robust.training.settings import TrainingSettings

__all__ = ["Kept", "read_kept", "write_kept"]

SCHEMA = "surrogate/trained-net"
VERSION = 1


@dataclass(frozen=True, eq=False)
class Kept:
    """What a checkpoint holds.

    Parameters
    ----------
    net : Net
    settings : TrainingSettings
    history : tuple of float
        Mean loss of each epoch trained.
    accuracy : Score or None
    robust : tuple of RobustAccuracy
        Figures, where training had ended and they were taken.
    moments : mapping from str to array
        Of the optimiser, by parameter; empty where training had ended.
    """

    net: Net
    settings: TrainingSettings
    history: tuple[float, ...]
    accuracy: Score | None = None
    robust: tuple[RobustAccuracy, ...] = ()
    moments: Mapping[str, Any] = field(default_factory=dict)


def write_kept(kept: Kept, path: str | Path) -> None:
    """Write a checkpoint, whole or not at all: a file of the same name is replaced at the end."""
    safetensors = require("safetensors.numpy", extra="adversarial")
    tensors = {name: _array(value) for name, value in kept.net.named_parameters()}
    said = {
        "schema": SCHEMA,
        "version": VERSION,
        "settings": kept.settings.to_dict(),
        "history": list(kept.history),
        "accuracy": None if kept.accuracy is None else kept.accuracy.to_dict(),
        "robust": [one.to_dict() for one in kept.robust],
    }
    content = safetensors.save(
        {**tensors, **kept.moments}, metadata={"surrogate": json.dumps(said, allow_nan=False)}
    )
    place = Path(path)
    part = place.with_name(place.name + ".part")
    part.write_bytes(content)
    os.replace(part, place)


def read_kept(path: str | Path) -> Kept:
    """Read a checkpoint.

    Raises
    ------
    InputError
        If there is no such file, or it is not a checkpoint of this package.
    DataError
        If its tensors are not those of its architecture.
    """
    safetensors = require("safetensors", extra="adversarial")
    place = Path(path)
    if not place.is_file():
        raise InputError(f"There is no checkpoint {place}.")
    try:
        with safetensors.safe_open(str(place), framework="numpy") as file:
            said = json.loads((file.metadata() or {}).get("surrogate", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, json.JSONDecodeError, OSError) as error:
        raise InputError(f"{place} is no safetensors file that can be read: {error}.") from None
    if not isinstance(said, dict) or said.get("schema") != SCHEMA:
        raise InputError(
            f"{place} does not say its architecture; load_trained reads what Trained.save wrote."
        )
    if lacks := sorted({"version", "settings", "history", "accuracy", "robust"} - set(said)):
        raise InputError(f"{place} is incomplete: it does not say {', '.join(lacks)}.")
    if said["version"] > VERSION:
        raise InputError(f"{place} was written by a newer version of surrogate.")
    settings = TrainingSettings.from_dict(said["settings"])
    net = _filled(settings, tensors, place)
    moments = {name: value for name, value in tensors.items() if name.startswith("adam.")}
    accuracy = said["accuracy"] and Score.from_dict(said["accuracy"])
    robust = tuple(RobustAccuracy.from_dict(one) for one in said["robust"])
    return Kept(net, settings, tuple(said["history"]), accuracy, robust, moments)


def _filled(settings: TrainingSettings, tensors: Mapping[str, Any], place: Path) -> Net:
    """A net with the weights of a file, whose shapes are checked before memory is taken."""
    torch = require("torch", extra="torch")
    net = empty_net(
        settings.architecture,
        settings.d,
        len(settings.classes),
        sizes=settings.sizes,
        shape=settings.shape,
    )
    for name, parameter in net.named_parameters():
        found = tensors[name].shape if name in tensors else "no tensor"
        if found != tuple(parameter.shape):
            raise DataError(
                f"{place}: {name} of the architecture {settings.architecture!r} has shape"
                f" {tuple(parameter.shape)}; the file has {found}."
            )
        if not np.isfinite(tensors[name]).all():
            raise DataError(f"{place}: {name} holds a number that is not finite.")
    allocate(net)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.copy_(torch.from_numpy(np.array(tensors[name], dtype=np.float32)))
    return net


def _array(parameter: Any) -> Any:
    """A parameter as an array of its own."""
    return np.array(parameter.detach().cpu().numpy(), order="C")
