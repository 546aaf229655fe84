"""What an attack may cost at most, before it is begun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surrogate.robust.attacks.hopskipjump import HALVINGS, NEIGHBOURS, evaluations, search_steps
from surrogate.robust.attacks.hunt import PUSHES
from surrogate.robust.attacks.surface import CHECKED
from surrogate.robust.attacks.table import attack_named, settled_options

__all__ = ["most_queries"]


def most_queries(
    name: str,
    n: int,
    d: int,
    *,
    gradients: bool = False,
    options: Mapping[str, Any] | None = None,
) -> int:
    """Rows that an attack asks at most.

    Parameters
    ----------
    name : str
        One of `ATTACKS`.
    n, d : int
        Rows to attack, and columns.
    gradients : bool
        Whether there are gradients, for attacks that do with or without.
    options : mapping, optional
        Parameters of the attack.

    Returns
    -------
    int

    Raises
    ------
    OptionError
        If the name or an option is wrong.

    Examples
    --------
    >>> from surrogate.robust.attacks import most_queries
    >>> most_queries("pgd", 1000, 784), most_queries("square", 1000, 784)
    (1064, 302000)
    """
    attack = attack_named(name)
    settled = settled_options(attack, options)
    if attack.needs == "gradients" or (gradients and attack.uses_gradients):
        pushes = 0 if attack.takes_radius else len(PUSHES)
        return n * (1 + pushes) + min(n, CHECKED)
    if name == "square":
        return n * (2 + int(settled["steps"]))
    steps = int(settled["steps"])
    search = search_steps(d, settled.get("norm", attack.norm))
    probes = sum(evaluations(settled["first"], settled["most"], t) for t in range(steps))
    starts = 1 + NEIGHBOURS + int(settled["tries"])
    return n * (starts + probes + search + steps * (HALVINGS + search))
