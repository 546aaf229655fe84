"""Runs one attack on some rows: checks, asks, and says what was found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate._validate import Instance, NoneOr, Real, Rule, Whole, check
from surrogate.errors import AbilityError, BudgetSpent, DataError, OptionError
from surrogate.oracle import Oracle
from surrogate.robust.attacks.hunt import Hunt
from surrogate.robust.attacks.job import Job
from surrogate.robust.attacks.limits import Limits
from surrogate.robust.attacks.notes import ending, facts, remarks
from surrogate.robust.attacks.projection import Norm, Space
from surrogate.robust.attacks.result import Adversarial
from surrogate.robust.attacks.surface import CHECKED, Surface, find_surface
from surrogate.robust.attacks.table import ATTACKS, Attack, attack_named, settled_options
from surrogate.types import FloatArray, HasGradients, IntArray

__all__ = ["run_attack"]

_RULES: Mapping[str, Rule] = {
    "limits": NoneOr(Instance((Limits,), "Limits")),
    "seed": Whole(0),
    "options": NoneOr(Instance((Mapping,), "a mapping from names to values")),
    "radius": NoneOr(Real()),
}
OUTSIDE = 1e-6  # of a unit: a row this far out of its box is rounding


def run_attack(
    name: str,
    oracle: Oracle,
    rows: Any,
    y: Any,
    *,
    radius: float | None = None,
    gradients: Any = None,
    limits: Limits | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Adversarial:
    """Look for rows near some clean ones that change a model's decision.

    Parameters
    ----------
    name : str
        One of `ATTACKS`.
    oracle : Oracle
        Around the attacked model. All that is asked goes through it, and so keeps its budget
        and its ledger.
    rows : float array of shape (n, d)
        Clean rows, internal (`Domain.encode`), inside the box.
    y : int array of shape (n,)
        True classes, as codes into the oracle's classes. A row that the model has wrong
        counts as fooled.
    radius : float, optional
        Of the ball, in units of `Limits.unit`: for attacks that take one.
    gradients : torch.nn.Module, optional
        The same net, from internal rows to logits, for attacks that need gradients; a torch
        model's own by default. Its answers are held against the box's.
    limits : Limits, optional
        What a perturbed row may be; by default what the domain says (`Limits.of`).
    seed : int
    options : mapping, optional
        Parameters of the attack.

    Returns
    -------
    Adversarial
        Where the budget ended on the way, what was found until then, and a note.

    Raises
    ------
    OptionError
        If a parameter is wrong, or the gradients are another model's.
    DataError
        If rows or classes do not fit, or lie outside the box.
    AbilityError
        If the attack needs gradients that the model does not have, or it has no classes.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from surrogate.adapters import TorchBox
    >>> from surrogate.domain import Domain
    >>> from surrogate.oracle import Oracle
    >>> from surrogate.robust.attacks import run_attack
    >>> net = torch.nn.Linear(2, 2)
    >>> net.load_state_dict({"weight": torch.eye(2), "bias": torch.zeros(2)})
    <All keys matched successfully>
    >>> X = np.array([[0.6, 0.4], [0.9, 0.1]])
    >>> oracle = Oracle(TorchBox(net, output="scores"), Domain.infer(X))
    >>> found = run_attack("fgsm", oracle, X, [0, 0], radius=0.2)
    >>> found.fooled.tolist(), found.rows.round(3).tolist()
    ([True, False], [[0.4, 0.6], [0.7, 0.3]])
    """
    said = {"limits": limits, "seed": seed, "options": options, "radius": radius}
    check("run_attack", _RULES, said)
    attack = attack_named(name)
    settled = settled_options(attack, options)
    _check_radius(attack, radius)
    _check_gradients(attack, oracle, gradients)
    given = _rows(oracle, rows)
    limits = limits or Limits.of(oracle.domain)
    _check_inside(oracle, limits, given)
    space = Space(oracle.domain, limits, np.array(oracle.snap(given)), oracle.dtype)
    _refuse_regression(oracle, space.clean)
    codes = _codes(oracle, y, space.clean)
    norm: Norm = settled.get("norm", attack.norm)
    hunt = Hunt(oracle, space, codes, norm=norm, radius=radius)
    ended: list[str] = []
    try:
        surface = _surface(attack, hunt, gradients)
        job = Job(space, codes, norm, radius, settled, seed, hunt, surface)
        notes = _search(attack, job)
    except BudgetSpent as error:
        notes = ()
        ended.append(error.why)
    notes = (*ending(hunt, ended), *notes, *remarks(attack, hunt))
    return Adversarial(
        attack=name,
        norm=norm,
        radius=radius,
        rows=hunt.best,
        fooled=hunt.fooled,
        distance=space.distance(hunt.best, norm),
        queries=hunt.asked,
        clipped=limits.bounded,
        notes=notes,
        settings=MappingProxyType({"seed": seed, "options": settled, **facts(limits)}),
    )


def _search(attack: Attack, job: Job) -> tuple[str, ...]:
    """Let an attack look; of one on gradients, ask what it found."""
    found = attack.run(job)
    notes = () if job.surface is None else job.surface.notes
    if found is not None:
        job.hunt.take(job.space.possible(found.rows, norm=job.norm, radius=job.radius))
        if job.radius is None:
            job.hunt.insist()
        notes = (*notes, *found.notes)
    return notes


def _check_gradients(attack: Attack, oracle: Oracle, gradients: Any) -> None:
    """Raise where gradients are needed and not to be had, or given and not used."""
    if gradients is not None and not attack.uses_gradients:
        raise OptionError(f"The attack {attack.name} asks the model alone: no `gradients`.")
    if gradients is None and attack.needs == "gradients":
        box = oracle.box
        if not isinstance(box, HasGradients) or box.differentiable() is None:
            raise _no_gradients(oracle)


def _surface(attack: Attack, hunt: Hunt, gradients: Any) -> Surface | None:
    """The model's logits with gradients, if the attack uses them and there are any."""
    box = hunt.oracle.box
    own = isinstance(box, HasGradients) and box.differentiable() is not None
    if not attack.uses_gradients or (gradients is None and not own):
        return None
    rows = hunt.space.clean[:CHECKED]
    return find_surface(hunt.oracle, gradients, answers=hunt.ask_first(len(rows)), rows=rows)


def _no_gradients(oracle: Oracle) -> AbilityError:
    """The error of an attack that needs gradients, on a box that shows none."""
    others = [attack.name for attack in ATTACKS.values() if attack.needs == "answers"]
    traits = oracle.box.traits
    return AbilityError(
        f"This attack needs gradients, and {traits.name}, wrapped by the {traits.adapter} adapter, "
        "shows none. Give gradients=<the same net as a torch module, from internal rows to "
        f"logits>; or take an attack that only asks: {', '.join(others)}."
    )


def _check_radius(attack: Attack, radius: float | None) -> None:
    """Raise unless a radius is given where it is taken, and above 0."""
    if not attack.takes_radius:
        if radius is not None:
            raise OptionError(
                f"The attack {attack.name} looks for the nearest row that fools and takes no "
                "`radius`; run it once, and read Adversarial.fooled_within(radius) at any."
            )
        return
    if radius is None or radius <= 0:
        got = "none was given" if radius is None else f"got {radius!r}, a ball of one row"
        raise OptionError(
            f"The attack {attack.name} needs a `radius` above 0, in units of Limits.unit (of "
            f"pixels in [0, 1], such as 0.1; of a table, in shares of the scale given): {got}."
        )


def _rows(oracle: Oracle, rows: Any) -> FloatArray:
    """Internal rows as floats of shape (n, d)."""
    given = np.asarray(to_numpy(rows), dtype=np.float64)
    d = len(oracle.domain)
    if given.ndim != 2 or given.shape[1] != d or not len(given):
        raise DataError(
            f"Rows to attack must have shape (n, {d}), n at least 1, as Domain.encode makes them; "
            f"got {given.shape}."
        )
    return given


def _check_inside(oracle: Oracle, limits: Limits, rows: FloatArray) -> None:
    """Raise unless every row lies in the box, since no step could be said to stay in it."""
    if limits.unit.shape != (rows.shape[1],):
        raise DataError(f"`limits` are of {len(limits.unit)} columns, rows of {rows.shape[1]}.")
    slack = OUTSIDE * limits.unit
    out = (rows < limits.low - slack) | (rows > limits.high + slack)
    if out.any():
        i, j = np.argwhere(out)[0]
        raise DataError(
            f"Row {i:,} lies outside the box: column {oracle.domain.names[j]!r} holds "
            f"{rows[i, j]:.6g}, and its bounds are {limits.low[j]:g} and {limits.high[j]:g} "
            f"({int(out.any(axis=1).sum()):,} of {len(rows):,} rows are so). Scale the rows as the "
            "model wants them, or widen the bounds (bounds= of Domain.infer)."
        )


def _refuse_regression(oracle: Oracle, clean: FloatArray) -> None:
    """Raise unless the model decides between classes."""
    task = oracle.box.traits.task
    if task is None:
        oracle.settle(clean)
        task = oracle.task
    if task == "regression":
        raise AbilityError(
            f"{oracle.box.traits.name} answers the numbers of a regression, and an attack needs a "
            "decision to change; give a function that cuts its answers into classes."
        )


def _codes(oracle: Oracle, y: Any, clean: FloatArray) -> IntArray:
    """True classes (n,) as codes."""
    codes, n = np.asarray(to_numpy(y)), len(clean)
    if codes.shape != (n,):
        raise DataError(f"`y` must hold the true class of each of {n:,} rows; got {codes.shape}.")
    if oracle.box.traits.classes is None:
        oracle.settle(clean)
    classes = oracle.classes or ()
    if codes.dtype.kind not in "iu" or (codes < 0).any() or (codes >= len(classes)).any():
        raise DataError(
            f"`y` must hold codes, whole numbers from 0 to {len(classes) - 1}, places in the "
            f"oracle's classes {list(classes)[:10]}; got {codes[:3].tolist()} ({codes.dtype})."
        )
    return codes.astype(np.intp)
