"""The models of a comparison by name, each with what it may cost, and what of it is refused."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surrogate._target import Kept
from surrogate._validate import NoneOr, Real, check
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError
from surrogate.oracle import Budget, Ledger
from surrogate.types import BlackBox, Remote

__all__ = ["Entrant", "arms_of", "by_name", "check_inputs", "check_trained", "enter"]


@dataclass(frozen=True, eq=False)
class Entrant:
    """One model of a comparison.

    Parameters
    ----------
    name : str
        "natural", or "natural/0" where an arm has several training seeds.
    arm : str
    seed : int
        Which training seed of its arm it is.
    box : BlackBox
    budget : Budget, int or None
    ledger : Ledger, path or None
    offline : bool
    gradients : torch module or None
        From internal rows to logits, where the user gave one.
    """

    name: str
    arm: str
    seed: int
    box: BlackBox
    budget: Budget | int | None = None
    ledger: Kept = None
    offline: bool = False
    gradients: Any = None

    @property
    def remote(self) -> bool:
        """Whether it is asked over a wire."""
        return isinstance(self.box, Remote)


def arms_of(entrants: Sequence[Entrant]) -> dict[str, list[Entrant]]:
    """Entrants by arm, in their order."""
    arms: dict[str, list[Entrant]] = {}
    for one in entrants:
        arms.setdefault(one.arm, []).append(one)
    return arms


def enter(
    models: Any,
    *,
    budget: Any = None,
    ledger: Any = None,
    offline: bool = False,
    gradients: Any = None,
) -> tuple[Entrant, ...]:
    """Wrap every model, and give each what is its own.

    Raises
    ------
    OptionError
        If there are fewer than two, a name is none or is there twice, or what was said of one
        names a model that is not there.
    """
    named = _named(models)
    names = [name for name, _, _, _ in named]
    own = {
        "budget": by_name("budget", budget, named, shared=(int, Budget)),
        "gradients": by_name("gradients", gradients, named),
    }
    boxes = [model if isinstance(model, BlackBox) else wrap(model) for *_, model in named]
    remote = {name for name, box in zip(names, boxes) if isinstance(box, Remote)}
    ledgers = _ledgers(ledger, named, remote, offline=offline)
    return tuple(
        Entrant(
            name=name,
            arm=arm,
            seed=seed,
            box=box,
            budget=own["budget"][name],
            ledger=ledgers.get(name),
            offline=offline and name in remote,
            gradients=own["gradients"][name],
        )
        for (name, arm, seed, _), box in zip(named, boxes)
    )


_Named = list[tuple[str, str, int, Any]]


def _named(models: Any) -> _Named:
    """Name, arm, training seed and model of each."""
    if not isinstance(models, Mapping) or len(models) < 2:
        got = f"{len(models)}" if isinstance(models, Mapping) else type(models).__name__
        raise OptionError(
            "The `models` parameter of compare must be a mapping from at least two names to "
            f"models, or to lists of one arm's training seeds; got {got}."
        )
    named: _Named = []
    for arm, given in models.items():
        if not isinstance(arm, str) or not arm.strip():
            raise OptionError(
                f"The names of `models` must be strings that are not empty; got {arm!r}."
            )
        several = isinstance(given, list | tuple)
        seeds = list(given) if several else [given]
        if not seeds:
            raise OptionError(f"The arm {arm!r} of `models` holds no model.")
        _refuse_twice(arm, seeds)
        named += [
            (f"{arm}/{i}" if several else arm, arm, i, model) for i, model in enumerate(seeds)
        ]
    names = [name for name, *_ in named]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise OptionError(
            f"Two of the `models` are called {twice!r}: NAME/0, NAME/1, ... are the training seeds "
            "of a list called NAME. Rename one."
        )
    return named


def _refuse_twice(arm: str, seeds: Sequence[Any]) -> None:
    """Raise where one net stands for two training seeds, which would not vary as seeds do."""
    places: dict[object, int] = {}
    for i, model in enumerate(seeds):
        key = str(model) if isinstance(model, str | os.PathLike) else id(model)
        if places.setdefault(key, i) != i:
            raise OptionError(
                f"The arm {arm!r} of `models` holds the same model twice, as {arm}/{places[key]} "
                f"and {arm}/{i}: training seeds are nets trained apart. Give each once."
            )


def check_trained(trained: Any, entrants: Sequence[Entrant]) -> dict[str, dict[str, float]]:
    """What each model's facts say of the radius that it was trained against.

    Raises
    ------
    OptionError
        If a name is none of a model, or a radius is not a number above 0.
    """
    named: _Named = [(one.name, one.arm, one.seed, None) for one in entrants]
    radii = by_name("trained", trained, named)
    rule = NoneOr(Real(0, closed="neither"))
    for name, radius in radii.items():
        check("compare", {f"trained[{name!r}]": rule}, {f"trained[{name!r}]": radius})
    return {
        name: {} if radius is None else {"trained_eps": float(radius)}
        for name, radius in radii.items()
    }


def by_name(
    what: str, given: Any, named: _Named, *, shared: tuple[type, ...] = ()
) -> dict[str, Any]:
    """What each model has of its own: by its name, by its arm's, or the same for all.

    Raises
    ------
    OptionError
        If a name is none of a model.
    """
    if given is None or isinstance(given, shared):
        return {name: given for name, *_ in named}
    if not isinstance(given, Mapping):
        kinds = " or ".join(kind.__name__ for kind in shared)
        raise OptionError(
            f"The `{what}` parameter of compare must be {kinds + ' or ' if kinds else ''}a mapping "
            f"from names of models; got {type(given).__name__}."
        )
    known = {word for name, arm, *_ in named for word in (name, arm)}
    strange = [name for name in given if name not in known]
    if strange:
        raise OptionError(
            f"`{what}` names the model {strange[0]!r}; there are: "
            f"{', '.join(repr(name) for name, *_ in named)}."
        )
    return {name: given.get(name, given.get(arm)) for name, arm, *_ in named}


def _ledgers(ledger: Any, named: _Named, remote: set[str], *, offline: bool) -> dict[str, Any]:
    """A ledger for each remote model: of a mapping, or a file each in a folder."""
    if ledger is None and not offline:
        return {}
    if not remote:
        raise OptionError(
            "`ledger` and `offline` are for remote models; all of these answer in this process, "
            "where asking again costs less than remembering."
        )
    if isinstance(ledger, str | os.PathLike):
        folder = Path(ledger)
        if folder.is_file():
            raise OptionError(
                f"`ledger` is one file, {folder}, and every remote model needs its own: name a "
                "folder, or give a mapping from names to files."
            )
        folder.mkdir(parents=True, exist_ok=True)
        return {name: folder / f"{_file_name(name)}.ledger" for name in remote}
    if isinstance(ledger, Ledger):
        raise OptionError(
            "`ledger` is one ledger, and every remote model needs its own: name a folder, or give "
            "a mapping from names to ledgers."
        )
    kept = by_name("ledger", ledger, named)
    idle = [name for name, one in kept.items() if one is not None and name not in remote]
    if idle:
        raise OptionError(
            f"`ledger` names {idle[0]!r}, which answers in this process, where asking again costs "
            "less than remembering."
        )
    return {name: one for name, one in kept.items() if one is not None}


def _file_name(name: str) -> str:
    """A name as part of a file's; a few letters of its hash tell apart what looks alike."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:40]
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def check_inputs(entrants: Sequence[Entrant], domain: Domain) -> None:
    """Raise where it is known before asking that models want other columns than there are.

    Raises
    ------
    DataError
    """
    wanted: dict[str, int] = {}
    for one in entrants:
        traits = one.box.traits
        prepared = getattr(one.box, "_preprocess", None) is not None
        lacks = [name for name in traits.columns or () if name not in domain.names]
        if lacks and not prepared:
            raise DataError(
                f"The model {one.name!r} takes the column {lacks[0]!r}, which the data do not "
                f"have; they have: {', '.join(domain.names[:10])}. Models of a comparison share "
                "their rows; where one takes others, give wrap(model, preprocess=...)."
            )
        if traits.n_features is not None and not prepared:
            wanted[one.name] = traits.n_features
    for name, width in wanted.items():
        if width != len(domain):
            said = ", ".join(f"{other!r} takes {n}" for other, n in wanted.items())
            raise DataError(
                f"The data have {len(domain)} columns, and {said}. Models of a comparison share "
                f"their rows: for {name!r}, give wrap(model, columns=...) or "
                "wrap(model, preprocess=...)."
            )
