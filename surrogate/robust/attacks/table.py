"""The plain table of attacks: name -> what each needs, measures and takes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from surrogate._validate import Choice, NoneOr, Real, Rule, Whole, check, unknown
from surrogate.errors import OptionError
from surrogate.robust.attacks.gradient import bim, fgsm, least_likely, pgd
from surrogate.robust.attacks.job import Found, Job
from surrogate.robust.attacks.projection import Norm

__all__ = ["ATTACKS", "Attack", "attack_named", "settled_options"]

Option = tuple[Any, Rule]
"""The default of a parameter, and what it must be."""

FLAT = (
    "their loss has no slope there (a constant or saturated model; a module that answers logits "
    "saturates last), or their columns move in whole steps longer than the radius."
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
