"""Which arrays inside a net are its hidden layers, found from the net's graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from surrogate.adapters._rows import nearest
from surrogate.errors import OptionError

__all__ = ["Step", "check_layers", "hidden_layers"]


@dataclass(frozen=True)
class Step:
    """One operation of a net's graph.

    Parameters
    ----------
    name : str
        What its output is called as a layer.
    kind : {"weighted", "nonlinear", "other"}
        Weighted: a matrix product or convolution with weights of the net.
    inputs : tuple of int
        Numbers of the steps whose outputs it takes; all stand before it.
    """

    name: str
    kind: Literal["weighted", "nonlinear", "other"]
    inputs: tuple[int, ...]


def hidden_layers(steps: Sequence[Step]) -> tuple[str, ...]:
    """Names of the hidden layers, from input to output.

    Of every weighted step that another weighted step depends on: the nonlinearity that
    follows it, across steps such as a normalisation that pass its output on alone. Where
    none follows, the last of these steps, which are pre-activations then.
    """
    takers: list[list[int]] = [[] for _ in steps]
    for at, step in enumerate(steps):
        for source in step.inputs:
            takers[source].append(at)
    leads = [False] * len(steps)  # whether a weighted step comes later
    for at in reversed(range(len(steps))):
        leads[at] = any(steps[to].kind == "weighted" or leads[to] for to in takers[at])
    found = [
        steps[_end_of_block(steps, takers, at)].name
        for at, step in enumerate(steps)
        if step.kind == "weighted" and leads[at]
    ]
    return tuple(dict.fromkeys(found))


def _end_of_block(steps: Sequence[Step], takers: Sequence[Sequence[int]], at: int) -> int:
    """The nonlinearity behind a weighted step, or where its output is used otherwise."""
    while True:
        after = takers[at]
        nonlinear = [to for to in after if steps[to].kind == "nonlinear"]
        if nonlinear:
            return nonlinear[0]
        if len(after) != 1 or steps[after[0]].kind != "other":
            return at
        at = after[0]


def check_layers(who: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Raise unless a model has all the layers that are wanted."""
    for layer in wanted:
        if layer not in known:
            raise OptionError(
                f"{who} has no layer {layer!r}{nearest(layer, list(known))}; it has: "
                + ", ".join(known)
            )
