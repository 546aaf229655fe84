"""Recipes: which loss a step of training takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate.robust.training.architectures import Net
from surrogate.robust.training.perturbing import Box, fgsm_rows, pgd_rows

__all__ = ["RECIPES", "Recipe", "Step", "batch_loss"]


@dataclass(frozen=True)
class Step:
    """What a recipe may use in one step.

    Parameters
    ----------
    eps : float
        Radius of the examples in the maximum norm.
    alpha : float
        Weight of the clean rows, of FGSM's mixture.
    steps : int
        Of PGD.
    box : tuple of float or None
        To which examples are clipped; None: they are not.
    reconstruction : float
        Weight of an autoencoder's squared error.
    """

    eps: float
    alpha: float
    steps: int
    box: Box
    reconstruction: float = 0.0


Loss = Callable[[Net, Any, Any, Step, np.random.Generator], Any]


@dataclass(frozen=True)
class Recipe:
    """A way to train.

    Parameters
    ----------
    name : str
    adversarial : bool
        Whether it trains on examples made against the net.
    summary : str
    source : str
    loss : callable
        Net, rows, labels, a Step and a generator to the loss of one batch.

    Examples
    --------
    >>> from surrogate.robust.training import RECIPES
    >>> [name for name, recipe in RECIPES.items() if recipe.adversarial]
    ['fgsm', 'pgd']
    """

    name: str
    adversarial: bool
    summary: str
    source: str
    loss: Loss


def batch_loss(net: Net, x: Any, y: Any, *, clean: Any, step: Step) -> Any:
    """J: mean cross-entropy; of an autoencoder also its mean squared error to the clean rows."""
    torch = require("torch", extra="torch")
    if net.decoder is None:
        return torch.nn.functional.cross_entropy(net.module(x), y)
    code = net.module.encoder(x)
    known = torch.nn.functional.cross_entropy(net.module.classifier(code), y)
    rebuilt = torch.nn.functional.mse_loss(net.decoder(code), clean)
    return known + step.reconstruction * rebuilt


def _natural(net: Net, x: Any, y: Any, step: Step, draws: np.random.Generator) -> Any:
    """J(x)."""
    return batch_loss(net, x, y, clean=x, step=step)


def _fgsm(net: Net, x: Any, y: Any, step: Step, draws: np.random.Generator) -> Any:
    """alpha·J(x) + (1 - alpha)·J(x_fgsm), the examples made on the weights of this step."""
    worst = fgsm_rows(net.module, x, y, eps=step.eps, box=step.box)
    clean = batch_loss(net, x, y, clean=x, step=step)
    attacked = batch_loss(net, worst, y, clean=x, step=step)
    return step.alpha * clean + (1 - step.alpha) * attacked


def _pgd(net: Net, x: Any, y: Any, step: Step, draws: np.random.Generator) -> Any:
    """J(x_pgd)."""
    worst, _ = pgd_rows(net.module, x, y, eps=step.eps, steps=step.steps, box=step.box, draws=draws)
    return batch_loss(net, worst, y, clean=x, step=step)


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe("natural", False, "the loss on the rows themselves", "", _natural),
            Recipe(
                "fgsm",
                True,
                "alpha·J(x) + (1 - alpha)·J(x + eps·sign(∇J)), examples afresh at every step",
                "Goodfellow, Shlens & Szegedy (2015), section 6",
                _fgsm,
            ),
            Recipe(
                "pgd",
                True,
                "the loss on rows that PGD found, afresh at every step",
                "Madry et al. (2018), section 2",
                _pgd,
            ),
        )
    }
)
