"""Sentences: what an explanation claims, what stands beside the claim, what is wrong with it.

They put measured figures into words and measure nothing. Report, terminal and notebook all say
the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surrogate.render.describe import form_name
from surrogate.render.features import class_name
from surrogate.render.names import clean, clip
from surrogate.render.numbers import count, number
from surrogate.types import BoolArray

if TYPE_CHECKING:
    from surrogate.explanation.global_explanation import GlobalExplanation
    from surrogate.explanation.local_explanation import LocalExplanation
    from surrogate.explanation.local_explanations import LocalExplanations
    from surrogate.explanation.local_fidelity import LocalFidelity
    from surrogate.fidelity import Fidelity, Score

__all__ = [
    "OUTCOMES",
    "beside",
    "claim",
    "doubtful",
    "doubts",
    "drops",
    "evidence",
    "local_claim",
    "local_doubts",
    "local_steadiness",
    "locals_claim",
    "rows_fidelity",
    "verdict",
]

OUTCOMES = (
    "How often the model, and each surrogate, gives the outcome that came true on the held-out "
    "rows. This is not fidelity: a faithful surrogate of a model that is often wrong is as often "
    "wrong."
)
LITTLE = 0.5
"""A surrogate whose R² is surely less than this explains less than half."""
MUCH = 0.02
"""Agreement lost from real to perturbed rows, beyond both intervals, that is said."""


def claim(explanation: GlobalExplanation) -> str:
    """The sentence that the first fidelity backs, with its interval."""
    fidelity = explanation.fidelity[0]
    score = fidelity.main
    what = f"This {form_name(explanation.form)}"
    target = clip(clean(explanation.target), 60)
    where = clean(fidelity.distribution)
    if score.value is None:
        return f"Nothing is known of how well this {what[5:]} follows {target}: {score.reason}."
    if score.percent:
        return (
            f"{what} gives the same answer as {target} on {score.value_text()} of {where} "
            f"({_backing(score)})."
        )
    return (
        f"{what} follows {target} with {score.symbol} {score.value_text()} on {where} "
        f"({_backing(score)})."
    )


def evidence(fidelity: Fidelity) -> str:
    """One distribution of rows in one line: the main score and its interval."""
    return f"On {clean(fidelity.distribution)}: {fidelity.main}."


def beside(explanation: GlobalExplanation) -> str:
    """The trivial surrogate on the same rows, and the lift over it."""
    score = explanation.fidelity[0].main
    trivial = _trivial(score)
    if score.baseline is None:
        return f"{trivial} was not measured beside it."
    said = f"{trivial} reaches {score.symbol} {score.baseline_text()} on the same rows"
    if score.lift is None:
        return said + "."
    lift = f"{100 * score.lift:.1f} percentage points" if score.percent else number(score.lift)
    if score.lift_interval is not None:
        factor = 100 if score.percent else 1
        low, high = (factor * end for end in (score.lift_interval.low, score.lift_interval.high))
        level = 100 * score.lift_interval.level
        lift += f" ({level:g} % interval {number(low)} to {number(high)})"
    return f"{said}; the lift over it is {lift}."


def doubts(explanation: GlobalExplanation) -> tuple[str, ...]:
    """What is bad about an explanation, each said as a clause; none if nothing is.

    Parameters
    ----------
    explanation : GlobalExplanation

    Returns
    -------
    tuple of str
        Each completes "this explanation is bad: ...".
    """
    found = []
    for fidelity in explanation.fidelity:
        score, where = fidelity.main, clean(fidelity.distribution)
        if score.value is None:
            found.append(
                f"its fidelity on {where} is undefined, {score.reason or 'no reason said'}"
            )
        elif score.no_better_than_trivial:
            found.append(
                f"on {where} it is not shown to be better than {_trivial(score).lower()}, with "
                f"{score.symbol} {score.value_text()} against {score.baseline_text()}"
            )
        elif _surely_little(score):
            found.append(
                f"on {where} it reproduces less than half of how the answers vary, "
                f"with {score.symbol} {score.value_text()} ({_backing(score)})"
            )
    return tuple(found)


def verdict(explanation: GlobalExplanation) -> str | None:
    """Whether the wished-for fidelity is reached, where one was set."""
    if explanation.verdict is None:
        return None
    return f"Target {explanation.verdict}."


def drops(explanation: GlobalExplanation) -> str | None:
    """Say where fidelity falls beyond both intervals from the first rows to others."""
    first, *others = explanation.fidelity
    for other in others:
        a, b = first.main, other.main
        if a.interval is None or b.interval is None or a.metric != b.metric:
            continue
        if a.interval.low - b.interval.high > MUCH and a.higher_is_better:
            return (
                f"It is less faithful on {clean(other.distribution)}: {b}. Away from rows like "
                "those of the table, trust it less."
            )
    return None


def locals_claim(explanations: LocalExplanations, bad: int) -> str:
    """How many of some local explanations are bad; fidelity stands beside each."""
    target = clip(clean(explanations.target), 60)
    what = count(len(explanations), "local explanation")
    if bad:
        return f"Of {what} of {target}, {bad} {'is' if bad == 1 else 'are'} bad."
    return f"Of {what} of {target}, none is marked as bad; each has its own fidelity."


def rows_fidelity(explanations: LocalExplanations, k: int) -> str:
    """Mean fidelity of class k over rows, between the means of its intervals' ends.

    That interval is wide enough however much the rows' errors have in common.
    """
    fidelity = explanations.fidelity
    three = np.stack([fidelity.value, fidelity.low, fidelity.high])[:, :, k]
    three = three[:, np.isfinite(three).all(axis=0)]
    if not three.size:
        return f"{fidelity.metric} undefined"
    value, low, high = three.mean(axis=1)
    return (
        f"mean {fidelity.metric} {value:.2f} ({100 * fidelity.level:g} % interval {low:.2f} to "
        f"{high:.2f}) over {count(three.shape[1], 'row')}"
    )


def local_claim(explanation: LocalExplanation, k: int) -> str:
    """What the model and the local form say of the row, and the fidelity of that form."""
    box, local = (number(float(v[k])) for v in (explanation.box_value, explanation.local_value))
    name = class_name(explanation.classes, k)
    score = explanation.fidelity[k]
    where = clean(explanation.batch.fidelity.distribution)
    said = f"{score} on {where}, where a constant has 0"
    error = number(float(explanation.batch.fidelity.error[0, k]))
    what = "value" if explanation.classes is None else f'answer for "{name}"'
    return f"{what}: the model says {box}, this form {local} (error {error}); {said}."


def local_doubts(explanation: LocalExplanation, k: int) -> tuple[str, ...]:
    """What is bad about one row's explanation of class k, each said as a clause."""
    if explanation.flags:
        return explanation.flags
    score = explanation.fidelity[k]
    if score.value is None:
        return ("the model does not vary around this row, so its fidelity is undefined",)
    if score.interval is not None and score.interval.low <= 0:
        return ("it is not shown to be better than a constant around this row",)
    if _surely_little(score):
        return ("it reproduces less than half of how the model varies around this row",)
    return ()


def doubtful(fidelity: LocalFidelity) -> BoolArray:
    """Where `local_doubts` finds fault with the fidelity itself: (n, k)."""
    value, low, high = (np.asarray(a) for a in (fidelity.value, fidelity.low, fidelity.high))
    ends = np.isfinite(low) & np.isfinite(high)
    little = ends & (high < LITTLE) & fidelity.metric.endswith("R²")
    found: BoolArray = ~np.isfinite(value) | (ends & (low <= 0)) | little
    return found


def local_steadiness(explanation: LocalExplanation, k: int) -> str | None:
    """What of one row's explanation of class k stays under other seeds, where it was tried."""
    stability = explanation.stability
    if stability is None:
        return None
    first, *others = stability.metrics
    rest = "; ".join(
        f"{score.symbol} {score.value_text()}"
        for score in (stability.score(0, k, metric) for metric in others)
    )
    return (
        f"Fitted again under {count(stability.fits - 1, 'other seed')}: "
        f"{stability.score(0, k, first)}; {rest}."
    )


def _surely_little(score: Score) -> bool:
    """Whether a share of variance lies below `LITTLE` with its whole interval."""
    small = score.interval is not None and score.interval.high < LITTLE
    return small and score.symbol.endswith("R²")


def _trivial(score: Score) -> str:
    """The trivial surrogate in words."""
    return "Always giving the commonest answer" if score.percent else "Always giving the mean"


def _backing(score: Score) -> str:
    """The interval, and the rows it stands on."""
    rows = f"n = {score.n:,}"
    if score.n_sources != score.n:
        rows += f" from {score.n_sources:,} source rows"
    if score.interval is None:
        return f"{score.interval_text()}; {rows}"
    return f"{100 * score.interval.level:g} % interval {score.interval_text()}; {rows}"
