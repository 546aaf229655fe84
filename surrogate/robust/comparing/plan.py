"""What a comparison is to do, checked, and what it will ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from surrogate._distill import plan_of
from surrogate._target import Split
from surrogate._validate import NoneOr, Real, Whole, check, unknown
from surrogate.errors import OptionError
from surrogate.methods import check_needs, find
from surrogate.robust.attacks import ATTACKS
from surrogate.robust.comparing.around import LIME, local_cost
from surrogate.robust.comparing.attacking import Assault, attack_cost
from surrogate.robust.comparing.entrants import Entrant
from surrogate.robust.comparing.ready import ReadyRows

__all__ = ["JOINT", "RADII", "Plan", "cost_of", "make_plan"]

RADII = (0.1, 0.25, 0.5)
"""Radii of noise and attacks where none are given."""
JOINT = "disagreement"
"""Purpose of the rows that the joint tree is grown on."""
LOCAL_FRESH = 1000
"""Fresh perturbations that local forms are measured on."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What a comparison is to do.

    Parameters
    ----------
    methods : tuple of str
        Global methods.
    lime : bool
        Whether local fidelity is measured.
    attacks : tuple of str or None
        None: those that the models allow.
    radii : tuple of float
    ready : tuple of ReadyRows
    fidelity : int
        Most rows of a region.
    attacked : int or None
        Most rows that an attack starts from; None: by what the attack asks.
    local_rows : int
    widths : sequence of float or None
    stability : int
    level : float
    seed : int
    options : mapping
        Of methods and attacks, by name.
    """

    methods: tuple[str, ...]
    lime: bool
    attacks: tuple[str, ...] | None
    radii: tuple[float, ...]
    ready: tuple[ReadyRows, ...] = ()
    fidelity: int = 2000
    attacked: int | None = None
    local_rows: int = 20
    widths: Sequence[float] | None = None
    stability: int = 2
    level: float = 0.95
    seed: int = 0
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def make_plan(
    methods: Any,
    *,
    attacks: Any,
    radii: Any,
    fidelity: int,
    attacked: int | None,
    local_rows: int,
    widths: Any,
    stability: int,
    level: float,
    seed: int,
    options: Any,
    ready: tuple[ReadyRows, ...] = (),
) -> Plan:
    """Check what was said, and put it together.

    Raises
    ------
    OptionError
        If a method, an attack, a radius or an option is unknown or wrong.
    """
    check(
        "compare",
        {
            "attacked": NoneOr(Whole(2)),
            "local_rows": Whole(2),
            "stability": Whole(0),
            "level": Real(0.5, 1, "neither"),
        },
        {
            "attacked": attacked,
            "local_rows": local_rows,
            "stability": stability,
            "level": level,
        },
    )
    names = _names("methods", methods)
    local = [name for name in names if find(name).scope == "local"]
    if any(name != LIME for name in local):
        raise OptionError(
            f"Of the local methods, compare takes lime, whose one plan all models share; got "
            f"{local[0]!r}. For others, use explain on each model with the same seed."
        )
    given = dict(options or {})
    chosen = None if attacks is None else _attacks(attacks)
    unknown("compare(options=...)", given, [*names, *(ATTACKS if chosen is None else chosen)])
    return Plan(
        methods=tuple(name for name in names if name not in local),
        lime=bool(local),
        attacks=chosen,
        radii=RADII if radii is None else _radii(radii),
        ready=ready,
        fidelity=fidelity,
        attacked=attacked,
        local_rows=local_rows,
        widths=widths,
        stability=stability,
        level=level,
        seed=seed,
        options=given,
    )


def _names(what: str, given: Any) -> tuple[str, ...]:
    """A list of names, each once."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise OptionError(f"The `{what}` of compare must be a list of names; got {given!r}.")
    return tuple(dict.fromkeys(given))


def _attacks(given: Any) -> tuple[str, ...]:
    """Names of attacks that there are."""
    names = _names("attacks", given)
    for name in names:
        if name not in ATTACKS:
            raise OptionError(
                f"There is no attack {name!r}; there are: {', '.join(sorted(ATTACKS))}."
            )
    return names


def _radii(given: Any) -> tuple[float, ...]:
    """Radii above 0, ascending."""
    rows = [given] if isinstance(given, int | float) else given
    if isinstance(rows, str) or not isinstance(rows, Iterable):
        raise OptionError(f"The `radii` of compare must be a list of numbers; got {given!r}.")
    found = list(rows)
    for radius in found:
        if isinstance(radius, int | float) and radius == 0:
            raise OptionError(
                "The `radii` of compare must be above 0: rows of radius 0 are the held-out rows, "
                "which are measured anyway. Leave the 0 out."
            )
        check("compare", {"radii": Real(0, np.inf, "neither")}, {"radii": radius})
    return tuple(sorted({float(radius) for radius in found}))


def cost_of(
    plan: Plan, split: Split, entrant: Entrant, *, assaults: Sequence[Assault]
) -> dict[str, int]:
    """Most rows that one model is asked, by purpose.

    Parameters
    ----------
    plan : Plan
    split : Split
    entrant : Entrant
    assaults : sequence of Assault
        Of all models.

    Raises
    ------
    AbilityError
        If a method needs what the model does not show.
    """
    n = min(plan.fidelity, len(split.test))
    cost = {"held-out": n, "noise": n * len(plan.radii)}
    for method in plan.methods:
        check_needs(method, entrant.box)
        one = plan_of(
            method,
            split,
            fidelity=plan.fidelity,
            stability=plan.stability,
            options=plan.options.get(method),
        )
        for purpose in ("fit", "stability"):
            cost[purpose] = cost.get(purpose, 0) + one.get(purpose, 0)
    cost[JOINT] = 0 if entrant.seed else min(plan.fidelity, len(split.fit))
    cost |= attack_cost(assaults, entrant, plan, n_columns=split.test.shape[1])
    if plan.lime:
        rows = min(plan.local_rows, len(split.test))
        cost["local"] = local_cost(
            rows,
            plan.options.get(LIME),
            widths=plan.widths,
            fresh=LOCAL_FRESH,
            refits=plan.stability,
        )
    return {purpose: rows for purpose, rows in cost.items() if rows}
