"""Verdicts on every pair of arms, by the engine of `surrogate.fidelity.paired`.

Cells are sums by source row, of which every metric is a ratio; what stands on the same source
rows is tested at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from surrogate.explanation.compared import Region
from surrogate.explanation.contrast import Contrast, Finding
from surrogate.fidelity.holm import holm
from surrogate.fidelity.paired import MIN_SEEDS, Difference, compare_rows, compare_seeds
from surrogate.robust.comparing.cells import Cell, Ratio
from surrogate.robust.comparing.family import Family, Question
from surrogate.types import FloatArray, IntArray

__all__ = ["judge"]

AT_ONCE = 16  # cells of a pair that are tested together
LEAST = 2

Place: TypeAlias = tuple[str, str, str, Region]
"""Two arms, a method, and a region."""


def judge(cells: Sequence[Cell], family: Family) -> tuple[Contrast, ...]:
    """Answer every question of a family, as far as it was measured."""
    by_side: dict[tuple[str, str, Region], list[Cell]] = {}
    for cell in cells:
        by_side.setdefault((cell.arm, cell.method, _own(cell)), []).append(cell)
    asked: dict[Place, list[Question]] = {}
    for one in family.questions:
        asked.setdefault((one.first, one.second, one.method, one.region), []).append(one)
    found: dict[Question, Difference | str] = {}
    parts: list[_Part] = []
    for (first, second, method, region), questions in asked.items():
        arms = [by_side.get((arm, method, region), []) for arm in (first, second)]
        part = _part(questions, arms[0], arms[1])
        if isinstance(part, str):
            found |= dict.fromkeys(questions, part)
        elif min(map(len, arms)) >= MIN_SEEDS:
            found |= _by_seeds(part, family)
        else:
            parts.append(part)
    for batch in _batches(parts):
        found |= _by_rows(batch, family)
    return _decided(found, family)


def _own(cell: Cell) -> Region:
    """A cell's region; of rows made on the model itself, without its name."""
    region = cell.region
    return replace(region, attacker="") if region.attacker == cell.model else region


@dataclass(frozen=True, eq=False)
class _Part:
    """Questions about two arms by one method in one region, and what they stand on.

    Parameters
    ----------
    questions : tuple of Question
    ratios : tuple of Ratio
        One a question.
    names : tuple of str
        Of the m columns.
    sources : int array of shape (G,)
        Source rows that all nets of both arms were asked.
    first, second : arrays of shape (nets, G, m)
    """

    questions: tuple[Question, ...]
    ratios: tuple[Ratio, ...]
    names: tuple[str, ...]
    sources: IntArray
    first: FloatArray
    second: FloatArray


def _part(
    questions: Sequence[Question], first: Sequence[Cell], second: Sequence[Cell]
) -> _Part | str:
    """What two arms have in common in one place, or why nothing can be said."""
    if not first or not second:
        return "not measured: asking ended before it"
    cells = [*first, *second]
    names = cells[0].names
    assert all(cell.names == names for cell in cells)
    ratios = {(ratio.metric, ratio.scale): ratio for ratio in cells[0].ratios}
    sources = reduce(np.intersect1d, [cell.source for cell in cells])
    if len(sources) < LEAST:
        return "the models have fewer than two source rows in common"
    totals = [
        np.stack([cell.totals[np.isin(cell.source, sources)] for cell in arm])
        for arm in (first, second)
    ]
    wanted = tuple(ratios[one.metric, one.scale] for one in questions)
    return _Part(tuple(questions), wanted, names, sources, totals[0], totals[1])


def _by_seeds(part: _Part, family: Family) -> dict[Question, Difference]:
    """Two recipes, by the figures of their nets."""
    figures = [
        np.stack([ratio(arm.sum(axis=1), part.names) for ratio in part.ratios], axis=1)
        for arm in (part.first, part.second)
    ]
    found = compare_seeds(
        figures[0],
        figures[1],
        [one.metric for one in part.questions],
        level=family.level,
        resamples=family.resamples,
        seed=family.seed,
    )
    return dict(zip(part.questions, found, strict=True))


def _batches(parts: Iterable[_Part]) -> list[list[_Part]]:
    """Parts that stand on the same source rows of as many nets, a few together."""
    alike: dict[tuple[Any, ...], list[_Part]] = {}
    for part in parts:
        key = part.sources.tobytes(), len(part.first), len(part.second)
        alike.setdefault(key, []).append(part)
    return [
        group[start : start + AT_ONCE]
        for group in alike.values()
        for start in range(0, len(group), AT_ONCE)
    ]


def _by_rows(batch: Sequence[_Part], family: Family) -> dict[Question, Difference]:
    """Two arms of nets, paired by source row."""
    ends = np.cumsum([len(part.names) for part in batch])
    spans = [(int(end) - len(part.names), int(end)) for part, end in zip(batch, ends)]

    def statistic(totals: FloatArray) -> FloatArray:
        return np.stack(
            [
                ratio(totals[..., start:end], part.names)
                for part, (start, end) in zip(batch, spans)
                for ratio in part.ratios
            ],
            axis=-1,
        )

    questions = [one for part in batch for one in part.questions]
    found = compare_rows(
        np.concatenate([part.first for part in batch], axis=-1),
        np.concatenate([part.second for part in batch], axis=-1),
        statistic,
        metrics=[one.metric for one in questions],
        level=family.level,
        resamples=family.resamples,
        seed=family.seed,
    )
    return dict(zip(questions, found, strict=True))


def _decided(found: Mapping[Question, Difference | str], family: Family) -> tuple[Contrast, ...]:
    """Contrasts in the order of the family, corrected for all of it."""
    told = [found[question] for question in family.questions]
    p = [None if isinstance(one, str) else one.p for one in told]
    corrected = holm(p, family=len(family.questions))
    return tuple(
        _contrast(question, one, p_holm, level=family.level)
        for question, one, p_holm in zip(family.questions, told, corrected, strict=True)
    )


def _contrast(
    question: Question, found: Difference | str, p_holm: float | None, *, level: float
) -> Contrast:
    """One question with its answer."""
    numbers: dict[str, Any] = dict.fromkeys(("effect", "low", "high", "p"))
    numbers |= {"about": "these nets", "unit": "source rows", "n": 0, "reason": found}
    if isinstance(found, Difference):
        numbers = {name: getattr(found, name) for name in numbers}
    verdict: Finding = "no difference shown"
    if p_holm is not None and p_holm <= 1 - level + 1e-12 and numbers["effect"]:
        verdict = "higher" if numbers["effect"] > 0 else "lower"
    return Contrast(
        first=question.first,
        second=question.second,
        method=question.method,
        region=question.region,
        metric=question.metric,
        scale=question.scale,
        verdict=verdict,
        p_holm=p_holm,
        level=level,
        **numbers,
    )
