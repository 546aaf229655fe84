"""DeepFool, by the library: to the nearest of the boundaries that the gradients draw."""

from __future__ import annotations

from typing import Any

from surrogate.robust.attacks.job import Found, Job
from surrogate.robust.attacks.library import calling, classifier, library
from surrogate.robust.attacks.nearest import nearest

__all__ = ["deepfool"]

BATCH = 256


def deepfool(job: Job) -> Found:
    """Steps to the nearest boundary of the linearised model, until one is crossed.

    The library multiplies each step by the width of the box, right where that is 1; here it is
    told of none, and the model sees each row as the box's nearest.
    """
    model, frame = classifier(job.logits, job.space, clamp=True)
    attack: Any = library("art.attacks.evasion").DeepFool(
        model,
        max_iter=job.options["steps"],
        epsilon=job.options["overshoot"],
        nb_grads=job.options["classes"],
        batch_size=BATCH,
        verbose=False,
    )
    with calling():
        rows = attack.generate(frame.into(job.space.clean))
    return nearest(job, frame.back(rows))
