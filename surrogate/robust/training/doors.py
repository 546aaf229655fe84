"""Train one net, or arms of nets that differ in their recipe alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from surrogate._progress import OnProgress, showing
from surrogate._validate import check
from surrogate.errors import DataError, OptionError
from surrogate.robust.training.architectures import image_shape, sizes_of
from surrogate.robust.training.loop import device_of, fit_net
from surrogate.robust.training.perturbing import Box
from surrogate.robust.training.settings import RULES, Rows, TrainingSettings, read_rows
from surrogate.robust.training.trained import Trained
from surrogate.sampling import generator

__all__ = ["train", "train_arms"]

HELD_OUT = 1000  # most rows that are kept from training for the figures


def train(
    X: Any,
    y: Any,
    *,
    architecture: str = "fc",
    recipe: str = "natural",
    eps: float = 0.25,
    alpha: float = 0.5,
    steps: int = 7,
    epochs: int = 10,
    batch: int = 128,
    lr: float = 1e-3,
    box: Box = (0.0, 1.0),
    sizes: Mapping[str, Any] | None = None,
    shape: tuple[int, ...] | None = None,
    test: tuple[Any, Any] | None = None,
    seed: int = 0,
    device: str | None = None,
    checkpoint: str | Path | None = None,
    on_progress: OnProgress | bool | None = None,
) -> Trained:
    """Train a small net naturally or adversarially, and measure what FGSM and PGD do to it.

    Parameters
    ----------
    X : array of shape (n, d), or images (n, height, width) or (n, channels, height, width)
        In one unit for all columns, since `eps` is one number.
    y : array of shape (n,)
        True classes.
    architecture : {"softmax", "fc", "ae", "maxout", "cnn"}
    recipe : {"natural", "fgsm", "pgd"}
    eps : float
        Radius of the examples in the maximum norm. Natural training makes none: then it is the
        radius about which figures are taken, as beside an adversarial net.
    alpha : float
        Weight of the clean rows in FGSM's mixture.
    steps : int
        Of PGD in training; each is 2.5·eps/steps.
    epochs, batch : int
    lr : float
        Of Adam.
    box : tuple of float or None
        Range of the numbers: rows must lie in it, and examples are clipped to it. None: rows
        may be anything and examples are not clipped.
    sizes : mapping, optional
        Of the architecture, in place of its defaults: ``{"hidden": (64,)}``.
    shape : tuple of int, optional
        (channels, height, width) of a flat row, for "cnn".
    test : pair of rows and classes, optional
        What the figures are taken on. By default a fifth of the rows, 1,000 at most, is drawn
        by seed and kept from training.
    seed : int
        Of weights, batches and examples: equal seeds and devices give equal nets.
    device : str, optional
        By default a GPU where there is one.
    checkpoint : path, optional
        Written behind every epoch. Training that was killed goes on from it, and ends in the
        weights of training that was not.
    on_progress : callable or True, optional
        As in `surrogate.explain`.

    Returns
    -------
    Trained

    Raises
    ------
    DataError
        If labels are missing, rows are outside the box, or a class has no row to train on.
    OptionError
        If a parameter is unknown or wrong, or the checkpoint is of another training.
    ModelError
        If the loss is no longer finite.
    Interrupted
        At Ctrl-C; the checkpoint keeps the epochs done.

    References
    ----------
    Goodfellow, Shlens & Szegedy (2015), Explaining and harnessing adversarial examples.
    Madry et al. (2018), Towards deep learning models resistant to adversarial attacks.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from surrogate.robust.training import train
    >>> digits = load_digits()
    >>> X, y = digits.data[:600] / 16, digits.target[:600]
    >>> net = train(X, y, sizes={"hidden": (32,)}, recipe="fgsm", eps=0.1, epochs=2)
    >>> [figure.radius for figure in net.robust if figure.attack == "pgd"]
    [0.05, 0.1, 0.2]
    """
    check("train", RULES, {"architecture": architecture, "recipe": recipe, "box": box})
    rows = read_rows(X, y, box=box)
    fit, held = _split(rows, test, box=box, seed=seed)
    settings = TrainingSettings(
        architecture=architecture,
        recipe=recipe,
        classes=fit.classes,
        d=fit.x.shape[1],
        sizes=sizes_of(architecture, sizes),
        shape=image_shape(architecture, fit.x.shape[1], shape or rows.shape),
        eps=eps,
        alpha=alpha,
        steps=steps,
        epochs=epochs,
        batch=batch,
        lr=lr,
        box=box,
        seed=seed,
        n_rows=len(fit.x),
        data=fit.sha256,
    )
    with showing(on_progress) as told:
        kept = fit_net(fit, settings, device=device_of(device), checkpoint=checkpoint, told=told)
    names = np.array(fit.classes, dtype=object)[held.y]
    return Trained(kept.net, settings, kept.history).measured(held.x, names, seed=seed)


def _split(rows: Rows, test: Any, *, box: Box, seed: int) -> tuple[Rows, Rows]:
    """Rows to train on, and rows for the figures."""
    if test is not None:
        if not isinstance(test, tuple) or len(test) != 2:
            raise OptionError("The `test` parameter of train must be a pair (rows, classes).")
        held = read_rows(test[0], test[1], box=box, classes=rows.classes, who="train's test")
        if held.x.shape[1] != rows.x.shape[1]:
            raise DataError(
                f"The rows of `test` have {held.x.shape[1]} columns; X has {rows.x.shape[1]}."
            )
        return rows, held
    n = len(rows.x)
    if n < 10:
        raise DataError(f"Training needs 10 rows or more, some to be held out; got {n}.")
    order = generator(seed, "held out").permutation(n)
    kept = min(HELD_OUT, n // 5)
    held, fit = rows.take(np.sort(order[:kept])), rows.take(np.sort(order[kept:]))
    lacks = set(range(len(rows.classes))) - set(fit.y.tolist())
    if lacks:
        raise DataError(
            f"No row to train on has the class {rows.classes[min(lacks)]!r}: it is too rare to"
            " hold rows out at random; give `test`."
        )
    return fit, held


def train_arms(
    X: Any,
    y: Any,
    *,
    recipes: Sequence[str] = ("natural", "pgd"),
    seeds: Iterable[int] = range(8),
    folder: str | Path | None = None,
    architecture: str = "fc",
    eps: float = 0.25,
    alpha: float = 0.5,
    steps: int = 7,
    epochs: int = 10,
    batch: int = 128,
    lr: float = 1e-3,
    box: Box = (0.0, 1.0),
    sizes: Mapping[str, Any] | None = None,
    shape: tuple[int, ...] | None = None,
    test: tuple[Any, Any] | None = None,
    device: str | None = None,
    on_progress: OnProgress | bool | None = None,
) -> dict[str, tuple[Trained, ...]]:
    """Train the same net by several recipes, each under the same seeds and budget of epochs.

    What is said of a recipe needs several seeds: 8 an arm and more. Without `test` each seed
    holds its own rows out; arms are compared on common rows, so give them.

    Parameters
    ----------
    X, y : rows and their true classes, as `train` takes them
    recipes : sequence of {"natural", "fgsm", "pgd"}
        The arms.
    seeds : iterable of int
        The same for every arm: a seed's nets begin with the same weights and see the same
        batches.
    folder : path, optional
        Where checkpoints are kept, ``natural-0.safetensors`` and so on; training that was
        killed goes on from them.
    architecture, eps, alpha, steps, epochs, batch, lr, box, sizes, shape, test, device
        As `train` takes them.
    on_progress : callable or True, optional

    Returns
    -------
    dict from recipe to tuple of Trained, one a seed

    Raises
    ------
    DataError, OptionError, ModelError, Interrupted
        As `train` does.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.robust.training import train_arms
    >>> X = np.random.default_rng(0).random((200, 3))
    >>> arms = train_arms(X, X[:, 0] > 0.5, seeds=range(2), architecture="softmax", epochs=1)
    >>> {name: len(nets) for name, nets in arms.items()}
    {'natural': 2, 'pgd': 2}
    """
    seeds = tuple(seeds)
    twice = next((seed for seed in seeds if seeds.count(seed) > 1), None)
    if twice is not None:
        raise OptionError(
            f"The `seeds` of train_arms hold {twice!r} twice: equal seeds give equal nets, which "
            "show nothing of how nets of a recipe vary. Give each once."
        )
    place = None if folder is None else Path(folder)
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)
    arms: dict[str, list[Trained]] = {recipe: [] for recipe in recipes}
    with showing(on_progress) as told:
        for seed in seeds:
            for recipe, nets in arms.items():
                net = train(
                    X,
                    y,
                    architecture=architecture,
                    recipe=recipe,
                    eps=eps,
                    alpha=alpha,
                    steps=steps,
                    epochs=epochs,
                    batch=batch,
                    lr=lr,
                    box=box,
                    sizes=sizes,
                    shape=shape,
                    test=test,
                    seed=seed,
                    device=device,
                    checkpoint=place and place / f"{recipe}-{seed}.safetensors",
                    on_progress=told,
                )
                nets.append(net)
    return {recipe: tuple(nets) for recipe, nets in arms.items()}
