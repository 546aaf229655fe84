"""What ``surrogate compare`` does: load every model, compare them, print and write."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any

from surrogate._progress import Progress
from surrogate.adapters import load
from surrogate.cli.endpoints import is_endpoint, without_endpoint
from surrogate.cli.loading import check_targets, load_model, open_table
from surrogate.cli.values import Pairs, options_by_method, parse_value
from surrogate.errors import OptionError
from surrogate.explanation import Comparison

__all__ = ["compare_models"]

_SEED = re.compile(r"(.+)/(\d+)\Z", re.DOTALL)


def compare_models(given: argparse.Namespace, said: dict[str, Any]) -> Comparison | Any:
    """The comparison that the arguments ask for, or what it would take.

    Parameters
    ----------
    given : Namespace
    said : dict
        Seed, budget, ledger, and what else was said of the work.

    Raises
    ------
    OptionError
        If names or options do not go together.
    """
    from surrogate._compare import DEFAULT_METHODS, compare

    check_targets(given)
    _check_models(given)
    table = open_table(given)
    test = None if given.test is None else table.like(given.test)
    methods = given.method or DEFAULT_METHODS
    attacks = None if given.attack is None else [n for n in given.attack if n != "none"]
    with Progress(quiet=given.quiet) as progress:
        return compare(
            _arms(given),
            table.columns,
            domain=table.domain,
            y=(test or table).target,
            test=None if test is None else test.columns,
            methods=methods,
            attacks=attacks,
            radii=given.radius,
            gradients={name: load(path, unpickle=given.unpickle) for name, path in given.gradients},
            immutable=given.immutable,
            trained=_trained(given.trained),
            adversarial=given.adversarial,
            options=_options(methods, attacks, given.option),
            on_progress=progress,
            **said,
        )


def _trained(pairs: Pairs) -> dict[str, float]:
    """Radii of training by name."""
    try:
        return {name: float(radius) for name, radius in pairs}
    except ValueError:
        raise OptionError("--trained takes a radius, such as robust=.25.") from None


def _check_models(given: argparse.Namespace) -> None:
    """Raise unless there are two models with names of their own."""
    names = [name for name, _ in given.models]
    if len(names) < 2:
        raise OptionError("compare needs at least two models: NAME=MODEL NAME=MODEL DATA.")
    for name in names:
        if names.count(name) > 1:
            raise OptionError(
                f"Two models are called {name!r}; give each a name of its own, or call training "
                f"seeds of one recipe {name}/0, {name}/1, ..."
            )
        if "://" in name:
            raise OptionError(f"{name!r} is no name of a model; write it as NAME={name}=...")


def _arms(given: argparse.Namespace) -> dict[str, Any]:
    """Models by name; NAME/0, NAME/1, ... as a list under NAME."""
    arms: dict[str, Any] = {}
    for name, text in given.models:
        model = load_model(_alone(given, text))
        seeded = _SEED.match(name)
        if seeded is None:
            arms[name] = model
            continue
        nets = arms.setdefault(seeded[1], [])
        if not isinstance(nets, list) or int(seeded[2]) != len(nets):
            raise OptionError(
                f"{name!r} is not the next training seed of {seeded[1]!r}: count them from 0, in "
                "order, and give no other model that name."
            )
        nets.append(model)
    return arms


def _alone(given: argparse.Namespace, text: str) -> argparse.Namespace:
    """The arguments as those of one model; what is for URLs goes to URLs alone."""
    some = any(is_endpoint(other) for _, other in given.models)
    one = without_endpoint(given) if some and not is_endpoint(text) else given
    return argparse.Namespace(**{**vars(one), "model": text})


def _options(
    methods: Sequence[str], attacks: Sequence[str] | None, pairs: Pairs
) -> dict[str, dict[str, Any]]:
    """Options of methods, and of attacks where their name stands before: ``pgd.steps=20``."""
    from surrogate.robust.attacks import ATTACKS

    options: dict[str, dict[str, Any]] = {}
    rest = []
    for name, value in pairs:
        attack, dot, key = name.partition(".")
        if not dot or attack not in ATTACKS:
            rest.append((name, value))
            continue
        if attacks is not None and attack not in attacks:
            raise OptionError(f"No --attack {attack} is made, which {name!r} is an option of.")
        options.setdefault(attack, {})[key] = parse_value(value)
    return options | options_by_method(methods, rest)
