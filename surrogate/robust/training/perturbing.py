"""FGSM and PGD on a batch of tensors: what the recipes train on, and PGD figures come from.

The attacks of `surrogate.robust.attacks` go through the Oracle and respect tables; these few
lines serve the loop, where examples are made afresh at every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate._optional import require

__all__ = ["Box", "fgsm_rows", "pgd_rows"]

Box = tuple[float, float] | None


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
    """FGSM: x + eps·sign(∇ₓ J), clipped where there is a box (Goodfellow et al. 2015)."""
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
