"""The plain table of attacks: name -> what each needs, measures and takes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from surrogate._validate import Choice, Instance, NoneOr, Real, Rule, Whole, check, unknown
from surrogate.errors import OptionError
from surrogate.robust.attacks.carlini import cw_l2, cw_linf
from surrogate.robust.attacks.deepfool import deepfool
from surrogate.robust.attacks.flip_point import flip_point
from surrogate.robust.attacks.gradient import bim, fgsm, least_likely, pgd
from surrogate.robust.attacks.hopskipjump import hopskipjump
from surrogate.robust.attacks.job import Found, Job
from surrogate.robust.attacks.projection import Norm
from surrogate.robust.attacks.square import square

__all__ = ["ATTACKS", "Attack", "attack_named", "settled_options"]

Option = tuple[Any, Rule]
"""The default of a parameter, and what it must be."""

FLAT = (
    "their loss has no slope there (a constant or saturated model; a module that answers logits "
    "saturates last), or their columns move in whole steps longer than the radius."
)
SMALL = (
    "nothing nearer was found that fools the model; give it more steps or searches, unless the "
    "model is constant."
)


@dataclass(frozen=True, eq=False)
class Attack:
    """One row of the table of attacks.

    Parameters
    ----------
    name : str
    needs : {"gradients", "answers"}
        What it cannot do without. One that needs answers asks the model alone.
    norm : {"linf", "l2"}
        In which it measures, unless its option ``norm`` says otherwise.
    takes_radius : bool
        Whether it looks inside a ball; else it looks for the nearest row that fools.
    summary, source : str
    options : mapping from str to (default, rule)
        Its parameters.
    run : callable
        From a `Job` to what was `Found`; None where the hunt remembers it.
    uses_gradients : bool
        Whether gradients serve it where there are any.
    unchanged : str
        Why it may give a row back as it was.
    """

    name: str
    needs: Literal["gradients", "answers"]
    norm: Norm
    takes_radius: bool
    summary: str
    source: str
    options: Mapping[str, Option] = field(repr=False)
    run: Callable[[Job], Found | None] = field(repr=False)
    uses_gradients: bool = True
    unchanged: str = FLAT


_NORM: Option = ("linf", Choice(("linf", "l2")))
_STEP: Option = (None, NoneOr(Real(0, closed="neither")))
_SOLVER: Option = ("adam", Choice(("adam", "library")))
_WALK: Mapping[str, Option] = {
    "steps": (10, Whole(1)),
    "first": (25, Whole(2)),
    "most": (1000, Whole(2)),
    "tries": (25, Whole(1)),
}


def _table(*attacks: Attack) -> Mapping[str, Attack]:
    return MappingProxyType({attack.name: attack for attack in attacks})


ATTACKS: Mapping[str, Attack] = _table(
    Attack(
        name="fgsm",
        needs="gradients",
        norm="linf",
        takes_radius=True,
        summary="one step of the radius along the sign of the loss's gradient",
        source="Goodfellow, Shlens, Szegedy 2015",
        options={"norm": _NORM},
        run=fgsm,
    ),
    Attack(
        name="bim",
        needs="gradients",
        norm="linf",
        takes_radius=True,
        summary="many small steps up the loss, clipped to ball and box after each",
        source="Kurakin, Goodfellow, Bengio 2017",
        options={"norm": _NORM, "steps": (20, Whole(1)), "step": _STEP},
        run=bim,
    ),
    Attack(
        name="least_likely",
        needs="gradients",
        norm="linf",
        takes_radius=True,
        summary="many small steps towards the class of least probability",
        source="Kurakin, Goodfellow, Bengio 2017",
        options={"norm": _NORM, "steps": (20, Whole(1)), "step": _STEP},
        run=least_likely,
    ),
    Attack(
        name="pgd",
        needs="gradients",
        norm="linf",
        takes_radius=True,
        summary="many small steps up the loss from seeded random starts in the ball",
        source="Madry, Makelov, Schmidt, Tsipras, Vladu 2018",
        options={
            "norm": _NORM,
            "steps": (40, Whole(1)),
            "step": _STEP,
            "restarts": (1, Whole(1)),
        },
        run=pgd,
    ),
    Attack(
        name="cw_l2",
        needs="gradients",
        norm="l2",
        takes_radius=False,
        summary="the nearest row in L2, by a penalty on the true class's lead",
        source="Carlini, Wagner 2017",
        options={
            "solver": _SOLVER,
            "confidence": (0.0, Real(0)),
            "searches": (6, Whole(1)),
            "steps": (100, Whole(1)),
            "rate": (0.1, Real(0, closed="neither")),
            "constant": (1.0, Real(0, closed="neither")),
        },
        run=cw_l2,
        unchanged=SMALL,
    ),
    Attack(
        name="cw_linf",
        needs="gradients",
        norm="linf",
        takes_radius=False,
        summary="the nearest row in Linf, by a penalty on steps above a falling threshold",
        source="Carlini, Wagner 2017",
        options={
            "solver": _SOLVER,
            "confidence": (0.0, Real(0)),
            "searches": (30, Whole(1)),
            "steps": (30, Whole(1)),
            "rate": (0.02, Real(0, closed="neither")),
            "constant": (0.1, Real(0, closed="neither")),
        },
        run=cw_linf,
        unchanged=SMALL,
    ),
    Attack(
        name="deepfool",
        needs="gradients",
        norm="l2",
        takes_radius=False,
        summary="steps to the nearest boundary of the linearised model until one is crossed",
        source="Moosavi-Dezfooli, Fawzi, Frossard 2016",
        options={
            "steps": (50, Whole(1)),
            "overshoot": (0.02, Real(0)),
            "classes": (10, Whole(2)),
        },
        run=deepfool,
        unchanged=SMALL,
    ),
    Attack(
        name="square",
        needs="answers",
        norm="linf",
        takes_radius=True,
        summary="random search by blocks of plus and minus the radius, on the model's scores",
        source="Andriushchenko, Croce, Flammarion, Hein 2020",
        options={
            "steps": (300, Whole(1)),
            "share": (0.5, Real(0, 1, "right")),
            "shape": (None, NoneOr(Instance((tuple, list), "(height, width[, channels])"))),
        },
        run=square,
        uses_gradients=False,
    ),
    Attack(
        name="hopskipjump",
        needs="answers",
        norm="l2",
        takes_radius=False,
        summary="along the decision boundary towards the row, by decisions alone",
        source="Chen, Jordan, Wainwright 2020",
        options={"norm": ("l2", Choice(("l2", "linf"))), **_WALK},
        run=hopskipjump,
        uses_gradients=False,
    ),
    Attack(
        name="flip_point",
        needs="answers",
        norm="l2",
        takes_radius=False,
        summary="the nearest row where two classes tie: the distance to the decision boundary",
        source="Yousefzadeh, O'Leary 2020",
        options={"classes": (9, Whole(1)), "halvings": (30, Whole(1)), **_WALK},
        run=flip_point,
        unchanged=SMALL,
    ),
)
"""Every attack by its name."""


def attack_named(name: str) -> Attack:
    """The attack of a name, or an error with the nearest one.

    Raises
    ------
    OptionError
    """
    unknown_attack = name if isinstance(name, str) else repr(name)
    if unknown_attack not in ATTACKS:
        near = difflib.get_close_matches(unknown_attack, ATTACKS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise OptionError(f"There is no attack {name!r}{hint} There are: {', '.join(ATTACKS)}.")
    return ATTACKS[name]


def settled_options(attack: Attack, options: Mapping[str, Any] | None) -> dict[str, Any]:
    """All parameters of an attack, those given in place of the defaults.

    Raises
    ------
    OptionError
        If one is unknown or out of its range.
    """
    given = dict(options or {})
    unknown(f"The attack {attack.name}", given, list(attack.options))
    rules = {name: rule for name, (_, rule) in attack.options.items()}
    check(f"the attack {attack.name}", rules, given)
    return {name: default for name, (default, _) in attack.options.items()} | given
