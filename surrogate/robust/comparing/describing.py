"""Facts of the models themselves, and how adversarial rows of one do on the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from surrogate.explanation.compared import (
    Measured,
    ModelFacts,
    Region,
    RobustAccuracy,
    Transfer,
)
from surrogate.fidelity import Score
from surrogate.robust.comparing.agreeing import Common
from surrogate.robust.comparing.facts import brier, constant_note, ece, suspected, true_score
from surrogate.robust.comparing.players import Player, Table
from surrogate.types import IntArray

if TYPE_CHECKING:
    from surrogate.robust.comparing.ground import Ground
    from surrogate.robust.comparing.plan import Plan

__all__ = ["models_of", "robust_of", "spread_of", "transfer_of"]

CLEAN = Region("clean")


def models_of(
    table: Table, ground: Ground, plan: Plan, *, common: Common, measured: Sequence[Measured]
) -> tuple[ModelFacts, ...]:
    """Every model with its accuracy, calibration, robust accuracy, spread, and what looks wrong."""
    accuracy = {
        player.name: score
        for player in table.players
        if (score := _accuracy(player, ground, seed=plan.seed)) is not None
    }
    doubts = suspected(accuracy, common.n_outputs) if ground.codes is not None else {}
    return tuple(
        ModelFacts(
            name=player.name,
            arm=player.arm,
            adapter=player.oracle.box.traits.adapter,
            accuracy=accuracy.get(player.name),
            calibration=_calibration(player, ground, plan, common),
            robust=robust_of(player.name, measured),
            spread=spread_of(player.name, measured),
            facts=_facts(player),
            notes=_notes(player, common, doubts.get(player.name, "")),
        )
        for player in table.players
    )


def _accuracy(player: Player, ground: Ground, *, seed: int) -> Score | None:
    """How often a model is right on held-out rows; R² of one that answers numbers."""
    heard = player.heard.get(CLEAN)
    if heard is None or ground.truth is None:
        return None
    truth = ground.truth[heard.source]
    if heard.decision is None:
        return true_score(heard.values[:, 0], truth, metric="R2", seed=seed)
    return true_score(heard.decision, truth, metric="accuracy", seed=seed)


def _calibration(player: Player, ground: Ground, plan: Plan, common: Common) -> tuple[Score, ...]:
    """ECE and Brier, where there are probabilities and true classes."""
    heard, codes = player.heard.get(CLEAN), ground.codes
    if heard is None or codes is None or common.said != "probabilities":
        return ()
    truth: IntArray = codes[heard.source]
    return (
        ece(heard.values, truth, level=plan.level),
        brier(heard.values, truth, level=plan.level, seed=plan.seed),
    )


def robust_of(name: str, measured: Sequence[Measured]) -> tuple[RobustAccuracy, ...]:
    """How often a model is right on rows that were made on it."""
    return tuple(
        RobustAccuracy(one.region.attack, one.region.radius, one.score)
        for one in measured
        if one.model == name and one.score.metric == "robust accuracy"
    )


def spread_of(name: str, measured: Sequence[Measured]) -> tuple[tuple[str, Score], ...]:
    """How far a model's answers spread in each region; of adversarial rows, in its own."""
    return tuple(
        (str(one.region), one.score)
        for one in measured
        if one.model == name
        and not one.method
        and one.score.metric == "output spread"
        and one.scale in ("probability", "value")
        and one.region.attacker in ("", name)
    )


def _facts(player: Player) -> dict[str, object]:
    """What is known of a model and how it was asked."""
    traits = player.oracle.box.traits
    return {
        "model": traits.name,
        "task": player.oracle.task,
        "dtype": traits.dtype,
        "device": traits.device,
        "remote": traits.remote,
        **traits.details,
    }


def _notes(player: Player, common: Common, doubt: str) -> tuple[str, ...]:
    """What a reader must know of a model."""
    heard = player.heard.get(CLEAN)
    same = ""
    if heard is not None and heard.decision is not None:
        same = constant_note(player.name, heard.decision, common.classes)
    return tuple(note for note in (doubt, same, player.told) if note)


def transfer_of(table: Table, ground: Ground, *, seed: int) -> tuple[Transfer, ...]:
    """How often each model is wrong on the rows made on each."""
    if ground.codes is None:
        return ()
    found = []
    for player in table.players:
        for region, heard in player.heard.items():
            if region.kind != "adversarial" or heard.decision is None:
                continue
            truth = ground.codes[heard.source]
            found.append(
                Transfer(
                    attack=region.attack,
                    radius=region.radius,
                    attacker=region.attacker,
                    target=player.name,
                    score=_errors(heard.decision, truth, seed=seed),
                )
            )
    return tuple(found)


def _errors(decision: IntArray, truth: IntArray, *, seed: int) -> Score:
    """The share of rows without the true class."""
    wrong = (decision != truth).astype("intp")
    right = true_score(wrong, wrong * 0 + 1, metric="error rate", seed=seed)
    return Score(right.metric, right.value, right.interval, right.n, right.n_sources)
