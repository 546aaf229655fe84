"""FGSM and PGD on a batch of tensors: what the recipes train on, and PGD figures come from.

The attacks of `surrogate.robust.attacks` go through the Oracle and respect tables; these few
lines serve the loop, where examples are made afresh at every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate._optional import require

__all__ = ["Box", "fgsm_rows", "pgd_rows"]

Box = tuple[Any, Any] | None
"""Least and greatest number, or tensors of shape (d,) with one for each column."""


def _gradient(module: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Gradient of the summed cross-entropy by the rows, and the logits; no weight is touched."""
    torch = require("torch", extra="torch")
    rows = x.detach().requires_grad_(True)
    logits = module(rows)
    loss = torch.nn.functional.cross_entropy(logits, y, reduction="sum")
    return torch.autograd.grad(loss, rows)[0], logits.detach()


def _clip(x: Any, box: Box) -> Any:
    """Rows clipped to the box, where there is one."""
    return x if box is None else x.clamp(*box)


def fgsm_rows(module: Any, x: Any, y: Any, *, eps: float, box: Box) -> Any:
    """FGSM: x + eps·sign(∇ₓ J), clipped where there is a box (Goodfellow et al. 2015).

    Parameters
    ----------
    module : torch.nn.Module
        Rows to logits.
    x, y : tensors of shape (n, d) and (n,)
        Rows, and the codes of their true classes.
    eps : float
        Radius in the maximum norm.
    box : pair of numbers or of tensors of shape (d,), or None

    Returns
    -------
    tensor of shape (n, d)

    Examples
    --------
    >>> import torch
    >>> from surrogate.robust.training import build_net, fgsm_rows
    >>> net, x = build_net("softmax", 3, 2).module, torch.full((1, 3), 0.5)
    >>> moved = fgsm_rows(net, x, torch.tensor([0]), eps=0.25, box=(0, 1))
    >>> (moved - x).abs().tolist()
    [[0.25, 0.25, 0.25]]
    """
    gradient, _ = _gradient(module, x, y)
    return _clip(x + eps * gradient.sign(), box)


def pgd_rows(
    module: Any,
    x: Any,
    y: Any,
    *,
    eps: float,
    steps: int,
    box: Box,
    draws: np.random.Generator,
) -> tuple[Any, Any]:
    """Rows after `steps` of PGD from a random start in the ball, and which were ever fooled.

    The step is 2.5·eps/steps, so that the border can be reached from anywhere in the ball
    (Madry et al. 2018).

    Parameters
    ----------
    module : torch.nn.Module
        Rows to logits.
    x, y : tensors of shape (n, d) and (n,)
        Rows, and the codes of their true classes.
    eps : float
        Radius in the maximum norm.
    steps : int
    box : pair of numbers or of tensors of shape (d,), or None
    draws : numpy.random.Generator
        Of the start.

    Returns
    -------
    tensor of shape (n, d), bool tensor of shape (n,)
        Whether a row before the last step was decided otherwise than `y`.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from surrogate.robust.training import build_net, pgd_rows
    >>> net, x = build_net("softmax", 3, 2).module, torch.full((1, 3), 0.5)
    >>> draws = np.random.default_rng(0)
    >>> y = torch.tensor([0])
    >>> moved, _ = pgd_rows(net, x, y, eps=0.1, steps=5, box=(0, 1), draws=draws)
    >>> bool(((moved - x).abs() <= 0.1001).all())
    True
    """
    torch = require("torch", extra="torch")
    start = draws.uniform(-eps, eps, tuple(x.shape)).astype(np.float32)
    found = _clip(x + torch.from_numpy(start).to(x.device), box)
    fooled = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    for _ in range(steps):
        gradient, logits = _gradient(module, found, y)
        fooled |= logits.argmax(1) != y
        moved = found + 2.5 * eps / steps * gradient.sign()
        found = _clip(torch.minimum(torch.maximum(moved, x - eps), x + eps), box)
    return found, fooled
