"""Surrogates of every model by every method, and what they say in every region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from surrogate._distill import distill_rows
from surrogate._probe import Probe
from surrogate._target import Split
from surrogate.errors import Interrupted
from surrogate.explanation import GlobalExplanation
from surrogate.explanation.compared import Region, Size
from surrogate.robust.comparing.agreeing import Common
from surrogate.robust.comparing.cells import Cell, cell_of, own_cell
from surrogate.robust.comparing.players import Heard, Player, Table
from surrogate.robust.comparing.scales import on_scales, pairs, scales_of
from surrogate.types import IntArray

__all__ = ["Fitted", "fit_surrogate", "form_cell", "model_cell", "size_of"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """One model's surrogate by one method."""

    player: Player
    method: str
    explanation: GlobalExplanation


def fit_surrogate(
    table: Table,
    player: Player,
    split: Split,
    *,
    method: str,
    options: Mapping[str, Any] | None,
    stability: int,
    seed: int,
) -> Fitted | None:
    """Distil one model, and measure the form on what the model said already.

    None where asking ended before there was a form.
    """
    probes = tuple(
        Probe(str(region), heard.rows, heard.source, heard.answers)
        for region, heard in player.heard.items()
        if region.kind in ("clean", "noise")
    )
    found: GlobalExplanation | None = None
    with table.lasting(player, method):
        found, _ = distill_rows(
            player.oracle,
            split,
            method=method,
            fidelity=len(probes[0].rows),
            stability=stability,
            seed=seed,
            options=options,
            probes=probes,
            curve=False,
        )
    if found is None:
        return None
    if found.interrupted and not player.ended:
        table.stopped = table.stopped or any(Interrupted.why in note for note in found.notes)
        player.ended = Interrupted.why if table.stopped else "asking ended on the way"
        table.notes.append(
            f"{player.name}: {method} ended before its plan: {' '.join(found.notes)}"
        )
    return Fitted(player, method, replace(found, target=player.name))


def form_cell(
    fitted: Fitted, region: Region, heard: Heard, common: Common, *, truth: IntArray | None
) -> Cell:
    """What a surrogate says of rows, beside what its model said.

    Parameters
    ----------
    fitted : Fitted
    region : Region
    heard : Heard
    common : Common
    truth : int array of shape (m,) or None
        True classes of all held-out rows.
    """
    form, player, scales = fitted.explanation.form, fitted.player, scales_of(common)
    pair = pairs(heard.values)
    theirs = on_scales(heard.values, scales, pair=pair)
    ours = on_scales(np.asarray(form.predict_values(heard.rows)), scales, pair=pair)
    agree = true = None
    baseline = None
    if heard.decision is not None:
        said = np.asarray(form.predict(heard.rows))
        agree = said == heard.decision
        true = None if truth is None else said == truth[heard.source]
        majority = _majority(player, heard)
        baseline = float(np.mean(heard.decision == majority))
    return cell_of(
        (player.name, player.arm, fitted.method),
        region,
        source=heard.source,
        agree=agree,
        true=true,
        ours=ours,
        theirs=theirs,
        baseline=baseline,
    )


def _majority(player: Player, heard: Heard) -> int:
    """The class that a model decides for most often on held-out rows."""
    decision = player.heard.get(Region("clean"), heard).decision
    assert decision is not None
    return int(np.bincount(decision).argmax())


def model_cell(
    player: Player, region: Region, heard: Heard, common: Common, *, truth: IntArray | None
) -> Cell:
    """How far a model's own answers spread over the rows of a region, and how often it is right."""
    theirs = on_scales(heard.values, scales_of(common), pair=pairs(heard.values))
    true = None
    if truth is not None and heard.decision is not None:
        true = heard.decision == truth[heard.source]
    return own_cell(
        (player.name, player.arm),
        region,
        source=heard.source,
        theirs=theirs,
        true=true,
        metric="robust accuracy" if region.attacker == player.name else "accuracy",
    )


def size_of(fitted: Fitted) -> Size:
    """How large a surrogate is, and how alike its refits."""
    steady = fitted.explanation.stability
    return Size(
        fitted.player.name,
        fitted.method,
        {name: float(number) for name, number in fitted.explanation.form.size.items()},
        None if steady is None else steady.main,
    )
