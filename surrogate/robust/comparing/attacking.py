"""Adversarial rows: made on each model by the same attacks and seeds, or given ready."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surrogate._optional import is_there
from surrogate.errors import AbilityError, DataError, MissingDependency, ModelError, OptionError
from surrogate.explanation.compared import Region
from surrogate.robust.attacks import ATTACKS, run_attack
from surrogate.robust.attacks.costs import most_queries
from surrogate.robust.attacks.surface import CHECKED, find_surface
from surrogate.robust.comparing.agreeing import Common
from surrogate.robust.comparing.entrants import Entrant
from surrogate.robust.comparing.players import Player, Table
from surrogate.robust.comparing.ready import ReadyRows
from surrogate.sampling import child_seed
from surrogate.types import FloatArray, HasGradients, IntArray

if TYPE_CHECKING:
    from surrogate.robust.comparing.ground import Ground
    from surrogate.robust.comparing.plan import Plan

__all__ = [
    "AdversarialSet",
    "Assault",
    "attack_all",
    "attack_cost",
    "check_surfaces",
    "meet",
    "of_task",
    "plan_assaults",
]

WHITE, BLACK = ("fgsm", "pgd"), ("square",)
"""Attacks where none are named: by gradients, where models have them, and by answers."""
WHITE_ROWS, BLACK_ROWS = 500, 50
"""Rows that an attack starts from, where it sees gradients and where it asks for every step."""
WITHOUT_LABELS = (
    "No attack was made, since none works without the true classes (`y`); noise and the held-out "
    "rows were measured all the same."
)
WITHOUT_DECISIONS = (
    "No attack was made, since these models answer numbers, and an attack needs a decision to "
    "change; noise and the held-out rows were measured all the same."
)
BY_LIBRARY = ("fgsm", "bim", "least_likely", "pgd", "deepfool")
"""Attacks that the adversarial-robustness-toolbox makes, by their usual options."""


@dataclass(frozen=True)
class Assault:
    """One attack on one model at one radius.

    Parameters
    ----------
    attack : str
    attacker : str
        The model that rows are made on.
    radius : float or None
    rows : int
        Rows that it starts from.
    seed : int
        Which training seed of its arm the attacker is: its rows are asked of the same ones.
    """

    attack: str
    attacker: str
    radius: float | None
    rows: int
    seed: int = 0

    @property
    def region(self) -> Region:
        """The rows that it makes."""
        return Region("adversarial", self.radius, self.attack, self.attacker)


@dataclass(frozen=True, eq=False)
class AdversarialSet:
    """Adversarial rows made on one model, and which held-out row each came from.

    Models of the training seed `seed` are asked them; all, where it is None.
    """

    region: Region
    rows: FloatArray
    source: IntArray
    seed: int | None


def plan_assaults(
    plan: Plan, entrants: Sequence[Entrant], ground: Ground, *, labelled: bool
) -> tuple[list[Assault], tuple[str, ...]]:
    """Which attack is made on which model, and what a reader must know of it; nothing is asked.

    Raises
    ------
    AbilityError
        If an attack that was named needs gradients that a model does not show.
    DataError
        If an attack was named, and there are no true classes.
    OptionError
        If an attack was named, and no column may move.
    """
    named = plan.attacks
    if named == () or (named is None and (plan.ready or ground.limits is None)):
        return [], ()
    if named is None and not labelled:
        return [], (WITHOUT_LABELS,)
    if not labelled:
        assert named is not None
        raise DataError(
            f"The attack {named[0]!r} needs the true classes of the rows: give `y`, or leave "
            "`attacks` out."
        )
    if ground.limits is None:
        raise OptionError(
            "No column may move, so that there is nothing to attack: categories and truth values "
            "never move, nor `immutable` columns or those that do not vary."
        )
    chosen, notes = _chosen(plan, entrants)
    _check_library(name for name, _ in chosen)
    assaults = []
    for name, entrant in chosen:
        attack = ATTACKS[name]
        usual = WHITE_ROWS if attack.needs == "gradients" else BLACK_ROWS
        n = min(plan.attacked or usual, len(ground.order))
        radii: Iterable[float | None] = plan.radii if attack.takes_radius else (None,)
        assaults += [Assault(name, entrant.name, radius, n, entrant.seed) for radius in radii]
    return assaults, notes


def _check_library(attacks: Iterable[str]) -> None:
    """Raise where an attack is made by a library that is not there, before anything is paid."""
    needed = [name for name in attacks if name in BY_LIBRARY]
    if needed and not is_there("art"):
        raise MissingDependency(
            f"The attack {needed[0]!r} needs the adversarial-robustness-toolbox, which is not "
            "installed; run: pip install 'surrogate-toolkit[adversarial]', name attacks that only "
            "ask, or give attacks=() for none."
        )


def of_task(
    assaults: list[Assault], notes: tuple[str, ...], plan: Plan, common: Common
) -> tuple[list[Assault], tuple[str, ...]]:
    """The attacks on models of a task, and what is said of them: none where they answer numbers.

    Raises
    ------
    AbilityError
        If one was named.
    """
    if common.task == "classification":
        return assaults, notes
    if plan.attacks:
        raise AbilityError(
            f"The attack {plan.attacks[0]!r} needs a decision to change, and these models answer "
            "numbers; leave `attacks` out, or give functions that cut their answers into classes."
        )
    return [], (WITHOUT_DECISIONS,) if assaults or notes else ()


def _chosen(
    plan: Plan, entrants: Sequence[Entrant]
) -> tuple[list[tuple[str, Entrant]], tuple[str, ...]]:
    """Attacks and the models that they are made on, attack by attack."""
    open_ = [one for one in entrants if shows_gradients(one)]
    shut = [one for one in entrants if not shows_gradients(one)]
    if plan.attacks is not None:
        white = [name for name in plan.attacks if ATTACKS[name].needs == "gradients"]
        if white and shut:
            raise no_gradients(white[0], shut[0])
        return [(name, one) for name in plan.attacks for one in entrants], ()
    notes: list[str] = []
    chosen = [(name, one) for name in WHITE for one in open_]
    free = [one for one in entrants if not one.remote]
    if shut:
        chosen += [(name, one) for name in BLACK for one in free]
        notes.append(
            f"{_listed(shut)}: no gradients are shown (give `gradients` for that), so that "
            f"{' and '.join(BLACK)} alone, which asks, was made on {_listed(free) or 'no model'}, "
            f"from {BLACK_ROWS} rows unless `attacked` says otherwise; an attack that sees "
            "gradients may find more."
        )
    costly = [one for one in shut if one.remote]
    if costly:
        notes.append(
            f"No attack was made on {_listed(costly)}, where every query may cost; name one in "
            "`attacks` for that."
        )
    return chosen, tuple(notes)


def _listed(entrants: Sequence[Entrant]) -> str:
    return ", ".join(one.name for one in entrants)


def shows_gradients(entrant: Entrant) -> bool:
    """Whether an attack can look into a model."""
    if entrant.gradients is not None:
        return True
    box = entrant.box
    return isinstance(box, HasGradients) and box.differentiable() is not None


def no_gradients(attack: str, entrant: Entrant) -> AbilityError:
    """The error of an attack on a model that shows no gradients: which attacks work there."""
    able = ", ".join(name for name, one in ATTACKS.items() if one.needs == "answers")
    traits = entrant.box.traits
    return AbilityError(
        f"The attack {attack!r} needs gradients, and {entrant.name!r}, wrapped by the "
        f"{traits.adapter} adapter, shows none. Give gradients={{{entrant.name!r}: <torch "
        f"module>}}, or name attacks that only ask: {able}."
    )


def attack_cost(
    assaults: Sequence[Assault], entrant: Entrant, plan: Plan, *, n_columns: int
) -> dict[str, int]:
    """Most rows that attacks take of one model: made on it, and met by it."""
    made = [one for one in assaults if one.attacker == entrant.name]
    met = [one.rows for one in assaults if one.seed == entrant.seed]
    met += [len(one) for one in plan.ready]
    queries = sum(
        most_queries(
            one.attack,
            one.rows,
            n_columns,
            gradients=shows_gradients(entrant),
            options=plan.options.get(one.attack),
        )
        for one in made
    )
    if entrant.gradients is not None and any(ATTACKS[one.attack].uses_gradients for one in made):
        queries += CHECKED
    return {"attack": queries, "adversarial": sum(met)}


def attack_all(
    table: Table, ground: Ground, plan: Plan, assaults: Sequence[Assault]
) -> list[AdversarialSet]:
    """Make every set of adversarial rows, and put those beside them that were given ready."""
    sets = [made for one in plan.ready if (made := _ready(one, ground, table)) is not None]
    players = {player.name: player for player in table.players}
    for assault in assaults:
        player = players[assault.attacker]
        if player.ended or table.stopped:
            continue
        made = _make(table, ground, plan, assault, player)
        sets += [] if made is None else [made]
    return sets


def _make(
    table: Table, ground: Ground, plan: Plan, assault: Assault, player: Player
) -> AdversarialSet | None:
    """Attack one model; rows that a constraint forbids stay as they were."""
    rows, source = ground.held(assault.rows)
    assert ground.codes is not None
    own = player.oracle.own_codes(ground.codes[source])
    attack = ATTACKS[assault.attack]
    found = None
    with table.lasting(player, f"{assault.attack} on it"):
        found = run_attack(
            assault.attack,
            player.oracle.seen(ground.domain),
            rows,
            own,
            radius=assault.radius,
            gradients=player.entrant.gradients if attack.uses_gradients else None,
            limits=ground.limits,
            seed=child_seed(plan.seed, "attack", assault.attack),
            options=plan.options.get(assault.attack),
        )
    if found is None:
        return None
    moved = ground.snap(found.rows)
    allowed = ground.domain.feasible(moved)
    moved = np.where(allowed[:, None], moved, rows)
    notes = tuple(f"{assault.region}: {note}" for note in found.notes)
    if not allowed.all():
        notes += (
            f"{assault.region}: {int((~allowed).sum()):,} rows broke the domain's constraint, and "
            "stand as they were.",
        )
    table.notes += notes
    return AdversarialSet(assault.region, moved, source, assault.seed)


def _ready(given: ReadyRows, ground: Ground, table: Table) -> AdversarialSet | None:
    """Rows that were made before, of those sources that surrogates are not fitted on."""
    region = Region("adversarial", given.radius, given.attack, given.attacker)
    place = ground.place_of(given.source)
    kept = place >= 0
    if not kept.all():
        table.notes.append(
            f"{region}: {int((~kept).sum()):,} of {len(kept):,} rows come from rows that "
            "surrogates are fitted on, and were left out."
        )
    if kept.sum() < 2:
        return None
    seeds = {player.name: player.entrant.seed for player in table.players}
    rows = ground.snap(given.rows[kept])
    return AdversarialSet(region, rows, place[kept], seeds.get(given.attacker))


def check_surfaces(table: Table, ground: Ground, assaults: Sequence[Assault]) -> None:
    """Hold the modules that were given for gradients against their models.

    One of another net would end the whole comparison at its first attack; so it is refused while
    held-out rows alone were asked.

    Raises
    ------
    OptionError
        If a module answers otherwise than its model.
    """
    used = {one.attacker for one in assaults if ATTACKS[one.attack].uses_gradients}
    for player in table.asking():
        given = player.entrant.gradients
        if given is None or player.name not in used:
            continue
        with table.lasting(player, "the check of its gradients"):
            oracle = player.oracle.seen(ground.domain)
            rows = np.array(oracle.snap(ground.held(CHECKED)[0]))
            answers = oracle.ask(rows, purpose="attack")
            try:
                find_surface(oracle, given, answers=answers, rows=rows)
            except (OptionError, ModelError) as error:
                raise OptionError(f"{player.name}: {error}") from error


def meet(table: Table, sets: Sequence[AdversarialSet]) -> None:
    """Ask the models every set: its own, and those of models of the same training seed."""
    for one in sets:
        for player in table.asking():
            if one.seed in (None, player.entrant.seed):
                table.hear(player, one.region, one.rows, source=one.source, purpose="adversarial")
