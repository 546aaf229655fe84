"""The fidelity of a surrogate on one set of rows, and its curve over sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from surrogate.errors import InputError
from surrogate.fidelity.score import GroupScore, Score

__all__ = ["NEW_SOURCES", "THESE_ROWS", "Curve", "Estimand", "Fidelity"]

Estimand = Literal["new source rows", "these rows"]
NEW_SOURCES: Estimand = "new source rows"
THESE_ROWS: Estimand = "these rows"


@dataclass(frozen=True)
class Fidelity:
    """Agreement of a surrogate with its model on rows that took no part in fitting it.

    Parameters
    ----------
    distribution : str
        Where the rows come from: "held-out real rows", "perturbed rows", ...
    scores : tuple of Score
        The first is the main one.
    seed : int or None
        Seed of the rows' draw and of the bootstrap.
    level : float
        Nominal level of every interval.
    estimand : {"new source rows", "these rows"}
        What the intervals are about: rows whose sources are new draws from the
        population, or new perturbations of exactly these sources.
    groups : tuple of GroupScore
        The main metric by class and by subgroup; each interval stands alone, it is not
        simultaneous over the groups.
    notes : tuple of str
        What a reader has to know.

    Examples
    --------
    >>> from surrogate.fidelity import Fidelity, Interval, Score
    >>> score = Score("agreement", .941, Interval(.930, .951, .95, "Wilson"), 2000, 2000)
    >>> fidelity = Fidelity("held-out real rows", (score,), seed=0)
    >>> print(fidelity)
    held-out real rows: agreement 94.1 % (95 % interval 93.0 to 95.1; n = 2,000)
    >>> Fidelity.from_dict(fidelity.to_dict()) == fidelity
    True
    """

    distribution: str
    scores: tuple[Score, ...]
    seed: int | None
    level: float = 0.95
    estimand: Estimand = NEW_SOURCES
    groups: tuple[GroupScore, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.scores:
            raise InputError("A Fidelity needs at least one Score.")

    @property
    def main(self) -> Score:
        """The score to read first."""
        return self.scores[0]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics, in order."""
        return tuple(score.metric for score in self.scores)

    def __getitem__(self, metric: str) -> Score:
        for score in self.scores:
            if score.metric == metric:
                return score
        raise KeyError(f"no metric {metric!r}; there are: {', '.join(self.metrics)}")

    def __contains__(self, metric: object) -> bool:
        return metric in self.metrics

    def __iter__(self) -> Iterator[Score]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def __str__(self) -> str:
        return f"{self.distribution}: {self.main}"

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "distribution": self.distribution,
            "scores": [score.to_dict() for score in self.scores],
            "seed": self.seed,
            "level": self.level,
            "estimand": self.estimand,
            "groups": [group.to_dict() for group in self.groups],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fidelity:
        """Rebuild what `to_dict` gave."""
        return cls(
            distribution=data["distribution"],
            scores=tuple(Score.from_dict(score) for score in data["scores"]),
            seed=data["seed"],
            level=data["level"],
            estimand=data["estimand"],
            groups=tuple(GroupScore.from_dict(group) for group in data["groups"]),
            notes=tuple(data["notes"]),
        )


@dataclass(frozen=True)
class Curve:
    """Fidelity against the size of the surrogate, on the same rows throughout.

    Parameters
    ----------
    sizes : tuple of int
        Growing, in units of `unit`.
    fidelities : tuple of Fidelity
        One a size.
    unit : str
        What is counted: "leaves", "rules", ...

    Examples
    --------
    >>> from surrogate.fidelity import Curve, Fidelity, Interval, Score
    >>> def measured(value):
    ...     interval = Interval(value - .1, value + .1, .95, "BCa bootstrap")
    ...     return Fidelity("held-out real rows", (Score("R2", value, interval, 99, 99),), 0)
    >>> Curve((2, 4), (measured(.5), measured(.75))).band("R2")
    ((0.5, 0.75), (0.4, 0.65), (0.6, 0.85))
    """

    sizes: tuple[int, ...]
    fidelities: tuple[Fidelity, ...]
    unit: str = "leaves"

    def __post_init__(self) -> None:
        if not self.sizes or len(self.sizes) != len(self.fidelities):
            raise InputError(
                f"A Curve needs one Fidelity a size; got {len(self.sizes)} sizes and "
                f"{len(self.fidelities)} fidelities."
            )
        if any(a >= b for a, b in zip(self.sizes, self.sizes[1:], strict=False)):
            raise InputError(f"The sizes of a Curve grow; got {self.sizes}.")

    def band(
        self, metric: str | None = None
    ) -> tuple[tuple[float | None, ...], tuple[float | None, ...], tuple[float | None, ...]]:
        """Values, lower ends and upper ends of one metric, the main one if not named."""
        name = self.fidelities[0].main.metric if metric is None else metric
        scores = [fidelity[name] for fidelity in self.fidelities]
        intervals = [score.interval for score in scores]
        return (
            tuple(score.value for score in scores),
            tuple(None if i is None else i.low for i in intervals),
            tuple(None if i is None else i.high for i in intervals),
        )

    def __iter__(self) -> Iterator[tuple[int, Fidelity]]:
        return iter(zip(self.sizes, self.fidelities, strict=True))

    def __len__(self) -> int:
        return len(self.sizes)

    def __str__(self) -> str:
        return "\n".join(f"{size} {self.unit}, {fidelity}" for size, fidelity in self)

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "sizes": list(self.sizes),
            "fidelities": [fidelity.to_dict() for fidelity in self.fidelities],
            "unit": self.unit,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Curve:
        """Rebuild what `to_dict` gave."""
        return cls(
            sizes=tuple(data["sizes"]),
            fidelities=tuple(Fidelity.from_dict(fidelity) for fidelity in data["fidelities"]),
            unit=data["unit"],
        )
