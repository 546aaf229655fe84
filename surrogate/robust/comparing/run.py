"""One comparison from its plan to what was found: ask, fit, attack, measure, judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from surrogate.errors import SurrogateError
from surrogate.explanation import Evidence, GlobalExplanation
from surrogate.explanation.compared import Measured, ModelFacts, Region, Size, Transfer
from surrogate.explanation.contrast import Contrast
from surrogate.explanation.joint_tree import Disagreement
from surrogate.robust.comparing.agreeing import Common
from surrogate.robust.comparing.around import Around
from surrogate.robust.comparing.attacking import Assault, attack_all, check_surfaces, meet
from surrogate.robust.comparing.cells import Cell, measure
from surrogate.robust.comparing.describing import models_of, transfer_of
from surrogate.robust.comparing.doubts import easier_notes
from surrogate.robust.comparing.evidence import comparison_evidence
from surrogate.robust.comparing.family import Family
from surrogate.robust.comparing.ground import Ground
from surrogate.robust.comparing.local import local_cells
from surrogate.robust.comparing.noise import noisy
from surrogate.robust.comparing.plan import JOINT, Plan
from surrogate.robust.comparing.players import Heard, Table
from surrogate.robust.comparing.surrogates import (
    Fitted,
    fit_surrogate,
    form_cell,
    model_cell,
    size_of,
)
from surrogate.robust.comparing.verdicts import judge
from surrogate.robust.disagreement import find_disagreement
from surrogate.sampling import child_seed
from surrogate.types import IntArray

__all__ = ["Found", "run"]

CLEAN = Region("clean")


@dataclass(frozen=True, eq=False)
class Found:
    """What was found.

    Parameters
    ----------
    models, measured, rows, sizes, transfer, surrogates, disagreement
        As in `surrogate.explanation.Comparison`.
    doubts : tuple of str
        What has to be read before any figure.
    evidence : Evidence
        What figures and verdicts are computed from.
    """

    models: tuple[ModelFacts, ...]
    measured: tuple[Measured, ...]
    rows: tuple[Contrast, ...]
    sizes: tuple[Size, ...]
    transfer: tuple[Transfer, ...]
    surrogates: tuple[tuple[str, GlobalExplanation], ...]
    disagreement: Disagreement | None
    doubts: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, eq=False)
class _Kept:
    """What is added to on the way, so that nothing is lost where it ends."""

    fitted: list[Fitted] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)


def run(
    table: Table,
    ground: Ground,
    plan: Plan,
    *,
    common: Common,
    assaults: Sequence[Assault],
    around: Around | None,
    family: Family,
) -> Found:
    """Ask in the order of what is missed most, and judge what there is.

    Raises
    ------
    SurrogateError
        What ended the asking, if it did before there was anything to show of two models.
    """
    kept = _Kept()
    _hear_held(table, ground)
    check_surfaces(table, ground, assaults)
    _hear_noise(table, ground, plan)
    if sum(CLEAN in player.heard for player in table.players) < 2:
        raise table.first_end or SurrogateError("There is nothing to compare.")
    _fit(table, ground, plan, kept.fitted)
    disagreement = _disagreement(table, ground, plan, common)
    meet(table, attack_all(table, ground, plan, assaults))
    _around(table, common, around, kept)
    kept.cells[:0] = _cells(table, ground, kept.fitted, common)
    seed = child_seed(plan.seed, "intervals")
    measured = tuple(
        one for cell in kept.cells for one in measure(cell, level=plan.level, seed=seed)
    )
    models = models_of(table, ground, plan, common=common, measured=measured)
    n_rows = min((len(one.heard[CLEAN]) for one in table.players if CLEAN in one.heard), default=0)
    return Found(
        models=models,
        measured=measured,
        rows=judge(kept.cells, family),
        sizes=(*(size_of(one) for one in kept.fitted), *kept.sizes),
        transfer=transfer_of(table, ground, seed=seed),
        surrogates=tuple((one.player.name, one.explanation) for one in kept.fitted),
        disagreement=disagreement,
        doubts=(
            *(note for model in models for note in model.notes),
            *easier_notes(measured, _first_nets(table)),
            family.note(n_rows),
        ),
        evidence=comparison_evidence(kept.cells, family, level=plan.level, seed=seed),
    )


def _hear_held(table: Table, ground: Ground) -> None:
    """Ask held-out rows."""
    rows, source = ground.held(len(ground.order))
    for player in table.asking():
        table.hear(player, CLEAN, rows, source=source, purpose="held-out")


def _hear_noise(table: Table, ground: Ground, plan: Plan) -> None:
    """Ask the same rows with noise of growing radius."""
    if ground.limits is None:
        return
    rows, source = ground.held(len(ground.order))
    seed = child_seed(plan.seed, "noise")
    for radius in plan.radii:
        moved, kept = noisy(
            rows,
            radius,
            limits=ground.limits,
            domain=ground.domain,
            dtype=ground.dtype,
            seed=seed,
        )
        broken = len(kept) - int(kept.sum())
        if broken:
            table.notes.append(
                f"Noise of radius {radius:g}: {broken:,} of {len(kept):,} rows broke the domain's "
                "constraint, and were left out for all models."
            )
        if kept.sum() < 2:
            continue
        region = Region("noise", radius)
        for player in table.asking():
            table.hear(player, region, moved[kept], source=source[kept], purpose="noise")


def _fit(table: Table, ground: Ground, plan: Plan, fitted: list[Fitted]) -> None:
    """Every surrogate of every model that still answers."""
    for method in plan.methods:
        for player in table.asking():
            one = fit_surrogate(
                table,
                player,
                ground.split,
                method=method,
                options=plan.options.get(method),
                stability=plan.stability,
                seed=plan.seed,
            )
            fitted += [] if one is None else [one]


def _disagreement(table: Table, ground: Ground, plan: Plan, common: Common) -> Disagreement | None:
    """Where the first nets of all arms decide differently, as rules learnt on real rows."""
    if common.classes is None:
        return None
    rows = ground.fitting(plan.fidelity)
    heard: dict[str, Heard] = {}
    for player in table.asking():
        if player.entrant.seed:
            continue
        said = table.ask(
            player, rows, source=np.arange(len(rows)), purpose=JOINT, what="the joint tree"
        )
        if said is not None and len(said) == len(rows):
            heard[player.name] = said
    clean = {one.name: one.heard[CLEAN] for one in table.players if one.name in heard}
    if len(heard) < 2:
        return None
    n = min(map(len, clean.values()))
    first = next(iter(clean.values()))
    return find_disagreement(
        rows,
        {name: _decided(one) for name, one in heard.items()},
        held_rows=first.rows[:n],
        held_decisions={name: _decided(one)[:n] for name, one in clean.items()},
        domain=ground.domain,
        classes=common.classes,
        level=plan.level,
        seed=plan.seed,
    )


def _first_nets(table: Table) -> list[str]:
    """One net of each arm."""
    return [player.name for player in table.players if not player.entrant.seed]


def _decided(heard: Heard) -> IntArray:
    """Decisions of a classifier."""
    assert heard.decision is not None
    return heard.decision


def _around(table: Table, common: Common, around: Around | None, kept: _Kept) -> None:
    """Local fidelity around the first held-out rows."""
    if around is None:
        return
    cells, sizes = local_cells(table, around, common)
    kept.cells.extend(cells)
    kept.sizes.extend(sizes)


def _cells(table: Table, ground: Ground, fitted: Sequence[Fitted], common: Common) -> list[Cell]:
    """Models and surrogates in every region that was asked."""
    cells = [
        model_cell(player, region, heard, common, truth=ground.codes)
        for player in table.players
        for region, heard in player.heard.items()
    ]
    return cells + [
        form_cell(one, region, heard, common, truth=ground.codes)
        for one in fitted
        for region, heard in one.player.heard.items()
    ]
