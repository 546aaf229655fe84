"""Outcomes by group: how often each is decided for, and each beside the group that is most often.

A description of answers. It says nothing of whether a difference is justified, or lawful.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError, OptionError
from surrogate.fidelity.asking import mean_score
from surrogate.fidelity.groups import SMALL
from surrogate.fidelity.intervals import share, share_interval
from surrogate.fidelity.ratios import Ends, as_interval, mean_difference, ratio_ends
from surrogate.fidelity.score import Score
from surrogate.types import FloatArray, Label

__all__ = ["GroupRate", "Impact", "PairContrast", "impact"]


@dataclass(frozen=True)
class GroupRate:
    """The outcomes of one group.

    Parameters
    ----------
    group : str
    rate : Score
        Share of the group's rows that are decided favourably, or their mean answer.
    contrast : Score or None
        The rate over the reference group's (impact ratio), or the mean less its mean. None
        where a group is too small to be compared.
    small : bool
        Whether there are too few rows to say.
    """

    group: str
    rate: Score
    contrast: Score | None
    small: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        contrast = None if self.contrast is None else self.contrast.to_dict()
        return {
            "group": self.group,
            "rate": self.rate.to_dict(),
            "contrast": contrast,
            "small": self.small,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GroupRate:
        """Rebuild what `to_dict` gave."""
        contrast = data["contrast"]
        return cls(
            data["group"],
            Score.from_dict(data["rate"]),
            None if contrast is None else Score.from_dict(contrast),
            data["small"],
        )


@dataclass(frozen=True)
class PairContrast:
    """Two groups compared: rate of `first` over that of `second`, or the difference of means."""

    first: str
    second: str
    score: Score

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {"first": self.first, "second": self.second, "score": self.score.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PairContrast:
        """Rebuild what `to_dict` gave."""
        return cls(data["first"], data["second"], Score.from_dict(data["score"]))


@dataclass(frozen=True)
class Impact:
    """The outcomes of all groups of one grouping, as one model or surrogate decides.

    Parameters
    ----------
    grouping : str
        What the groups are groups of: "sex", "sex & race".
    who : str
        Who decides: "the model", or a surrogate by its method.
    favourable : label or None
        The decision that is counted; None where answers are numbers.
    assumed : bool
        Whether nobody named the favourable decision, so that the second of two classes is
        counted.
    reference : str
        The group that others are compared with; empty where none has enough rows.
    chosen : bool
        Whether these rows chose the reference, as the group with the highest rate: then the
        intervals of `rates` allow for the choice.
    rates : tuple of GroupRate
    pairs : tuple of PairContrast
        Every two groups with enough rows, where that was asked for; their intervals hold for
        all pairs at once.
    minimum : int
        Fewest rows from which a group is compared.
    level : float
    distribution : str
        Where the rows come from.
    notes : tuple of str

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import Impact, impact
    >>> said = np.arange(200) % 4 == 0
    >>> said[100:] |= np.arange(100) % 4 == 1
    >>> found = impact(said.astype(int), np.repeat(["f", "m"], 100), favourable=1, label="yes",
    ...                grouping="sex")
    >>> print(found.rates[0].contrast)
    impact ratio 0.500 (95 % interval 0.335 to 0.733; n = 100)
    >>> Impact.from_dict(found.to_dict()) == found
    True
    """

    grouping: str
    who: str
    favourable: Label | None
    rates: tuple[GroupRate, ...]
    assumed: bool = False
    reference: str = ""
    chosen: bool = True
    pairs: tuple[PairContrast, ...] = ()
    minimum: int = SMALL
    level: float = 0.95
    distribution: str = "held-out real rows"
    notes: tuple[str, ...] = ()

    def __getitem__(self, group: str) -> GroupRate:
        for one in self.rates:
            if one.group == group:
                return one
        known = ", ".join(one.group for one in self.rates)
        raise KeyError(f"no group {group!r} of {self.grouping!r}; there are: {known}")

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "rates": [one.to_dict() for one in self.rates],
            "pairs": [one.to_dict() for one in self.pairs],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Impact:
        """Rebuild what `to_dict` gave."""
        return cls(
            **{name: data[name] for name in _PLAIN},
            rates=tuple(GroupRate.from_dict(one) for one in data["rates"]),
            pairs=tuple(PairContrast.from_dict(one) for one in data["pairs"]),
            notes=tuple(data["notes"]),
        )


_PLAIN = (
    *("grouping", "who", "favourable", "assumed", "reference", "chosen"),
    *("minimum", "level", "distribution"),
)


def impact(
    said: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    favourable: int | None = None,
    label: Label | None = None,
    assumed: bool = False,
    grouping: str = "group",
    who: str = "the model",
    reference: str | None = None,
    pairs: bool = False,
    minimum: int = SMALL,
    level: float = 0.95,
    seed: int = 0,
    distribution: str = "held-out real rows",
) -> Impact:
    """Selection rates of groups and their impact ratios, or mean answers and differences.

    A rate has Wilson's interval, a ratio Koopman's score interval; means and their differences
    have a jackknife or bootstrap and Welch's. Without a `reference`, each group is compared
    with whichever is truly highest: the lower end is the least over the other groups, which
    needs no correction, the upper end the least of ends that share their tail (Bonferroni).

    All of it is a function of these arguments; the rows themselves are not needed.

    Parameters
    ----------
    said : int array of shape (n,), or float array of shape (n,)
        Codes of decisions, or answers of a regression, of independent rows.
    groups : array of shape (n,)
        The group of each row; each row is in one.
    favourable : int or None
        Code of the decision that is counted; needed for codes.
    label, assumed, who, distribution
        As of `Impact`; they are handed on.
    grouping : str
        What the groups are groups of.
    reference : str or None
        The group to compare with; None: the one with the highest rate.
    pairs : bool
        Whether to compare every two groups too.
    minimum : int
        Fewest rows from which a group is compared, or is the reference.
    level : float
        Nominal coverage of each interval.
    seed : int
        Of the bootstrap, for means.

    Returns
    -------
    Impact

    Raises
    ------
    InputError
        If there is not one group a row, no row, or no favourable code for codes.
    OptionError
        If the reference is no group, or has too few rows.
    """
    parts, decides = _parts(said, groups, favourable)
    enough = {name: part for name, part in parts.items() if len(part) >= minimum}
    _check_reference(reference, parts, minimum)
    way = _SHARES if decides else _MEANS
    contrasts = _against(enough, reference, way, level) if len(enough) > 1 else {}
    rates = tuple(
        GroupRate(
            name,
            _rate(part, decides=decides, level=level, seed=seed),
            contrasts.get(name),
            len(part) < minimum,
        )
        for name, part in parts.items()
    )
    return Impact(
        grouping=grouping,
        who=who,
        favourable=label,
        rates=rates,
        assumed=assumed,
        reference=_highest(enough) if reference is None else reference,
        chosen=reference is None,
        pairs=_pairs(enough, way, level) if pairs else (),
        minimum=minimum,
        level=level,
        distribution=distribution,
    )


_Groups: TypeAlias = Mapping[str, FloatArray]
"""Answers of each group's rows: 0 or 1, or numbers."""


class _Way(NamedTuple):
    """How groups are compared."""

    metric: str
    method: str
    compare: Callable[..., list[Ends]]  # (pairs of a group and its base, *, below, above)
    equal: float  # what it is for equal groups


_Pairs: TypeAlias = Sequence[tuple[FloatArray, FloatArray]]


def _share_ratios(pairs: _Pairs, *, below: float, above: float) -> list[Ends]:
    """Ratios of shares, all at once."""
    if not pairs:
        return []
    x, n, y, m = np.array([(a.sum(), len(a), b.sum(), len(b)) for a, b in pairs]).T
    low, high = ratio_ends(x, n, y, m, below=below, above=above)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = x * m / (n * y)
    known = [None if math.isnan(v) else float(v) for v in value]
    return [Ends(*ends) for ends in zip(known, low.tolist(), high.tolist(), strict=True)]


def _mean_differences(pairs: _Pairs, *, below: float, above: float) -> list[Ends]:
    """Differences of means."""
    return [mean_difference(a, b, below=below, above=above) for a, b in pairs]


_SHARES = _Way("impact ratio", "Koopman score", _share_ratios, 1.0)
_MEANS = _Way("difference of means", "Welch t", _mean_differences, 0.0)


def _parts(
    said: npt.ArrayLike, groups: npt.ArrayLike, favourable: int | None
) -> tuple[dict[str, FloatArray], bool]:
    """Answers by group in the groups' order, and whether they are decisions."""
    answers, labels = np.asarray(said), np.asarray(groups).astype(str)
    if answers.ndim != 1 or labels.shape != answers.shape or not len(answers):
        raise InputError(
            f"said and groups need one entry a row; got shapes {answers.shape} and {labels.shape}."
        )
    decides = bool(np.issubdtype(answers.dtype, np.integer))
    if decides and favourable is None:
        raise InputError("Rates of decisions need the code of the favourable one; got None.")
    x = np.asarray(answers == favourable if decides else answers, dtype=np.float64)
    names = sorted(np.unique(labels).tolist(), key=_order)
    return {name: x[labels == name] for name in names}, decides


def _order(name: str) -> tuple[float, str]:
    """Sorts names, but bins of a number by where they begin: "up to 28" before "28 to 37"."""
    if name.startswith("up to "):
        return -math.inf, name
    start = name.removeprefix("more than ").partition(" to ")[0]
    try:
        value = float(start)
    except ValueError:
        return math.inf, name
    return (math.inf if math.isnan(value) else value), name


def _check_reference(reference: str | None, parts: _Groups, minimum: int) -> None:
    """Raise unless a group can be compared with."""
    if reference is None:
        return
    if reference not in parts:
        known = ", ".join(map(repr, list(parts)[:10]))
        raise OptionError(f"There is no group {reference!r} to compare with; there are: {known}.")
    n = len(parts[reference])
    if n < minimum:
        raise OptionError(
            f"The group {reference!r} has {n} of the {minimum} rows that it takes to compare "
            "others with it; name another."
        )


def _highest(groups: _Groups) -> str:
    """The group with the highest rate; the first of equals, and none of none."""
    return max(groups, key=lambda name: float(groups[name].mean()), default="")


def _rate(part: FloatArray, *, decides: bool, level: float, seed: int) -> Score:
    """Selection rate or mean answer of one group."""
    if not decides:
        return mean_score("mean answer", part, None, level, seed)
    measured = share(part)
    interval, reason = share_interval(measured, level=level)
    n = len(part)
    return Score("selection rate", measured.rate, interval, n, n, reason=reason)


def _against(groups: _Groups, reference: str | None, way: _Way, level: float) -> dict[str, Score]:
    """Every group against one that was named, or against the truly highest."""
    if reference is None:
        return _against_highest(groups, way, level)
    names, tail = [name for name in groups if name != reference], (1 - level) / 2
    base = groups[reference]
    ends = way.compare([(groups[name], base) for name in names], below=tail, above=tail)
    return {
        name: _score(way, found, len(groups[name]), level)
        for name, found in zip(names, ends, strict=True)
    }


def _against_highest(groups: _Groups, way: _Way, level: float) -> dict[str, Score]:
    """Every group against whichever is truly highest, itself included.

    What is wanted is the least of its comparisons with all groups. The lower end fails only if
    that with the truly highest one does; the upper end if that of any other does.
    """
    names, tail, best = list(groups), (1 - level) / 2, _highest(groups)
    nothing = way is _SHARES and not groups[best].any()  # a ratio of 0 to 0
    pairs = [(one, other) for one in names for other in names if other != one]
    parts = [(groups[one], groups[other]) for one, other in pairs]
    found = dict(zip(pairs, way.compare(parts, below=tail, above=tail / (len(names) - 1))))
    scores = {}
    for one in names:
        ends = [found[one, other] for other in names if other != one]
        value = None if nothing else way.equal if one == best else found[one, best].value
        low, high = (min(way.equal, *(getattr(e, end) for e in ends)) for end in ("low", "high"))
        how = ", against the highest of several"
        scores[one] = _score(way, Ends(value, low, high), len(groups[one]), level, how=how)
    return scores


def _pairs(groups: _Groups, way: _Way, level: float) -> tuple[PairContrast, ...]:
    """Every two groups, the higher one second; all intervals together cover at the level."""
    order = sorted(groups, key=lambda name: float(groups[name].mean()))
    pairs = list(combinations(order, 2))
    tail = (1 - level) / 2 / max(len(pairs), 1)
    parts = [(groups[first], groups[second]) for first, second in pairs]
    found = []
    for (first, second), ends in zip(pairs, way.compare(parts, below=tail, above=tail)):
        n = len(groups[first]) + len(groups[second])
        found.append(PairContrast(first, second, _score(way, ends, n, level, how=", Bonferroni")))
    return tuple(found)


def _score(way: _Way, ends: Ends, n: int, level: float, *, how: str = "") -> Score:
    """A comparison as a score; without a value where the reference has none to divide by."""
    value = ends.value
    if value is None or math.isinf(value):
        reason = "no row of the group that it is compared with is decided so"
        return Score(way.metric, None, None, n, n, reason=reason)
    interval = as_interval(ends, level=level, method=way.method + how)
    reason = "" if interval is not None else "a group has one row"
    return Score(way.metric, value, interval, n, n, reason=reason)
