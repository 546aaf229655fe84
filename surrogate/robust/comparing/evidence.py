"""What the figures and verdicts of a comparison are computed from, kept and computed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from surrogate.explanation import Evidence
from surrogate.explanation.compared import Region
from surrogate.explanation.packing import AnyArray
from surrogate.robust.comparing.cells import Cell, Ratio, measure
from surrogate.robust.comparing.describing import robust_of, spread_of
from surrogate.robust.comparing.family import Family, Question
from surrogate.robust.comparing.verdicts import judge

__all__ = ["comparison_evidence", "comparison_figures"]


def comparison_evidence(
    cells: Sequence[Cell], family: Family, *, level: float, seed: int
) -> Evidence:
    """Sums by source row of every cell, and the declared family.

    They hold no row and no single answer; where a row is its own source, whether surrogate and
    model agree on it.

    Parameters
    ----------
    cells : sequence of Cell
    family : Family
    level : float
        Of the intervals of figures.
    seed : int
        Of their bootstrap.
    """
    arrays: dict[str, AnyArray] = {}
    for i, cell in enumerate(cells):
        arrays[f"cell{i}/source"] = cell.source
        arrays[f"cell{i}/totals"] = cell.totals
    facts = {
        "level": level,
        "seed": seed,
        "cells": [_cell_facts(cell) for cell in cells],
        "family": asdict(family),
    }
    return Evidence("answers", arrays, facts)


def comparison_figures(
    document: Mapping[str, Any], evidence: Evidence
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Figures and verdicts of a comparison, by their place in its JSON.

    Parameters
    ----------
    document : mapping
        The JSON of a Comparison.
    evidence : Evidence
        Its own.

    Yields
    ------
    path, value
    """
    facts = evidence.facts
    cells = [_cell(evidence, i, one) for i, one in enumerate(facts["cells"])]
    level, seed = facts["level"], facts["seed"]
    measured = [one for cell in cells for one in measure(cell, level=level, seed=seed)]
    yield ("measured",), [one.to_dict() for one in measured]
    for i, model in enumerate(document["models"]):
        robust = [one.to_dict() for one in robust_of(model["name"], measured)]
        spread = [[where, one.to_dict()] for where, one in spread_of(model["name"], measured)]
        yield ("models", i, "robust"), robust
        yield ("models", i, "spread"), spread
    family = _family(facts["family"])
    yield ("rows",), [one.to_dict() for one in judge(cells, family)]
    yield ("test",), family.to_dict()


def _cell_facts(cell: Cell) -> dict[str, Any]:
    """All of a cell but its arrays."""
    return {
        "model": cell.model,
        "arm": cell.arm,
        "method": cell.method,
        "region": cell.region.to_dict(),
        "names": list(cell.names),
        "ratios": [asdict(ratio) for ratio in cell.ratios],
        "n": cell.n,
        "baseline": cell.baseline,
        "constant": cell.constant,
    }


def _cell(evidence: Evidence, i: int, facts: Mapping[str, Any]) -> Cell:
    return Cell(
        facts["model"],
        facts["arm"],
        facts["method"],
        Region.from_dict(facts["region"]),
        np.asarray(evidence.arrays[f"cell{i}/source"], dtype=np.intp),
        names=tuple(facts["names"]),
        totals=np.asarray(evidence.arrays[f"cell{i}/totals"], dtype=np.float64),
        ratios=tuple(Ratio(**one) for one in facts["ratios"]),
        n=facts["n"],
        baseline=facts["baseline"],
        constant=facts["constant"],
    )


def _family(facts: Mapping[str, Any]) -> Family:
    questions = tuple(
        Question(**{**one, "region": Region.from_dict(one["region"])}) for one in facts["questions"]
    )
    return Family(**{**facts, "questions": questions, "declared": tuple(facts["declared"])})
