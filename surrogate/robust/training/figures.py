"""How often a net is right on rows that FGSM and PGD made on it, and how that is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate.explanation.compared import RobustAccuracy
from surrogate.fidelity import Score, wilson
from surrogate.robust.training.perturbing import Box, fgsm_rows, pgd_rows
from surrogate.robust.training.settings import Rows
from surrogate.sampling import generator
from surrogate.types import BoolArray

__all__ = ["ATTACKED", "clean_score", "reading", "robust_score"]

ATTACKED = ("fgsm", "pgd")
CHUNK = 1000  # rows at a time


def _score(metric: str, right: BoolArray) -> Score:
    """A share of independent rows."""
    rate = float(np.mean(right))
    return Score(metric, rate, wilson(rate, len(right)), len(right), len(right))


def _chunks(module: Any, rows: Rows) -> Any:
    """Rows and codes as tensors on the module's device, a thousand at a time."""
    torch = require("torch", extra="torch")
    device = next(module.parameters()).device
    for start in range(0, len(rows.x), CHUNK):
        x = torch.from_numpy(np.ascontiguousarray(rows.x[start : start + CHUNK])).to(device)
        y = torch.from_numpy(rows.y[start : start + CHUNK].astype(np.int64)).to(device)
        yield x, y


def _right(module: Any, x: Any, y: Any) -> Any:
    """Which rows the net decides truly."""
    torch = require("torch", extra="torch")
    with torch.no_grad():
        return module(x).argmax(1) == y


def clean_score(module: Any, rows: Rows) -> Score:
    """Accuracy on the rows themselves."""
    found = [_right(module, x, y).cpu().numpy() for x, y in _chunks(module, rows)]
    return _score("accuracy", np.concatenate(found))


def robust_score(
    module: Any, rows: Rows, *, attack: str, eps: float, box: Box, steps: int, seed: int
) -> RobustAccuracy:
    """Accuracy on rows that an attack made on this very net.

    A row that any step of PGD fooled counts as fooled, so that more steps never flatter.
    """
    draws = generator(seed, "figures", attack)  # the same start at every radius, but for its size
    found = []
    for x, y in _chunks(module, rows):
        if attack == "fgsm":
            right = _right(module, fgsm_rows(module, x, y, eps=eps, box=box), y)
        else:
            made, fooled = pgd_rows(module, x, y, eps=eps, steps=steps, box=box, draws=draws)
            right = _right(module, made, y) & ~fooled
        found.append(right.cpu().numpy())
    return RobustAccuracy(attack, eps, _score("robust accuracy", np.concatenate(found)))


def reading(accuracy: Score | None, robust: Sequence[RobustAccuracy], *, eps: float) -> str:
    """What the figures allow to say: nothing is called robust beyond them."""
    pgd = {one.radius: one.score for one in robust if one.attack == "pgd"}
    fgsm = {one.radius: one.score for one in robust if one.attack == "fgsm"}
    if accuracy is None or eps not in pgd:
        return "No PGD figure was taken: nothing can be said of its robustness."
    if strange := _masked(pgd, fgsm):
        return f"{strange}: its gradients may be masked, and these figures say little."
    here = pgd[eps]
    if _high(here) < 0.5 * (accuracy.value or 0.0):
        beside = f", where FGSM leaves {fgsm[eps].value_text()}" if eps in fgsm else ""
        return f"Not robust: PGD of radius {eps:g} leaves it {here.value_text()} right{beside}."
    takes = f"PGD of radius {eps:g} takes it from {accuracy.value_text()} to {here.value_text()}"
    return f"{takes}; a better search may take more."


def _masked(pgd: dict[float | None, Score], fgsm: dict[float | None, Score]) -> str:
    """A sign that following the gradient does not find the worst, in words; empty if none."""
    radii = sorted(r for r in pgd if r is not None)
    for small, large in pairwise(radii):
        if _low(pgd[large]) > _high(pgd[small]):
            return f"PGD of radius {large:g} does less harm than of {small:g}"
    for radius in radii:
        if radius in fgsm and _low(pgd[radius]) > _high(fgsm[radius]):
            return f"PGD of radius {radius:g} does less harm than FGSM"
    return ""


def _low(score: Score) -> float:
    """Lower end of a score's interval."""
    return score.interval.low if score.interval else 0.0


def _high(score: Score) -> float:
    """Upper end of a score's interval."""
    return score.interval.high if score.interval else 1.0
