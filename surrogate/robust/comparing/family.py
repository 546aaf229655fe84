"""What will be asked of every pair of arms: a family that is declared before anything is asked."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surrogate.explanation.compared import Region, Scale
from surrogate.fidelity.holm import family_note, resamples_for, smallest_p
from surrogate.fidelity.paired import MIN_SEEDS
from surrogate.robust.comparing.agreeing import Common
from surrogate.robust.comparing.around import LIME
from surrogate.robust.comparing.entrants import Entrant, arms_of

if TYPE_CHECKING:
    from surrogate.robust.comparing.attacking import Assault
    from surrogate.robust.comparing.plan import Plan

__all__ = ["TESTED", "Family", "Question", "declare"]

OF_SURROGATES: tuple[tuple[str, Scale], ...] = (
    ("agreement", "label"),
    ("R2", "probability"),
    ("MSE", "probability"),
    ("R2", "margin"),
    ("R2", "value"),
    ("MSE", "value"),
)
OF_MODELS: tuple[tuple[str, Scale], ...] = (
    ("output spread", "probability"),
    ("output spread", "value"),
    ("accuracy", "label"),
    ("robust accuracy", "label"),
)
TESTED = OF_SURROGATES + OF_MODELS
"""Metric and scale of what is tested; everything else is measured, and no verdict on it given."""

CLEAN = Region("clean")


@dataclass(frozen=True)
class Question:
    """One thing that is asked of two arms."""

    first: str
    second: str
    method: str
    region: Region
    metric: str
    scale: Scale


@dataclass(frozen=True)
class Family:
    """All questions, as declared before anything was asked, and how they are answered.

    Parameters
    ----------
    questions : tuple of Question
    nets : mapping from arm to int
        How many training seeds it has.
    level : float
    resamples : int
    seed : int
    declared : tuple of str
        Of what the family consists, in words.
    """

    questions: tuple[Question, ...]
    nets: Mapping[str, int]
    level: float
    resamples: int
    seed: int
    declared: tuple[str, ...] = ()

    def note(self, sources: int) -> str:
        """That no verdict can be reached, and why; empty where one can."""
        seeds = min(self.nets.values())
        enough = seeds >= MIN_SEEDS
        smallest = (
            smallest_p(seeds=(seeds, seeds), resamples=self.resamples)
            if enough
            else smallest_p(sources=sources, resamples=self.resamples)
        )
        return family_note(smallest, len(self.questions), level=self.level)

    def to_dict(self) -> dict[str, Any]:
        """How verdicts were made, for the record."""
        seeded = min(self.nets.values()) >= MIN_SEEDS
        return {
            "unit": "training seeds" if seeded else "source rows",
            "statistic": (
                "Welch's t, labels permuted over training seeds"
                if seeded
                else "jackknife pseudo-values, signs flipped by source row"
            ),
            "resamples": self.resamples,
            "correction": "Holm",
            "family": len(self.questions),
            "declared": "; ".join(self.declared),
            "level": self.level,
            "seed": self.seed,
        }


def declare(
    entrants: Sequence[Entrant],
    plan: Plan,
    common: Common,
    *,
    widths: Sequence[float],
    assaults: Sequence[Assault],
    moves: bool,
    labelled: bool,
) -> Family:
    """Say what will be tested, before anything but the first few rows is asked.

    Parameters
    ----------
    entrants : sequence of Entrant
    plan : Plan
    common : Common
    widths : sequence of float
        Of LIME's kernel; empty where it is not used.
    assaults : sequence of Assault
    moves : bool
        Whether a column may move at all, for noise.
    labelled : bool
        Whether there are true classes.
    """
    arms = {arm: len(nets) for arm, nets in arms_of(entrants).items()}
    own = _own_regions(plan, assaults, entrants)
    noise = [Region("noise", radius) for radius in plan.radii] if moves else []
    shared = [CLEAN, *noise]
    asked = [
        *((method, region) for method in plan.methods for region in (*shared, *own)),
        *((LIME, Region("local", width)) for width in widths),
    ]
    wanted = [
        (method, region, metric, scale)
        for method, region in asked
        for metric, scale in OF_SURROGATES
        if _there(metric, scale, common)
    ]
    for region in shared:
        wanted += [
            ("", region, metric, scale)
            for metric, scale in OF_MODELS[:2]
            if _there(metric, scale, common)
        ]
    if labelled and common.task == "classification":
        wanted.append(("", CLEAN, "accuracy", "label"))
        wanted += [("", region, "robust accuracy", "label") for region in own]
    questions = tuple(
        Question(first, second, *one)
        for first, second in itertools.combinations(arms, 2)
        for one in wanted
    )
    resamples = resamples_for(len(questions), level=plan.level)
    return Family(questions, arms, plan.level, resamples, plan.seed, tuple(_words(arms, wanted)))


def _words(arms: Mapping[str, int], wanted: Sequence[tuple[str, Region, str, Scale]]) -> list[str]:
    """What a family consists of."""
    n_pairs = len(arms) * (len(arms) - 1) // 2
    methods = dict.fromkeys(method or "the models themselves" for method, *_ in wanted)
    regions = dict.fromkeys(str(region) for _, region, *_ in wanted)
    metrics = dict.fromkeys(
        metric if scale == "label" else f"{metric} ({scale})" for _, _, metric, scale in wanted
    )
    return [
        f"{n_pairs} pair{'' if n_pairs == 1 else 's'} of models or arms",
        "by " + ", ".join(methods),
        "on " + ", ".join(regions),
        "in " + ", ".join(metrics),
    ]


def _there(metric: str, scale: Scale, common: Common) -> bool:
    """Whether the models' answers have a scale."""
    if common.said == "values":
        return scale == "value"
    return scale == "label" or (scale != "value" and common.said == "probabilities")


def _own_regions(
    plan: Plan, assaults: Sequence[Assault], entrants: Sequence[Entrant]
) -> list[Region]:
    """Adversarial rows that every model has of its own: paired by their source row."""
    made: dict[Region, set[str]] = {}
    for attack, attacker, radius in [
        *((one.attack, one.attacker, one.radius) for one in plan.ready),
        *((one.attack, one.attacker, one.radius) for one in assaults),
    ]:
        made.setdefault(Region("adversarial", radius, attack), set()).add(attacker)
    names = {one.name for one in entrants}
    return [region for region, of in made.items() if names <= of]
