"""How steady a target is: whether it answers the same question the same way, early and late.

A few rows are asked twice in a row at the start, in the middle and at the end. What differs
within such a pair is noise; what differs between the three times beyond that is drift, judged
by a permutation test: without drift the answers to a row could have come in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.types import Array, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.oracle.oracle import Oracle

__all__ = ["MOMENTS", "PURPOSE", "Steadiness", "Watch", "decimals_of"]

MOMENTS = ("start", "middle", "end")
PURPOSE = "noise"
PAIR = 2
_ORDERS = 999
_RARE = 0.01
_TINY = 1e-6  # what batches of other sizes may change


@dataclass(frozen=True)
class Steadiness:
    """What repeats of a few questions showed.

    Parameters
    ----------
    rows : int
        How many rows were repeated.
    moments : tuple of str
        When: "start", "middle", "end", as far as it came.
    pairs : int
        How often a row was asked twice in a row.
    changed : int or None
        In how many pairs the decision differs; None for regression.
    noise : float
        Mean absolute difference within pairs, in the unit of the answers.
    shift : float
        Largest mean absolute difference between two moments.
    p_value : float or None
        Of the shift, if there were only noise; None where there is no noise, or one moment.
    drifted : bool
        Whether the target changed while it was asked.
    decimals : int or None
        How many decimals its numbers have at most, where that is six or fewer.
    """

    rows: int
    moments: tuple[str, ...]
    pairs: int
    changed: int | None
    noise: float
    shift: float
    p_value: float | None
    drifted: bool
    decimals: int | None = None

    def sentences(self) -> tuple[str, ...]:
        """All of it in words."""
        when = " and ".join(
            [", ".join(self.moments[:-1]), self.moments[-1]][len(self.moments) < 2 :]
        )
        said = [f"{self.rows:,} rows were asked twice in a row at the {when} of the audit."]
        if self.noise <= _TINY and not self.changed:
            said.append("Both answers were equal each time: the target has no noise of its own.")
        else:
            differ = f"Two answers to one question differ by {self.noise:.3g} on average"
            decided = ""
            if self.changed is not None:
                decided = f"; {self.changed:,} of {self.pairs:,} pairs were decided differently"
            said.append(
                f"{differ}{decided}. No surrogate can agree with it more than it does itself."
            )
        if self.drifted:
            said.append(self.drift())
        elif len(self.moments) > 1:
            said.append("Nothing shows that the target changed meanwhile.")
        if self.decimals is not None:
            least = 0.5 * 10.0**-self.decimals
            said.append(
                f"Its numbers have {self.decimals} decimals at most; what differs by less than "
                f"{least:g} cannot be seen."
            )
        return tuple(said)

    def drift(self) -> str:
        """What to say where the target changed."""
        beyond = "and it has no noise" if self.p_value is None else f"p = {self.p_value:.2g}"
        return (
            "The target changed while it was audited: the same questions were answered "
            f"differently at different times (by {self.shift:.3g} on average, {beyond}). The "
            "surrogates mix what it said before and after."
        )

    def __str__(self) -> str:
        return " ".join(self.sentences())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {**asdict(self), "moments": list(self.moments)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Steadiness:
        """Undo `to_dict`."""
        return cls(**{**data, "moments": tuple(data["moments"])})


class Watch:
    """Asks a few rows again and again.

    Parameters
    ----------
    oracle : Oracle
    rows : array of shape (n, d)
        Internal rows; equal ones are asked once.
    seed : int
        Of the permutation test.
    """

    def __init__(self, oracle: Oracle, rows: FloatArray, *, seed: int) -> None:
        self._oracle, self._seed = oracle, seed
        self._rows = np.unique(to_numpy(oracle.snap(rows)), axis=0)
        self._moments: list[str] = []
        self._values: list[list[FloatArray]] = []
        self._decisions: list[list[IntArray | None]] = []

    @property
    def cost(self) -> int:
        """Rows that all looks ask together."""
        return len(MOMENTS) * PAIR * len(self._rows)

    def look(self, moment: str) -> None:
        """Ask every row twice.

        Raises
        ------
        BudgetSpent, Interrupted, ModelError
            If asking ends; what the looks before saw is kept.
        """
        first = 1 + PAIR * MOMENTS.index(moment)
        answers = [
            self._oracle.ask(self._rows, purpose=PURPOSE, replicate=first + i) for i in range(PAIR)
        ]
        self._moments.append(moment)
        self._values.append([np.asarray(to_numpy(a.values), dtype=np.float64) for a in answers])
        self._decisions.append(
            [None if a.decision is None else to_numpy(a.decision) for a in answers]
        )

    def found(self, values: Array | None = None) -> Steadiness | None:
        """What there is to say; None before the first look.

        Parameters
        ----------
        values : array of shape (m, k), optional
            More answers of the target, to count decimals in.
        """
        if not self._moments:
            return None
        seen = np.array(self._values)  # (moments, pair, n, k)
        noise = float(np.abs(seen[:, 0] - seen[:, 1]).mean())
        means = seen.mean(axis=1)
        shift = max(
            (float(np.abs(a - b).mean()) for i, a in enumerate(means) for b in means[:i]),
            default=0.0,
        )
        p_value = None
        if noise > _TINY and len(means) > 1:
            p_value = _p_value(seen, self._seed)
        drifted = shift > 10 * _TINY if p_value is None else p_value < _RARE
        known = [seen.ravel()] + ([] if values is None else [np.ravel(to_numpy(values))])
        plain = self._oracle.output == "labels"
        return Steadiness(
            rows=len(self._rows),
            moments=tuple(self._moments),
            pairs=len(self._rows) * len(self._moments),
            changed=_changed(self._decisions),
            noise=noise,
            shift=shift,
            p_value=p_value,
            drifted=bool(drifted),
            decimals=None if plain else decimals_of(np.concatenate(known)),
        )


def _changed(decisions: Sequence[Sequence[IntArray | None]]) -> int | None:
    """In how many pairs the decision differs."""
    pairs = [(a, b) for a, b in decisions if a is not None and b is not None]
    return sum(int((a != b).sum()) for a, b in pairs) if pairs else None


def _p_value(seen: FloatArray, seed: int) -> float:
    """How often the moments differ as much, if each row's answers come in a random order."""
    moments, pair, n, k = seen.shape
    flat = seen.reshape(moments * pair, n, k)
    draws = np.random.Generator(np.random.Philox(key=seed))

    def spread(answers: FloatArray) -> float:  # (moments * pair, n, k)
        return float(answers.reshape(moments, pair, n, k).mean(axis=1).var(axis=0).sum())

    least = spread(flat) * (1 - 1e-12)
    as_much = 0
    for _ in range(_ORDERS):
        order = draws.random((moments * pair, n)).argsort(axis=0)
        as_much += spread(np.take_along_axis(flat, order[:, :, None], axis=0)) >= least
    return (1 + as_much) / (1 + _ORDERS)


def decimals_of(values: FloatArray) -> int | None:
    """How many decimals numbers have at most, if no more than six and not by chance.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.oracle.noise import decimals_of
    >>> values = np.random.default_rng(0).random(100)
    >>> decimals_of(values), decimals_of(values.round(3)), decimals_of(np.eye(5))
    (None, 3, None)
    """
    fractions = np.unique(values[values != np.round(values)])
    if len(fractions) < 5:
        return None
    slack = 1e-12 * np.maximum(1.0, np.abs(fractions))
    for decimals in range(1, 7):
        if (np.abs(fractions - np.round(fractions, decimals)) <= slack).all():
            return decimals
    return None
