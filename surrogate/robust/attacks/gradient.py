"""One step or many up the loss, by the library: FGSM, BIM, least-likely class, PGD."""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate.robust.attacks.job import Found, Job
from surrogate.robust.attacks.library import calling, classifier, library, seeded_starts
from surrogate.sampling import generator
from surrogate.types import FloatArray, IntArray

__all__ = ["bim", "fgsm", "least_likely", "pgd"]

BATCH = 256
_MANY = "art.attacks.evasion.projected_gradient_descent.projected_gradient_descent_pytorch"
_NORMS = {"linf": np.inf, "l2": 2}


def fgsm(job: Job) -> Found:
    """One step of the radius along the sign of the gradient."""
    model, frame = classifier(job.logits, job.space)
    attack = library("art.attacks.evasion").FastGradientMethod(
        model, norm=_NORMS[job.norm], eps=job.ball, batch_size=BATCH
    )
    with calling():
        rows = attack.generate(frame.into(job.space.clean), job.y, mask=_mask(job))
    return Found(frame.back(rows))


def bim(job: Job) -> Found:
    """Many small steps, each clipped to the ball and the box."""
    return Found(_many(job, job.y))


def least_likely(job: Job) -> Found:
    """Many small steps towards the class of least probability."""
    target = job.logits.logits(job.space.clean).argmin(axis=1)
    return Found(_many(job, target, targeted=True))


def pgd(job: Job) -> Found:
    """Many small steps from random starts in the ball."""
    return Found(_many(job, job.y, starts=int(job.options["restarts"])))


def _many(job: Job, y: IntArray, *, targeted: bool = False, starts: int = 0) -> FloatArray:
    """Rows (n, d) after many steps."""
    model, frame = classifier(job.logits, job.space)
    module = library(_MANY)
    steps, step = job.options["steps"], job.options["step"]
    attack: Any = module.ProjectedGradientDescentPyTorch(
        model,
        norm=_NORMS[job.norm],
        eps=job.ball,
        eps_step=2.5 * job.ball / steps if step is None else step,
        max_iter=steps,
        targeted=targeted,
        num_random_init=starts,
        batch_size=BATCH,
        verbose=False,
    )
    draw = generator(job.seed, "attack", "starts")
    with calling(), seeded_starts(module, draw):
        rows = attack.generate(frame.into(job.space.clean), y, mask=_mask(job))
    return frame.back(rows)


def _mask(job: Job) -> Any:
    """Which columns move (d,); None where all do."""
    mutable = job.space.limits.mutable
    return None if mutable.all() else mutable.astype(np.float32)
