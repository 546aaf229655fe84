"""Counterfactual flips: changed rows asked of the target, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from surrogate._array import to_numpy
from surrogate._probe import ENDINGS, Answering, Probe, Saying
from surrogate.auditing.changed import Changed
from surrogate.auditing.groups import THE_MODEL, Favourable
from surrogate.fidelity import Flips, Said, flip_scores
from surrogate.oracle import Answers
from surrogate.types import FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["PURPOSE", "ask_flips", "flips_of"]

PURPOSE = "flips"
UNASKED = "the row itself was not asked"


def ask_flips(
    oracle: Oracle, plan: Sequence[Changed], probe: Probe
) -> tuple[tuple[Changed, ...], tuple[str, ...]]:
    """Ask the changed rows whose own row was asked; and why it ended, if it did."""
    found: list[Changed] = []
    for one in plan:
        there = one.only(np.isin(one.held, probe.held), UNASKED)
        if not len(there):
            found.append(there)
            continue
        rows = to_numpy(oracle.snap(there.rows))
        ended = ""
        try:
            answers = oracle.ask(rows, purpose=PURPOSE)
        except ENDINGS as early:
            ended = f"{len(early.answers or ()):,} of {len(rows):,} flips of {one.attribute}"
            ended = f"{ended} were asked: {early.why}."
            if early.answers is None or not len(early.answers):
                return tuple(found), (ended,)
            answers = early.answers
        answers.numbers()  # refuses what could not be measured
        n = len(answers)
        found.append(
            replace(there, rows=rows).only(np.arange(n), "asking ended before") if ended else there
        )
        found[-1] = replace(found[-1], rows=rows[:n], answers=answers)
        if ended:
            return tuple(found), (ended,)
    return tuple(found), ()


def flips_of(
    changed: Sequence[Changed],
    probe: Probe,
    says: Mapping[str, Saying],
    answering: Answering,
    *,
    favourable: Favourable,
    seed: int,
) -> tuple[Flips, ...]:
    """Flips of the target, then of each surrogate, for each attribute.

    Needs answers to the changed rows and to the rows of the probe that they were made from, and
    what each surrogate says of both.
    """
    place = {held: i for i, held in enumerate(probe.held.tolist())}
    found = []
    for one in changed:
        if one.answers is None:
            found.append(_nothing(one, probe, favourable))
            continue
        base = np.array([place[held] for held in one.held.tolist()], dtype=np.intp)
        pairs = [
            (THE_MODEL, _model(probe.answers, answering, base), _model(one.answers, answering))
        ]
        pairs += [
            (who, _form(form, probe.rows[base], answering), _form(form, one.rows, answering))
            for who, form in says.items()
        ]
        for who, before, after in pairs:
            column = _columns(before, answering, favourable)
            scores = flip_scores(
                Said(_valued(before[0], column), before[1]),
                Said(_valued(after[0], column), after[1]),
                one.changes,
                sources=one.held,
                favourable=favourable.code,
                seed=seed,
            )
            flips = _nothing(one, probe, favourable)
            found.append(
                replace(flips, who=who, scores=scores, value=_meant(answering, favourable))
            )
    return tuple(found)


def _nothing(one: Changed, probe: Probe, favourable: Favourable) -> Flips:
    """What is known of an attribute before any figure."""
    return Flips(
        attribute=one.attribute,
        who=THE_MODEL,
        scores=(),
        rows=len(np.unique(one.held)),
        asked=len(one),
        left_out=dict(one.left_out),
        favourable=favourable.label,
        distribution=probe.distribution,
        notes=one.notes,
    )


_Said: TypeAlias = tuple[FloatArray | None, IntArray | None]
"""Values (n, k), where they are more than labels, and decisions (n,), where there are any."""


def _model(answers: Answers, answering: Answering, at: IntArray | None = None) -> _Said:
    """What the target said of some rows."""
    values = to_numpy(answers.values).astype(np.float64)
    decision = None if answers.decision is None else to_numpy(answers.decision).astype(np.intp)
    if at is not None:
        values, decision = values[at], None if decision is None else decision[at]
    return None if answering.output == "labels" else values, decision


def _form(form: Saying, rows: FloatArray, answering: Answering) -> _Said:
    """What a surrogate says of some rows."""
    decides = answering.task == "classification"
    told = answering.output in ("probabilities", "values")
    values = np.asarray(form.predict_values(rows), dtype=np.float64) if told else None
    return values, np.asarray(form.predict(rows), dtype=np.intp) if decides else None


def _columns(before: _Said, answering: Answering, favourable: Favourable) -> IntArray | int:
    """The column of answers whose change is meant: the favourable one's, or the one decided."""
    if answering.task == "regression":
        return 0
    if favourable.code is not None:
        return favourable.code
    assert before[1] is not None
    return before[1]


def _valued(values: FloatArray | None, column: IntArray | int) -> FloatArray | None:
    if values is None:
        return None
    return np.asarray(values[np.arange(len(values)), column])


def _meant(answering: Answering, favourable: Favourable) -> str:
    """What the mean change is a change of."""
    if answering.output == "labels":
        return ""
    if answering.task == "regression":
        return "the answer"
    what = "score" if answering.output == "scores" else "probability"
    if favourable.code is None:
        return f"the {what} of the class decided before"
    return f"the {what} of {favourable.label}"
