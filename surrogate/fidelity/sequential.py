"""Ask until it is decided: a confidence sequence that holds at every stop.

A gambler bets against each candidate mean; a mean against which one grows rich is rejected.
By Ville's inequality the true mean is ever rejected with probability at most 1 - level,
however often one looks and whenever one stops.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.fidelity.intervals import source_index
from surrogate.fidelity.score import Score
from surrogate.fidelity.values import Interval, number
from surrogate.types import BoolArray, FloatArray

__all__ = ["ConfidenceSequence", "Verdict", "source_means", "until"]

METHOD = "betting confidence sequence"
_SHARE = 0.5  # of the wealth that may be lost in one bet
_BLOCK = 256


class ConfidenceSequence:
    """Anytime-valid interval for the mean of independent values in [0, 1].

    Parameters
    ----------
    level : float
        Probability that the interval holds the mean at all times at once.
    points : sequence of float
        Means that the interval's ends must be exact for, such as a target.
    grid : int
        Other candidate means; between them the ends are rounded outwards.

    References
    ----------
    Waudby-Smith & Ramdas (2024), JRSS B 86, section 4.2 (hedged capital process) and
    equation 26 (predictable plug-in bets).

    Examples
    --------
    >>> from surrogate.fidelity import ConfidenceSequence
    >>> sequence = ConfidenceSequence()
    >>> print(sequence.update([1.] * 200))
    95 % interval 0.964 to 1.000
    """

    def __init__(
        self, *, level: float = 0.95, points: Sequence[float] = (), grid: int = 1000
    ) -> None:
        if not 0 < level < 1:
            raise InputError(f"The level of a confidence sequence is in (0, 1); got {level}.")
        if any(not 0 <= point <= 1 for point in points):
            raise InputError(f"The points of a confidence sequence are in [0, 1]; got {points}.")
        self.level = level
        self.n = 0
        self.total = 0.0
        self.empty = False
        self._low, self._high = 0.0, 1.0
        self._means = np.union1d(np.linspace(0, 1, grid + 1), np.asarray(points, dtype=float))
        self._up = np.zeros(len(self._means))  # log wealth of betting on a greater mean
        self._down = np.zeros(len(self._means))
        self._squares = 0.25

    @property
    def mean(self) -> float | None:
        """Mean of the values so far; None before the first."""
        return self.total / self.n if self.n else None

    @property
    def interval(self) -> Interval:
        """All means that have never been rejected; 0 to 1 before the first value."""
        return Interval(self._low, self._high, self.level, METHOD, guaranteed=True)

    def update(self, values: npt.ArrayLike) -> Interval:
        """Take more values, in the order in which they came.

        Parameters
        ----------
        values : array of shape (n,)
            In [0, 1], independent of the earlier ones.

        Returns
        -------
        Interval
        """
        x = np.asarray(values, dtype=np.float64)
        if x.ndim != 1 or not ((x >= 0) & (x <= 1)).all():
            raise InputError("A confidence sequence takes a 1-D array of values in [0, 1].")
        for start in range(0, len(x), _BLOCK):
            self._block(x[start : start + _BLOCK])
        return self.interval

    def _block(self, x: FloatArray) -> None:
        """Bet on a few values against every mean that is still alive."""
        bets, self.total, self._squares = plug_in_bets(
            x, n=self.n, total=self.total, squares=self._squares, level=self.level
        )
        self.n += len(x)
        up, down = wealth_paths(x[:, None], bets[:, None], self._means)  # (t, m)
        up += self._up
        down += self._down
        rich = math.log(2 / (1 - self.level))
        self._narrow((up.max(axis=0) >= rich), (down.max(axis=0) >= rich))
        alive = (self._means >= self._low) & (self._means <= self._high)
        self._means, self._up, self._down = self._means[alive], up[-1, alive], down[-1, alive]

    def _narrow(self, below: BoolArray, above: BoolArray) -> None:
        """Move the ends to the outermost rejected means, which all beyond share."""
        low = max(self._low, float(self._means[below].max(initial=0.0)))
        high = min(self._high, float(self._means[above].min(initial=1.0)))
        if low >= high:
            self.empty = True
            return
        self._low, self._high = low, high


def plug_in_bets(
    x: FloatArray, *, n: int, total: float, squares: float, level: float
) -> tuple[FloatArray, float, float]:
    """Bets on x[0], x[1], ..., each from the values before it only, and the new sums.

    Works along the first axis of x, so that many sequences can be simulated at once.
    """
    time = np.arange(n + 1, n + len(x) + 1, dtype=np.float64)
    time = time.reshape(-1, *[1] * (x.ndim - 1))
    sums = total + np.cumsum(x, axis=0)
    mean = (0.5 + sums) / (time + 1)
    spread = squares + np.cumsum((x - mean) ** 2, axis=0)
    before = np.concatenate([np.broadcast_to(squares, (1, *x.shape[1:])), spread[:-1]]) / time
    bets = np.sqrt(2 * math.log(2 / (1 - level)) / (before * time * np.log1p(time)))
    return bets, sums[-1], spread[-1]


def wealth_paths(
    x: FloatArray, bets: FloatArray, means: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Log wealth of betting on a greater and on a smaller mean, along the first axis."""
    with np.errstate(divide="ignore"):
        up = np.minimum(bets, _SHARE / means)
        down = np.minimum(bets, _SHARE / (1 - means))
    gain = x - means
    return np.cumsum(np.log1p(up * gain), axis=0), np.cumsum(np.log1p(-down * gain), axis=0)


def source_means(values: npt.ArrayLike, sources: npt.ArrayLike | None) -> FloatArray:
    """One value a source, the mean of its rows, in the order of their first rows.

    Examples
    --------
    >>> from surrogate.fidelity.sequential import source_means
    >>> source_means([1, 0, 1, 1], [5, 5, 2, 2])
    array([0.5, 1. ])
    """
    x = np.asarray(values, dtype=np.float64)
    if sources is None:
        return x
    index, groups = source_index(sources, len(x))
    first = np.full(groups, len(x))
    np.minimum.at(first, index, np.arange(len(x)))
    means = np.bincount(index, x, groups) / np.bincount(index, minlength=groups)
    return np.asarray(means[np.argsort(first)])


@dataclass(frozen=True)
class Verdict:
    """Whether a target is met, at a confidence that holds however long one asked.

    Parameters
    ----------
    verdict : {"met", "not met", "undecided"}
    target : float
        Least mean that is wanted.
    score : Score
        The mean over sources with its anytime-valid interval.
    batches : int
    note : str

    Examples
    --------
    >>> from surrogate.fidelity import until
    >>> print(until(lambda n: [1.] * n, .95, max_rows=1000))
    met: at least 95.0 % wanted, agreement 100.0 % (95 % interval 96.4 to 100.0; n = 200)
    """

    verdict: Literal["met", "not met", "undecided"]
    target: float
    score: Score
    batches: int
    note: str = ""

    def __str__(self) -> str:
        wanted = number(self.target, percent=self.score.percent)
        return f"{self.verdict}: at least {wanted} wanted, {self.score}"

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "verdict": self.verdict,
            "target": self.target,
            "score": self.score.to_dict(),
            "batches": self.batches,
            "note": self.note,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Rebuild what `to_dict` gave."""
        return cls(**{**data, "score": Score.from_dict(data["score"])})


def until(
    draw: Callable[[int], Any],
    target: float,
    *,
    max_rows: int,
    batch: int = 200,
    level: float = 0.95,
    metric: str = "agreement",
) -> Verdict:
    """Draw rows until it is decided whether their mean reaches a target.

    Parameters
    ----------
    draw : callable
        ``draw(n)`` gives the values in [0, 1] of at most n new rows, or a pair of values and
        the source of each. Rows of one source count as one value, their mean, and must
        come in one batch. Fewer than n mean that there are no more.
    target : float
        Least mean wanted, in [0, 1].
    max_rows : int
        Most rows to draw.
    batch : int
        Rows a batch.
    level : float
        Confidence of the verdict.
    metric : str
        Name of what is averaged.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        If a source comes in two batches, since its rows are not independent.
    """
    if batch < 1 or max_rows < 1:
        raise InputError(f"batch and max_rows are at least 1; got {batch} and {max_rows}.")
    sequence = ConfidenceSequence(level=level, points=(target,))
    seen: set[int] = set()
    rows = batches = 0
    decided: Literal["met", "not met", "undecided"] = "undecided"
    while rows < max_rows and decided == "undecided" and not sequence.empty:
        wanted = min(batch, max_rows - rows)
        values, sources = _drawn(draw(wanted))
        if len(values) == 0:
            break
        _only_new(sources, seen)
        interval = sequence.update(source_means(values, sources))
        rows, batches = rows + len(values), batches + 1
        decided = _decide(interval, target)
        if len(values) < wanted:
            break
    return _verdict(decided, target, sequence, rows, batches, metric)


def _verdict(
    decided: Literal["met", "not met", "undecided"],
    target: float,
    sequence: ConfidenceSequence,
    rows: int,
    batches: int,
    metric: str,
) -> Verdict:
    """The verdict with the score behind it."""
    note = ""
    if sequence.empty:
        decided, note = "undecided", "no single mean fits all rows: did the model change?"
    elif decided == "undecided":
        note = f"undecided after {rows:,} rows"
    if sequence.mean is None:
        score = Score(metric, None, None, 0, 0, reason="no rows were drawn")
    else:
        score = Score(metric, sequence.mean, sequence.interval, rows, sequence.n)
    return Verdict(decided, target, score, batches, note)


def _decide(interval: Interval, target: float) -> Literal["met", "not met", "undecided"]:
    """Ends lie on rejected means, so an end on the target has rejected it."""
    if interval.low >= target and interval.low > 0:
        return "met"
    if interval.high <= target and interval.high < 1:
        return "not met"
    return "undecided"


def _drawn(given: Any) -> tuple[FloatArray, npt.NDArray[np.integer] | None]:
    """Values and sources of one batch."""
    values, sources = given if isinstance(given, tuple) else (given, None)
    found = np.asarray(values, dtype=np.float64)
    return found, None if sources is None else np.asarray(sources)


def _only_new(sources: npt.NDArray[np.integer] | None, seen: set[int]) -> None:
    """Refuse a source that came in an earlier batch."""
    if sources is None:
        return
    new = {int(source) for source in np.unique(sources) if source >= 0}
    again = new & seen
    if again:
        raise InputError(
            f"Source row {min(again)} came in two batches: its rows are not independent. Draw "
            "all rows of a source at once, or one row a source."
        )
    seen |= new
