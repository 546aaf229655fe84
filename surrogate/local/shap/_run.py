"""Rows through rounds of asking: what each was answered, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from surrogate.errors import BudgetSpent, Interrupted
from surrogate.local._fresh import Fresh
from surrogate.local.shap._estimate import Estimates
from surrogate.local.shap._game import Game, Opened
from surrogate.local.shap._measure import flags_of, measure
from surrogate.local.shap._plan import every
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["Asking", "Ended", "Row", "explain_rows", "flags", "measured"]

_HELD = 1 << 22  # values of coalitions kept at once: 32 MiB
_FIRST = 64  # pairs of the first round


@dataclass(eq=False)
class Row:
    """One explained row on its way.

    Parameters
    ----------
    row : array of shape (d,)
    players : int array of shape (m,)
        Those that vary.
    top : array of shape (k,)
        Half of what all players make together.
    odd, even : arrays of shape (n, k)
        Half the difference, and half the sum, of the values of the first n pairs.
    values : array of shape (f, k)
        Of the coalitions that the form is measured on.
    phi, errors : arrays of shape (m, k)
    n : int
        Pairs that the values are from.
    """

    row: FloatArray
    players: IntArray
    top: FloatArray
    odd: FloatArray
    even: FloatArray
    values: FloatArray
    phi: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    errors: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    n: int = -1

    @property
    def games(self) -> FloatArray:
        """Odd parts and the whole, (n + 1, k)."""
        return np.vstack([self.odd, self.top])


@dataclass(frozen=True, eq=False)
class Asking:
    """How rows are asked.

    Parameters
    ----------
    game : Game
    estimates : Estimates
    target_se : float or None
    level : float
    measured : bool
        Whether fresh coalitions are asked.
    """

    game: Game
    estimates: Estimates
    target_se: float | None
    level: float
    measured: bool = True

    def stops(self, m: int) -> list[int]:
        """Pairs at the end of each round."""
        most = len(self.estimates.pairs(m))
        stops = [most]
        if self.target_se is not None and not self.estimates.pairs(m).complete:
            at = max(_FIRST, 2 * m)
            stops = []
            while at < most:
                stops.append(at)
                at *= 2
            stops.append(most)
        return stops


Ended = BudgetSpent | Interrupted


def explain_rows(
    asking: Asking, rows: FloatArray, opened: Opened
) -> tuple[list[Row], Ended | None]:
    """As many rows as asking lasts for, and what ended it."""
    varying = asking.game.players.varying(rows, asking.game.background.rows)
    done: list[Row] = []
    per = max(1, _most_values(asking, varying) * opened.none.size)
    step = max(1, _HELD // per)
    for start in range(0, len(rows), step):
        at = slice(start, start + step)
        block, ended = _first_round(asking, rows[at], opened, varying[at], start)
        _solve(asking, block)
        while ended is None and (more := _unsure(asking, block)):
            ended = _next_round(asking, more)
        done += block
        if ended is not None:
            return done, ended
    return done, None


def _most_values(asking: Asking, varying: BoolArray) -> int:
    m = int(varying.sum(axis=1).max())
    return len(asking.estimates.pairs(m)) + len(asking.estimates.fresh(m).masks) + 1


def _first_round(
    asking: Asking, rows: FloatArray, opened: Opened, varying: BoolArray, start: int
) -> tuple[list[Row], Ended | None]:
    """Ask each row its first pairs and its fresh coalitions."""
    block: list[Row] = []
    for i, row in enumerate(rows):
        players = np.flatnonzero(varying[i])
        top = (opened.whole[start + i] - opened.none) / 2
        nothing = np.empty((0, len(top)))
        one = Row(row, players, top, nothing, nothing, nothing)
        try:
            _extend(asking, one, asking.stops(len(players))[0])
            if asking.measured:
                masks = asking.estimates.fresh(len(players)).masks
                one.values = _ask(asking, one, masks, "fidelity")
        except (BudgetSpent, Interrupted) as error:
            return block, error
        block.append(one)
    return block, None


def _next_round(asking: Asking, rows: Sequence[Row]) -> Ended | None:
    """Ask rows whose values are unsure as many pairs again, and estimate anew."""
    ended: Ended | None = None
    for one in rows:
        stops = asking.stops(len(one.players))
        try:
            _extend(asking, one, stops[stops.index(one.n) + 1])
        except (BudgetSpent, Interrupted) as error:
            ended = error
            break
    _solve(asking, rows)
    return ended


def _unsure(asking: Asking, rows: Sequence[Row]) -> list[Row]:
    """Rows with a value whose error is above the target, and pairs left to ask."""
    if asking.target_se is None:
        return []
    return [
        one
        for one in rows
        if one.errors.size
        and one.errors.max() > asking.target_se
        and one.n < asking.stops(len(one.players))[-1]
    ]


def _extend(asking: Asking, one: Row, n: int) -> None:
    """Ask the pairs up to the n-th that were not asked yet; all of them, or none is kept."""
    masks = asking.estimates.pairs(len(one.players)).masks[len(one.odd) : n]
    told = _ask(asking, one, np.concatenate([masks, ~masks]), "fit")
    one_way, other = told[: len(masks)], told[len(masks) :]
    one.odd = np.concatenate([one.odd, (one_way - other) / 2])
    if asking.estimates.pairs(len(one.players)).complete:  # then these measure the form, too
        one.even = np.concatenate([one.even, (one_way + other) / 2])


def _ask(asking: Asking, one: Row, masks: BoolArray, purpose: str) -> FloatArray:
    """Values (c, k) of coalitions (c, m) of a row's varying players."""
    coalitions = np.zeros((len(masks), len(asking.game.players)), dtype=np.bool_)
    coalitions[:, one.players] = masks
    return asking.game.values(one.row, coalitions, purpose)


def _solve(asking: Asking, rows: Sequence[Row]) -> None:
    """Values and errors of rows that were asked since; of equal players at once."""
    for group in _alike([one for one in rows if len(one.odd) != one.n]):
        m, k, n = len(group[0].players), len(group[0].top), len(group[0].odd)
        if not m:
            for one in group:
                one.phi = one.errors = np.zeros((0, k))
                one.n = 0
            continue
        y = np.concatenate([one.games for one in group], axis=1)  # (n + 1, rows · k)
        solver = asking.estimates.solver(group[0].players.tobytes(), n, m=m, y=y)
        phi, errors = solver.weights @ y, solver.errors(y)
        for i, one in enumerate(group):
            at = slice(i * k, (i + 1) * k)
            one.phi, one.errors, one.n = phi[:, at], errors[:, at], n


def _alike(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows with the same players and equally many pairs."""
    groups: dict[tuple[bytes, int], list[Row]] = {}
    for one in rows:
        groups.setdefault((one.players.tobytes(), len(one.odd)), []).append(one)
    yield from groups.values()


def measured(asking: Asking, one: Row, none: FloatArray) -> Fresh:
    """Fidelity of one row's form; on the plan itself where that is all coalitions."""
    m = len(one.players)
    pairs, fresh, values = asking.estimates.pairs(m), asking.estimates.fresh(m), one.values
    if pairs.complete:
        fresh, values = every(pairs), np.concatenate([one.even + one.odd, one.even - one.odd])
    return measure(
        values,
        fresh.masks,
        fresh.weight,
        none=none,
        phi=one.phi.T,
        whole=pairs.complete,
        level=asking.level,
    )


def flags(asking: Asking, one: Row, fresh: Fresh, shown: int) -> tuple[str, ...]:
    """What is bad about one row."""
    if not len(one.players):
        return ("the row equals the whole background, so that there is nothing to explain",)
    return flags_of(fresh, one.phi.T, one.errors.T, shown=shown, level=asking.level)
