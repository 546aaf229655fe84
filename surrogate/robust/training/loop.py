"""The loop: seeded batches, Adam, a checkpoint behind every epoch."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate._progress import OnProgress
from surrogate.errors import Interrupted, ModelError, OptionError
from surrogate.robust.training.architectures import Net, build_net
from surrogate.robust.training.recipes import RECIPES, Step
from surrogate.robust.training.settings import Rows, TrainingSettings
from surrogate.robust.training.storage import Kept, read_kept, write_kept
from surrogate.sampling import generator

__all__ = ["device_of", "fit_net"]


def device_of(named: str | None) -> Any:
    """The device to train on: the one named, else a GPU where there is one, else the CPU.

    Raises
    ------
    OptionError
        If torch does not know the device, or it is not there.
    """
    torch = require("torch", extra="torch")
    if named is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=named)
        return torch.device(named)
    except (RuntimeError, AssertionError) as error:
        raise OptionError(
            f"torch cannot use the device {named!r}: {error}".rstrip(".") + "."
        ) from None


def fit_net(
    rows: Rows,
    settings: TrainingSettings,
    *,
    device: Any,
    checkpoint: str | Path | None,
    told: OnProgress | None,
) -> Kept:
    """Train from a seed, or from where a checkpoint ends, to the epochs of the settings.

    Every draw belongs to an epoch of a seed, so that training that was killed and is begun
    again ends in the very weights of training that was not.

    Raises
    ------
    OptionError
        If the checkpoint was trained on other rows or with other settings.
    ModelError
        If the loss is no longer finite.
    Interrupted
        At Ctrl-C; what the checkpoint holds is kept.
    """
    kept = _begun(settings, checkpoint)
    net, history = kept.net, list(kept.history)
    _move(net, device)
    optimiser = _optimiser(net, settings, kept, device=device)
    x, y = _tensors(rows, device)
    try:
        for epoch in range(len(history), settings.epochs):
            with _repeatable(device):
                history.append(_epoch(net, optimiser, x, y, settings, epoch=epoch, told=told))
            kept = Kept(net, settings, tuple(history), moments=_moments(net, optimiser))
            if checkpoint is not None:
                write_kept(kept, checkpoint)
    except KeyboardInterrupt:
        where = "" if checkpoint is None else "; run again with the same checkpoint to go on"
        raise Interrupted(
            f"Training was interrupted after {len(history)} of {settings.epochs} epochs{where}."
        ) from None
    return replace(kept, moments={})


def _begun(settings: TrainingSettings, checkpoint: str | Path | None) -> Kept:
    """What a checkpoint holds, if there is one of this very training; else a new net."""
    if checkpoint is None or not Path(checkpoint).exists():
        net = build_net(
            settings.architecture,
            settings.d,
            len(settings.classes),
            sizes=settings.sizes,
            shape=settings.shape,
            seed=settings.seed,
        )
        return Kept(net, settings, ())
    kept = read_kept(checkpoint)
    differ = settings.differences(kept.settings)
    if differ:
        raise OptionError(
            f"The checkpoint {checkpoint} is of another training: {'; '.join(differ)}. Name"
            " another file, or train with the settings of this one."
        )
    done = len(kept.history)
    if done > settings.epochs:
        raise OptionError(
            f"The checkpoint {checkpoint} was trained for {done} epochs, and"
            f" epochs={settings.epochs} was asked."
        )
    if done < settings.epochs and not kept.moments:
        raise OptionError(
            f"The file {checkpoint} keeps a net of {done} epochs without its optimiser, so that it"
            f" cannot be trained to {settings.epochs}. Name the checkpoint of its training."
        )
    return replace(kept, settings=settings)


def _epoch(
    net: Net,
    optimiser: Any,
    x: Any,
    y: Any,
    settings: TrainingSettings,
    *,
    epoch: int,
    told: OnProgress | None,
) -> float:
    """One pass over the rows; the mean loss of its batches."""
    torch = require("torch", extra="torch")
    recipe, n = RECIPES[settings.recipe], len(x)
    step = Step(
        eps=settings.eps,
        alpha=settings.alpha,
        steps=settings.steps,
        box=settings.box,
        reconstruction=float(settings.sizes.get("reconstruction", 0.0)),
    )
    order = generator(settings.seed, "order", epoch).permutation(n)
    draws = generator(settings.seed, "examples", epoch)
    total = 0.0
    for start in range(0, n, settings.batch):
        picked = torch.from_numpy(order[start : start + settings.batch]).to(x.device)
        loss = recipe.loss(net, x[picked], y[picked], step, draws)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += float(loss.detach()) * len(picked)
        if told is not None:
            purpose = f"{settings.recipe} training, epoch {epoch + 1} of {settings.epochs}"
            told(epoch * n + start + len(picked), settings.epochs * n, purpose)
    if not math.isfinite(total):
        raise ModelError(
            f"The loss is no longer finite in epoch {epoch + 1}; a smaller lr than"
            f" {settings.lr:g} may help."
        )
    return total / n


@contextlib.contextmanager
def _repeatable(device: Any) -> Iterator[None]:
    """On a GPU: convolutions by algorithms that add in one order."""
    torch = require("torch", extra="torch")
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
        yield


def _move(net: Net, device: Any) -> None:
    """Put a net on a device."""
    for part in (net.module, net.decoder):
        if part is not None:
            part.to(device)


def _tensors(rows: Rows, device: Any) -> tuple[Any, Any]:
    """Rows and codes on the device."""
    torch = require("torch", extra="torch")
    x = torch.from_numpy(np.ascontiguousarray(rows.x)).to(device)
    return x, torch.from_numpy(np.ascontiguousarray(rows.y, dtype=np.int64)).to(device)


def _optimiser(net: Net, settings: TrainingSettings, kept: Kept, *, device: Any) -> Any:
    """Adam, with the moments that a checkpoint kept."""
    torch = require("torch", extra="torch")
    optimiser = torch.optim.Adam([p for _, p in net.named_parameters()], lr=settings.lr)
    if not kept.moments:
        return optimiser
    for name, parameter in net.named_parameters():
        read = {
            part: torch.from_numpy(np.array(kept.moments[f"adam.{part}.{name}"]))
            for part in ("exp_avg", "exp_avg_sq", "step")
        }
        optimiser.state[parameter] = {
            part: value if part == "step" else value.to(device) for part, value in read.items()
        }
    return optimiser


def _moments(net: Net, optimiser: Any) -> dict[str, Any]:
    """Adam's moments by parameter."""
    return {
        f"adam.{part}.{name}": value.detach().cpu().numpy().copy()
        for name, parameter in net.named_parameters()
        for part, value in optimiser.state[parameter].items()
    }
