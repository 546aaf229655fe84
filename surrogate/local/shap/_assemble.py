"""Values, errors and fidelity of all rows, put together as one result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surrogate.domain import MaskDomain
from surrogate.explanation.encoding import Present
from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.local._fresh import Fresh
from surrogate.local.shap._game import Opened
from surrogate.local.shap._result import ShapResult
from surrogate.local.shap._run import Asking, Row, flags, measured
from surrogate.types import FloatArray

__all__ = ["assemble"]


def assemble(
    asking: Asking,
    done: Sequence[Row],
    *,
    opened: Opened,
    seed: int,
    notes: Sequence[str],
    interrupted: bool,
) -> ShapResult:
    """What was found of as many rows as there are."""
    game = asking.game
    r, k, d = len(done), opened.none.size, len(game.oracle.domain.features)
    coef, errors = np.zeros((r, k, d)), np.zeros((r, k, d))
    fresh, clauses = Fresh.empty(r, k), []
    box_values = opened.whole[:r]
    counts = np.array([2 * one.n for one in done])
    exact = np.array([asking.estimates.pairs(len(one.players)).complete for one in done])
    for i, one in enumerate(done):
        at = game.players.holders(one.row)[one.players]
        coef[i][:, at], errors[i][:, at] = one.phi.T, one.errors.T
        if asking.measured:
            found = measured(asking, one, opened.none)
            for name in vars(fresh):
                getattr(fresh, name)[i] = getattr(found, name)[0]
            clauses.append(flags(asking, one, found, int(box_values[i].argmax())))
    local = opened.none + coef.sum(axis=2)
    classes = game.oracle.classes
    freedom = [one.n + 1 - len(one.players) for one, all_ in zip(done, exact) if not all_]
    back = game.background
    return ShapResult(
        rows=np.array([one.row for one in done]),
        coef=coef,
        coef_se=errors,
        dof=max(min(freedom), 1) if freedom else None,
        intercept=np.tile(opened.none, (r, 1)),
        encoding=Present(game.players.named),
        box_values=box_values,
        local_values=local,
        fidelity=_fidelity(asking, done, fresh, exact=exact, error=local - box_values, seed=seed),
        coalitions=counts,
        exact=exact,
        background=back.rows,
        background_weights=back.weights,
        classes=None if classes is None else tuple(game.classes or classes),
        flags=tuple(clauses),
        queries=dict(game.asked),
        seed=seed,
        notes=(*notes, *_errors_note(exact)),
        facts={
            "background rows": len(back),
            "coalitions": counts.tolist() if len(set(counts)) > 1 else int(counts[0]),
        },
        interrupted=interrupted,
    )


def _fidelity(
    asking: Asking,
    done: Sequence[Row],
    fresh: Fresh,
    *,
    exact: FloatArray,
    error: FloatArray,
    seed: int,
) -> LocalFidelity:
    """Arrays of the measured forms, with what they were measured on."""
    if isinstance(asking.game.oracle.domain, MaskDomain):
        what = f"masks of the {asking.game.oracle.domain.kind}"
    else:
        what = "coalitions of features"
    n = max(2 * one.n if whole else len(one.values) for one, whole in zip(done, exact))
    return LocalFidelity(
        value=fresh.value,
        low=fresh.low,
        high=fresh.high,
        error=np.abs(error),
        ess=fresh.ess,
        n=int(n),
        level=asking.level,
        interval="no sampling" if exact.all() else "sandwich",
        seed=seed,
        distribution=f"all {what}" if exact.all() else f"fresh {what}",
    )


def _errors_note(exact: FloatArray) -> tuple[str, ...]:
    """What standard errors are of."""
    if exact.all():
        return ("All coalitions were asked: the values have no error of sampling.",)
    if exact.any():
        return ("Of some rows all coalitions were asked: their values have no error of sampling.",)
    return ()
