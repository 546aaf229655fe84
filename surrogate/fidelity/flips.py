"""Counterfactual flips: rows asked again with one attribute changed and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.fidelity.asking import mean_score
from surrogate.fidelity.groups import SMALL
from surrogate.fidelity.intervals import share, share_interval, source_index
from surrogate.fidelity.score import Score
from surrogate.types import FloatArray, IntArray, Label

__all__ = ["ALL", "FlipScore", "Flips", "Said", "flip_scores"]

ALL = "any change"
"""What the figures of all changes together are called."""
_SAME = 1e-6  # of the largest answer: two answers that differ by less are the same


class Said(NamedTuple):
    """What a model or a surrogate says of n rows.

    `value` (n,) is the answer that changes are measured in, such as the probability of the
    favourable class; None for who answers labels alone. `decision` (n,) holds codes; None of a
    regression.
    """

    value: FloatArray | None
    decision: IntArray | None


@dataclass(frozen=True)
class FlipScore:
    """What one change of an attribute does.

    Parameters
    ----------
    change : str
        "Male → Female", "up by 10", or `ALL`.
    flips : Score
        Share of changed rows that are decided otherwise; of a regression, answered otherwise.
    favourable, unfavourable : Score or None
        Share of changed rows whose decision became favourable, and stopped being so. None where
        no decision is known as favourable.
    shift : Score or None
        Mean change of the answer; None for who answers labels alone.
    small : bool
        Whether there are too few rows to say.
    """

    change: str
    flips: Score
    favourable: Score | None
    unfavourable: Score | None
    shift: Score | None
    small: bool

    def scores(self) -> tuple[Score, ...]:
        """Those that are known, the share of flips first."""
        given = (self.flips, self.favourable, self.unfavourable, self.shift)
        return tuple(score for score in given if score is not None)

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        scores = {name: getattr(self, name) for name in _SCORES}
        return {
            "change": self.change,
            **{name: None if one is None else one.to_dict() for name, one in scores.items()},
            "small": self.small,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FlipScore:
        """Rebuild what `to_dict` gave."""
        scores = {
            name: None if data[name] is None else Score.from_dict(data[name]) for name in _SCORES
        }
        return cls(change=data["change"], small=data["small"], **scores)  # type: ignore[arg-type]


_SCORES = ("flips", "favourable", "unfavourable", "shift")


@dataclass(frozen=True)
class Flips:
    """What changing one attribute does to the decisions of one model or surrogate.

    Parameters
    ----------
    attribute : str
        The column, or the one-hot group, that was changed.
    who : str
        Who was asked: "the model", or a surrogate by its method.
    scores : tuple of FlipScore
        All changes together first, then each.
    rows : int
        Held-out rows that were changed.
    asked : int
        Changed rows that were asked.
    left_out : mapping from str to int
        Why changed rows were not asked, and how many.
    favourable : label or None
    value : str
        What `shift` is a change of.
    level : float
    distribution : str
        Where the rows come from.
    notes : tuple of str
    """

    attribute: str
    who: str
    scores: tuple[FlipScore, ...]
    rows: int
    asked: int
    left_out: Mapping[str, int]
    favourable: Label | None = None
    value: str = ""
    level: float = 0.95
    distribution: str = "held-out real rows"
    notes: tuple[str, ...] = ()

    def __getitem__(self, change: str) -> FlipScore:
        for one in self.scores:
            if one.change == change:
                return one
        known = ", ".join(one.change for one in self.scores)
        raise KeyError(f"no change {change!r} of {self.attribute!r}; there are: {known}")

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "scores": [one.to_dict() for one in self.scores],
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Flips:
        """Rebuild what `to_dict` gave."""
        return cls(
            **{name: data[name] for name in _PLAIN},
            scores=tuple(FlipScore.from_dict(one) for one in data["scores"]),
            left_out=dict(data["left_out"]),
            notes=tuple(data["notes"]),
        )


_PLAIN = ("attribute", "who", "rows", "asked", "favourable", "value", "level", "distribution")


def flip_scores(
    before: Said,
    after: Said,
    changes: npt.ArrayLike,
    *,
    sources: npt.ArrayLike,
    favourable: int | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[FlipScore, ...]:
    """What changes of one attribute do, all together and one by one.

    All of it is a function of these arguments; the rows themselves are not needed. A row that is
    changed in several ways is one source, so that intervals of all changes allow for it.

    Parameters
    ----------
    before, after : Said
        Of n rows as they are, and as changed; both of one model or surrogate.
    changes : array of shape (n,)
        Name of each row's change.
    sources : int array of shape (n,)
        The held-out row that each was made from.
    favourable : int or None
        Code of the favourable decision.
    level : float
        Nominal coverage of each interval, alone.
    seed : int
        Of the bootstrap.

    Returns
    -------
    tuple of FlipScore

    Raises
    ------
    InputError
        If lengths differ, or there is no row.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.flips import Said, flip_scores
    >>> before = Said(None, np.zeros(80, dtype=int))
    >>> after = Said(None, (np.arange(80) < 20).astype(int))
    >>> print(flip_scores(before, after, ["f to m"] * 80, sources=np.arange(80))[0].flips)
    decisions flipped 25.0 % (95 % interval 16.8 to 35.5; n = 80)
    """
    names = np.asarray(changes).astype(str)
    given = [a for pair in (before, after) for a in pair if a is not None]
    if not len(names) or any(a.shape != names.shape for a in given):
        shapes = [a.shape for a in given]
        raise InputError(f"Changes and answers need one entry a row; got {names.shape}, {shapes}.")
    index, _ = source_index(sources, len(names))
    every = np.arange(len(names))
    parts = {ALL: every} | {str(n): np.flatnonzero(names == n) for n in np.unique(names)}
    if len(parts) == 2:  # one change is all there is
        del parts[ALL]
    return tuple(
        _one(name, _take(before, at), _take(after, at), index[at], favourable, level, seed)
        for name, at in parts.items()
    )


def _take(said: Said, at: IntArray) -> Said:
    """Some of the rows."""
    value = None if said.value is None else said.value[at]
    return Said(value, None if said.decision is None else said.decision[at])


def _one(
    name: str,
    before: Said,
    after: Said,
    index: IntArray,
    favourable: int | None,
    level: float,
    seed: int,
) -> FlipScore:
    """The figures of some changed rows."""
    up = down = shift = None
    if before.decision is not None and after.decision is not None:
        flips = _share("decisions flipped", before.decision != after.decision, index, level)
        if favourable is not None:
            was, now = before.decision == favourable, after.decision == favourable
            up = _share("became favourable", now & ~was, index, level)
            down = _share("became unfavourable", was & ~now, index, level)
    else:
        assert before.value is not None
        assert after.value is not None
        most = max(float(np.abs(before.value).max()), float(np.abs(after.value).max()))
        moved = np.abs(after.value - before.value) > _SAME * most
        flips = _share("answers changed", moved, index, level)
    if before.value is not None and after.value is not None:
        shift = mean_score("mean change", after.value - before.value, index, level, seed)
    return FlipScore(name, flips, up, down, shift, flips.n_sources < SMALL)


def _share(metric: str, hit: npt.NDArray[np.bool_], index: IntArray, level: float) -> Score:
    """A share of changed rows, which are independent where each has its own source."""
    _, own = np.unique(index, return_inverse=True)
    measured = share(hit, own)
    interval, reason = share_interval(measured, level=level)
    return Score(metric, measured.rate, interval, measured.n, measured.n_sources, reason=reason)
