"""Counterfactual flips: which held-out rows are changed, and how, before anything is asked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surrogate._array import to_numpy
from surrogate.errors import OptionError
from surrogate.oracle import Answers
from surrogate.render.numbers import number
from surrogate.sampling import generator
from surrogate.types import Feature, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate._target import Split
    from surrogate.domain import Domain

__all__ = ["FLIPS", "Changed", "plan_flips"]

FLIPS = 500
"""Most changed rows that are asked for one attribute."""
LEAST_PER_CHANGE = 50
"""Rows that each change gets at least; so an attribute of many values is changed to the commonest
of them only."""

MISSING = "the value is missing"
REFUSED = "the domain's constraint refuses the changed row"
BEYOND = "the changed value lies outside the range of the data"


@dataclass(frozen=True, eq=False)
class Changed:
    """Held-out rows with one attribute changed.

    Parameters
    ----------
    attribute : str
        The column, or the one-hot group.
    rows : array of shape (n, d)
        As changed.
    held : int array of shape (n,)
        The held-out row that each was made from.
    changes : array of str of shape (n,)
        Name of each row's change.
    left_out : mapping from str to int
        Why further changed rows are not among them, and how many.
    notes : tuple of str
    answers : Answers or None
        The target's, once it was asked; `rows` are then those it answered.
    """

    attribute: str
    rows: FloatArray
    held: IntArray
    changes: npt.NDArray[np.str_]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    answers: Answers | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, kept: npt.NDArray[Any], why: str) -> Changed:
        """Some of the rows, by a mask or by their places; the others are counted."""
        rows, held, changes = self.rows[kept], self.held[kept], self.changes[kept]
        lost = len(self) - len(rows)
        counted = {**self.left_out, why: self.left_out.get(why, 0) + lost} if lost else {}
        return replace(
            self, rows=rows, held=held, changes=changes, left_out=counted or self.left_out
        )


def plan_flips(
    domain: Domain,
    split: Split,
    columns: Sequence[str],
    *,
    most: int,
    measured: int,
    changes: Mapping[str, float] | None,
    seed: int,
) -> tuple[Changed, ...]:
    """The rows that are to be asked, for each attribute: known before anything is asked.

    Parameters
    ----------
    columns : sequence of str
        Columns to change; those of one one-hot group are one attribute.
    most : int
        Most changed rows for each attribute.
    measured : int
        How many held-out rows are asked as they are; only those are changed.
    changes : mapping from column to float, or None
        How much a number is moved, up and down. By default a standard deviation of the rows
        that are fitted.
    seed : int

    Raises
    ------
    OptionError
        If a change is no number above 0, or its column has no order or is not changed at all.
    """
    attributes = dict(_attributes(domain, columns))
    _check_changes(domain, changes or {}, attributes)
    order = generator(seed, "held-out").permutation(len(split.test))[:measured]
    found = []
    for name, members in attributes.items() if most else ():
        ways, notes = _ways(domain, split, members, most=most, step=(changes or {}).get(name))
        own = not notes and bool(ways) and not ways[0].moves  # each row has one of the values
        n = max(1, most // max(len(ways) - own, 1))
        held = np.sort(order[:n])
        made = _made(domain, split.test[held], held, name, ways)
        found.append(replace(made, notes=notes))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Way:
    """One change: what it is called, and the values that columns get."""

    to: str
    columns: IntArray
    values: FloatArray  # to set, or to add where `moves`
    moves: bool = False
    low: float = -math.inf
    high: float = math.inf


def _attributes(domain: Domain, columns: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and columns of each attribute; a one-hot group is one."""
    group_of = {one: group for group, members in domain.groups.items() for one in members}
    for name in columns:
        group = group_of.get(name)
        yield (name, (name,)) if group is None else (group, tuple(domain.groups[group]))


def _check_changes(
    domain: Domain, changes: Mapping[str, float], attributes: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise unless each names a number that is changed, and by how much."""
    if not isinstance(changes, Mapping):
        raise OptionError(
            f"The `changes` of audit must be a mapping from columns to numbers; got {changes!r}."
        )
    for name, step in changes.items():
        if name not in attributes:
            known = ", ".join(map(repr, attributes)) or "none"
            raise OptionError(
                f"`changes` names {name!r}, which is not changed; protected or named as groups "
                f"are: {known}."
            )
        feature = domain.features[domain.index(name)] if name in domain.names else None
        if feature is None or not _is_number(feature):
            raise OptionError(
                f"`changes` is for numbers, and {name!r} has categories; leave it out."
            )
        good = isinstance(step, int | float) and not isinstance(step, bool) and step > 0
        if not good or not math.isfinite(step):
            raise OptionError(
                f"`changes` must say how much {name!r} is moved, a number above 0; got {step!r}."
            )


def _is_number(feature: Feature) -> bool:
    return feature.kind in ("continuous", "integer") and not feature.categories


def _ways(
    domain: Domain,
    split: Split,
    members: tuple[str, ...],
    *,
    most: int,
    step: float | None,
) -> tuple[list[_Way], tuple[str, ...]]:
    """The changes of one attribute, and what a reader must know of them."""
    at = np.array([domain.index(name) for name in members])
    if any(name in domain.derived for name in members):
        return [], (f"{members[0]} is worked out from other columns, and cannot be changed alone.",)
    population = np.concatenate([split.fit[:, at], split.test[:, at]])
    feature = domain.features[at[0]]
    if len(members) == 1 and _is_number(feature):
        return _moves(feature, at, split.fit[:, at[0]], population[:, 0], step), ()
    if len(members) > 1:
        values, names = np.eye(len(members)), list(members)
        counts = population.sum(axis=0)
    else:
        codes, counts = np.unique(population[~np.isnan(population[:, 0]), 0], return_counts=True)
        values = codes[:, None]
        named = feature.categories
        names = [str(named[int(c)]) if named else f"{c:g}" for c in codes]
    top = np.argsort(-counts, kind="stable")[: max(2, most // LEAST_PER_CHANGE)]
    ways = [_Way(names[i], at, values[i]) for i in sorted(top.tolist())]
    left = len(names) - len(ways)
    note = f"Changed to the {len(ways)} commonest of {len(names)} values; {left} were left out."
    return ways, (note,) if left else ()


def _moves(
    feature: Feature, at: IntArray, fit: FloatArray, population: FloatArray, step: float | None
) -> list[_Way]:
    """A number moved up and down: by what was said, or a standard deviation."""
    known = fit[~np.isnan(fit)]
    size = step
    if size is None:
        size = float(f"{known.std():.3g}") if len(known) else 0.0
        size = max(1.0, round(size)) if feature.kind == "integer" else size
    if not size > 0:
        return []
    low, high = float(np.nanmin(population)), float(np.nanmax(population))
    said = f"{number(size, 6)}{' ' + feature.unit if feature.unit else ''}"
    return [
        _Way(f"{word} by {said}", at, np.array([sign * size]), True, low, high)
        for word, sign in (("up", 1.0), ("down", -1.0))
    ]


def _made(
    domain: Domain, rows: FloatArray, held: IntArray, name: str, ways: Sequence[_Way]
) -> Changed:
    """Every row changed in every way that is one, as far as such a row can exist."""
    few = 2 <= len(ways) <= 3 and not ways[0].moves
    parts, left = [], dict.fromkeys((MISSING, BEYOND, REFUSED), 0)
    for way in ways:
        own = rows[:, way.columns]
        missing = np.isnan(own).any(axis=1)
        after = own + way.values if way.moves else np.broadcast_to(way.values, own.shape)
        beyond = (after[:, 0] < way.low) | (after[:, 0] > way.high)
        is_change = (after != own).any(axis=1)
        at = np.flatnonzero(is_change & ~missing & ~beyond)
        left[MISSING] += int(missing.sum())
        left[BEYOND] += int((beyond & ~missing).sum())
        changed = rows[at].copy()
        changed[:, way.columns] = after[at]
        changed = to_numpy(domain.round(changed)) if len(at) else changed
        possible = domain.feasible(changed) if len(at) else np.ones(0, dtype=np.bool_)
        left[REFUSED] += int((~possible).sum())
        at, changed = at[possible], changed[possible]
        names = [_named(way, _of(ways, rows[i, way.columns]) if few else "") for i in at]
        parts.append((changed, held[at], np.array(names, dtype=np.str_)))
    if not parts:
        empty = np.empty((0, rows.shape[1]))
        return Changed(name, empty, np.empty(0, np.intp), np.empty(0, np.str_))
    changed, sources, names_ = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return Changed(name, changed, sources, names_, {why: n for why, n in left.items() if n})


def _of(ways: Sequence[_Way], own: FloatArray) -> str:
    """What the value is called that a row has."""
    return next((way.to for way in ways if (way.values == own).all()), "")


def _named(way: _Way, own: str) -> str:
    """What a change is called: by both ends where there are few values."""
    if way.moves:
        return way.to
    return f"{own} → {way.to}" if own else f"to {way.to}"
