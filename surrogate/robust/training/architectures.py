"""Small nets by name: what a checkpoint says of its shape, and how it is built again."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate._validate import unknown
from surrogate.errors import OptionError
from surrogate.sampling import generator

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "Net",
    "allocate",
    "build_net",
    "empty_net",
    "image_shape",
    "sizes_of",
]

Sizes = Mapping[str, Any]
Shape = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Net:
    """A module from rows to logits and, of an autoencoder, what rebuilds rows from its code.

    Parameters
    ----------
    module : torch.nn.Sequential
        Rows of shape (n, d) to logits of shape (n, k).
    decoder : torch.nn.Sequential or None
        Codes to rows of shape (n, d); serves training alone.

    Examples
    --------
    >>> from surrogate.robust.training import build_net
    >>> net = build_net("softmax", 4, 3)
    >>> sum(p.numel() for _, p in net.named_parameters())
    15
    """

    module: Any
    decoder: Any | None = None

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Every parameter by a name that also says which part it is of."""
        for part, module in (("module", self.module), ("decoder", self.decoder)):
            if module is not None:
                yield from ((f"{part}.{name}", p) for name, p in module.named_parameters())


@dataclass(frozen=True)
class Architecture:
    """A kind of net.

    Parameters
    ----------
    name : str
    sizes : mapping
        What may be chosen, with its defaults.
    summary : str
    source : str
        Where it comes from.
    build : callable
        Width, classes, sizes and image shape (channels, height, width) to a Net.

    Examples
    --------
    >>> from surrogate.robust.training import ARCHITECTURES
    >>> ARCHITECTURES["fc"].sizes["hidden"]
    (128, 128)
    """

    name: str
    sizes: Sizes
    summary: str
    source: str
    build: Callable[[int, int, Sizes, Shape], Net]


def _sequence(*parts: tuple[str, Any]) -> Any:
    """A torch Sequential of named parts."""
    return require("torch.nn", extra="torch").Sequential(OrderedDict(parts))


def _dense(widths: tuple[int, ...], *, last: bool) -> list[tuple[str, Any]]:
    """Linear layers of these widths with ReLU between them, and behind the last if `last`."""
    nn = require("torch.nn", extra="torch")
    parts: list[tuple[str, Any]] = []
    for i, (a, b) in enumerate(pairwise(widths)):
        parts.append((f"linear{i}", nn.Linear(a, b)))
        if last or i < len(widths) - 2:
            parts.append((f"relu{i}", nn.ReLU()))
    return parts


def _softmax(d: int, k: int, sizes: Sizes, shape: Shape) -> Net:
    """One linear layer: softmax regression."""
    return Net(_sequence(*_dense((d, k), last=False)))


def _fc(d: int, k: int, sizes: Sizes, shape: Shape) -> Net:
    """Linear layers with ReLU between them."""
    return Net(_sequence(*_dense((d, *sizes["hidden"], k), last=False)))


def _ae(d: int, k: int, sizes: Sizes, shape: Shape) -> Net:
    """An encoder whose code is classified and, in training, decoded again."""
    nn = require("torch.nn", extra="torch")
    hidden, code = sizes["hidden"], sizes["code"]
    encoder = _sequence(*_dense((d, *hidden, code), last=True))
    classifier = _sequence(("linear0", nn.Linear(code, k)))
    decoder = _sequence(*_dense((code, *reversed(hidden), d), last=False))
    return Net(_sequence(("encoder", encoder), ("classifier", classifier)), decoder)


def _maxout(d: int, k: int, sizes: Sizes, shape: Shape) -> Net:
    """Hidden units that are each the largest of a few linear functions."""
    nn = require("torch.nn", extra="torch")
    pieces, before = sizes["pieces"], d
    parts: list[tuple[str, Any]] = []
    for i, units in enumerate(sizes["units"]):
        parts += [
            (f"linear{i}", nn.Linear(before, units * pieces)),
            (f"pieces{i}", nn.Unflatten(1, (units, pieces))),  # (n, u * p) -> (n, u, p)
            (f"max{i}", nn.MaxPool1d(pieces)),  # -> (n, u, 1)
            (f"flat{i}", nn.Flatten()),  # -> (n, u)
        ]
        before = units
    return Net(_sequence(*parts, ("answer", nn.Linear(before, k))))


def _cnn(d: int, k: int, sizes: Sizes, shape: Shape) -> Net:
    """3 x 3 convolutions, each halved by its largest, then one hidden layer."""
    nn = require("torch.nn", extra="torch")
    before, high, wide = shape
    parts: list[tuple[str, Any]] = [("image", nn.Unflatten(1, shape))]
    for i, channels in enumerate(sizes["channels"]):
        parts += [
            (f"conv{i}", nn.Conv2d(before, channels, 3, padding=1)),
            (f"relu{i}", nn.ReLU()),
            (f"max{i}", nn.MaxPool2d(2)),
        ]
        before, high, wide = channels, high // 2, wide // 2
    if not high * wide:
        raise OptionError(
            f"{len(sizes['channels'])} convolutions halve an image of {shape[1]} x {shape[2]}"
            " away; give fewer `channels`."
        )
    return Net(
        _sequence(
            *parts,
            ("flat", nn.Flatten()),
            ("hidden", nn.Linear(before * high * wide, sizes["hidden"])),
            ("relu", nn.ReLU()),
            ("answer", nn.Linear(sizes["hidden"], k)),
        )
    )


ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Architecture("softmax", {}, "softmax regression: one linear layer", "", _softmax),
            Architecture("fc", {"hidden": (128, 128)}, "fully connected, ReLU", "", _fc),
            Architecture(
                "ae",
                {"hidden": (128,), "code": 32, "reconstruction": 1.0},
                "an autoencoder whose code is classified; both are trained together",
                "",
                _ae,
            ),
            Architecture(
                "maxout",
                {"units": (64, 64), "pieces": 4},
                "each hidden unit is the largest of a few linear functions",
                "Goodfellow et al. (2013), Maxout networks; without its dropout",
                _maxout,
            ),
            Architecture(
                "cnn",
                {"channels": (16, 32), "hidden": 64},
                "3 x 3 convolutions with pooling, one hidden layer",
                "LeCun et al. (1998), section II",
                _cnn,
            ),
        )
    }
)


def sizes_of(architecture: str, given: Sizes | None) -> dict[str, Any]:
    """The sizes of an architecture, with those given in place of its defaults.

    Raises
    ------
    OptionError
        If the architecture or a size is unknown, or a size is not of its default's kind.

    Examples
    --------
    >>> from surrogate.robust.training import sizes_of
    >>> sizes_of("maxout", {"pieces": 2})
    {'units': (64, 64), 'pieces': 2}
    """
    if architecture not in ARCHITECTURES:
        raise OptionError(
            f"There is no architecture {architecture!r}; there are: {', '.join(ARCHITECTURES)}."
        )
    default = ARCHITECTURES[architecture].sizes
    owner = f"The architecture {architecture!r}"
    unknown(owner, given or {}, list(default))
    return {
        name: _size(owner, name, (given or {}).get(name, normal), like=normal)
        for name, normal in default.items()
    }


def _size(owner: str, name: str, value: Any, *, like: Any) -> Any:
    """One size, of the kind of its default."""
    if isinstance(like, float):
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e6:
            return float(value)
        raise OptionError(f"{owner} wants `{name}` as a float in [0, 1e6); got {value!r}.")
    several = isinstance(like, tuple)
    parts = tuple(value) if several and isinstance(value, (list, tuple)) else (value,)
    whole = all(isinstance(p, (int, np.integer)) and not isinstance(p, bool) for p in parts)
    if not (whole and parts and all(0 < p <= 100_000 for p in parts)):
        kind = "a tuple of ints" if several else "an int"
        raise OptionError(f"{owner} wants `{name}` as {kind} in [1, 100000]; got {value!r}.")
    return tuple(int(p) for p in parts) if several else int(value)


def image_shape(architecture: str, d: int, shape: tuple[int, ...] | None) -> Shape:
    """Channels, height and width of a row; a square grey image where it is not said.

    Raises
    ------
    OptionError
        If `shape` is not that of a row, or is missing where it is needed.

    Examples
    --------
    >>> from surrogate.robust.training import image_shape
    >>> image_shape("cnn", 64, None)
    (1, 8, 8)
    """
    if shape is None:
        side = math.isqrt(d)
        if side * side == d or architecture != "cnn":
            return (1, side, side) if side * side == d else (1, 1, d)
        raise OptionError(
            f"The architecture 'cnn' wants images, and {d} columns are no square; say"
            " shape=(channels, height, width)."
        )
    full = (1, *shape) if len(shape) == 2 else tuple(shape)
    if len(full) != 3 or math.prod(full) != d or min(full) < 1:
        raise OptionError(
            f"`shape` must be (channels, height, width) of {d} columns; got {tuple(shape)}."
        )
    return int(full[0]), int(full[1]), int(full[2])


def build_net(
    architecture: str,
    d: int,
    k: int,
    *,
    sizes: Sizes | None = None,
    shape: tuple[int, ...] | None = None,
    seed: int = 0,
) -> Net:
    """A net with weights drawn from a seed, on the CPU.

    Weights and biases are uniform in ±1/√(inputs of a unit), torch's own way, but drawn from
    the seed alone: no global generator is read or moved.

    Parameters
    ----------
    architecture : str
        A name of `ARCHITECTURES`.
    d, k : int
        Columns and classes.
    sizes : mapping, optional
        In place of the architecture's defaults.
    shape : tuple of int, optional
        (channels, height, width) of a row, for "cnn".
    seed : int

    Returns
    -------
    Net

    Raises
    ------
    OptionError
        If the architecture or a size is unknown or wrong.

    Examples
    --------
    >>> from surrogate.robust.training import build_net
    >>> build_net("ae", 64, 10, sizes={"code": 8}).module.classifier.linear0.in_features
    8
    """
    net = empty_net(architecture, d, k, sizes=sizes, shape=shape)
    allocate(net)
    _draw(net, seed)
    return net


def empty_net(
    architecture: str, d: int, k: int, *, sizes: Sizes | None, shape: tuple[int, ...] | None
) -> Net:
    """A net of parameters that have shapes but no memory yet; nothing is drawn."""
    torch = require("torch", extra="torch")
    chosen = sizes_of(architecture, sizes)
    with torch.device("meta"):
        return ARCHITECTURES[architecture].build(d, k, chosen, image_shape(architecture, d, shape))


def allocate(net: Net) -> None:
    """Give the parameters memory, on the CPU."""
    for part in (net.module, net.decoder):
        if part is not None:
            part.to_empty(device="cpu")


def _draw(net: Net, seed: int) -> None:
    """Draw every weight from the seed and its own name."""
    torch = require("torch", extra="torch")
    fan = 1
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            shape = tuple(parameter.shape)
            fan = math.prod(shape[1:]) if len(shape) > 1 else fan  # a bias follows its weight
            drawn = generator(seed, "weights", name).uniform(-1, 1, shape) / math.sqrt(fan)
            parameter.copy_(torch.from_numpy(drawn.astype(np.float32)))
