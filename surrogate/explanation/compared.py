"""The parts of a comparison: where was measured, what of whom, and what was concluded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from surrogate.errors import InputError
from surrogate.explanation.parts import optional
from surrogate.explanation.serial import plain
from surrogate.fidelity import Score

__all__ = [
    "About",
    "Measured",
    "ModelFacts",
    "Region",
    "RegionKind",
    "RobustAccuracy",
    "Scale",
    "Size",
    "Transfer",
]

RegionKind: TypeAlias = Literal["clean", "noise", "adversarial", "local"]
Scale: TypeAlias = Literal["label", "probability", "logit", "margin", "value"]
About: TypeAlias = Literal["these nets", "the training recipe"]
_KINDS = ("clean", "noise", "adversarial", "local")


@dataclass(frozen=True)
class Region:
    """The rows that something was measured on.

    Parameters
    ----------
    kind : {"clean", "noise", "adversarial", "local"}
        Held-out rows; the same with noise; rows made by an attack; fresh perturbations
        around single rows.
    radius : float or None
        Of the noise or the attack, in the unit of its norm; of "local", the kernel's width.
        None where there is none, or it is the method's own.
    attack : str
        Name in `surrogate.robust.attacks.ATTACKS`, for "adversarial".
    attacker : str
        The model that the adversarial rows were made on.

    Raises
    ------
    InputError
        If the kind is unknown, or adversarial rows do not say their attack.

    Examples
    --------
    >>> from surrogate.explanation import Region
    >>> print(Region("adversarial", 0.3, "pgd", "natural"))
    pgd rows of radius 0.3 made on natural
    >>> print(Region("local", 1.5), "|", Region("clean"))
    around rows, width 1.5 | held-out rows
    """

    kind: RegionKind
    radius: float | None = None
    attack: str = ""
    attacker: str = ""

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise InputError(f"A Region is one of {', '.join(_KINDS)}; got {self.kind!r}.")
        if self.kind == "adversarial" and not self.attack:
            raise InputError("A Region of adversarial rows needs the attack that made them.")
        if self.radius is not None:
            object.__setattr__(self, "radius", float(self.radius))

    def __str__(self) -> str:
        if self.kind == "clean":
            return "held-out rows"
        if self.kind == "local":
            return "around rows" + ("" if self.radius is None else f", width {self.radius:.3g}")
        of = "" if self.radius is None else f" of radius {self.radius:g}"
        if self.kind == "noise":
            return f"noise{of}"
        return f"{self.attack} rows{of}" + (f" made on {self.attacker}" if self.attacker else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Region:
        """Rebuild what `to_dict` gave."""
        return cls(**data)


@dataclass(frozen=True)
class RobustAccuracy:
    """How often a model is right on rows that an attack made on it.

    Parameters
    ----------
    attack : str
    radius : float or None
        None for an attack that seeks the nearest row.
    score : Score
        Metric "robust accuracy".
    """

    attack: str
    radius: float | None
    score: Score

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {"attack": self.attack, "radius": self.radius, "score": self.score.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RobustAccuracy:
        """Rebuild what `to_dict` gave."""
        return cls(data["attack"], data["radius"], Score.from_dict(data["score"]))


@dataclass(frozen=True, eq=False)
class ModelFacts:
    """One model of a comparison: what it is, how good, how calibrated, how robust.

    Parameters
    ----------
    name : str
        "natural", or "natural/0" where an arm has several training seeds.
    arm : str
        What it is one of; the name itself where it stands alone.
    adapter : str
        How it is asked: "onnx", "torch", "http", ...
    accuracy : Score or None
        Against the true classes of the held-out rows, where they were given.
    calibration : tuple of Score
        "ECE" and "Brier", where there are true classes and probabilities.
    robust : tuple of RobustAccuracy
        One an attack and radius.
    spread : tuple of (str, Score)
        Spread of the output, one a region and scale: a model that hardly varies is easily
        followed.
    facts : mapping
        File hash, endpoint, dtype and the like.
    notes : tuple of str
        What a reader must know of it: a constant model, a suspected input scale.
    """

    name: str
    arm: str
    adapter: str = ""
    accuracy: Score | None = None
    calibration: tuple[Score, ...] = ()
    robust: tuple[RobustAccuracy, ...] = ()
    spread: tuple[tuple[str, Score], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", plain(self.facts))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModelFacts):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "name": self.name,
            "arm": self.arm,
            "adapter": self.adapter,
            "accuracy": None if self.accuracy is None else self.accuracy.to_dict(),
            "calibration": [score.to_dict() for score in self.calibration],
            "robust": [one.to_dict() for one in self.robust],
            "spread": [[region, score.to_dict()] for region, score in self.spread],
            "facts": self.facts,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ModelFacts:
        """Rebuild what `to_dict` gave."""
        return cls(
            name=data["name"],
            arm=data["arm"],
            adapter=data["adapter"],
            accuracy=optional(Score.from_dict, data["accuracy"]),
            calibration=tuple(Score.from_dict(one) for one in data["calibration"]),
            robust=tuple(RobustAccuracy.from_dict(one) for one in data["robust"]),
            spread=tuple((region, Score.from_dict(one)) for region, one in data["spread"]),
            facts=data["facts"],
            notes=tuple(data["notes"]),
        )


@dataclass(frozen=True)
class Measured:
    """One figure: how well one method follows one model, in one region, by one metric.

    Parameters
    ----------
    model, arm : str
    method : str
        Name in `surrogate.methods.METHODS`; empty for a figure of the model itself.
    region : Region
    scale : {"label", "probability", "logit", "margin", "value"}
        What of the answer is compared; "value" for regression.
    score : Score
        Its metric is "agreement", "R2", "MSE", "output spread"; or "accuracy on true labels"
        for the surrogate's own, which says how much of its fidelity is only the task.
    """

    model: str
    arm: str
    method: str
    region: Region
    scale: Scale
    score: Score

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "model": self.model,
            "arm": self.arm,
            "method": self.method,
            "region": self.region.to_dict(),
            "scale": self.scale,
            "score": self.score.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Measured:
        """Rebuild what `to_dict` gave."""
        read = dict(data)
        read["region"] = Region.from_dict(read["region"])
        read["score"] = Score.from_dict(read["score"])
        return cls(**read)


@dataclass(frozen=True, eq=False)
class Size:
    """How large one model's surrogate is, and how alike its refits are.

    Parameters
    ----------
    model, method : str
    size : mapping from str to float
        Leaves, depth, rules, ... as the form counts them.
    stability : Score or None
        The main score of its refits.
    """

    model: str
    method: str
    size: Mapping[str, float]
    stability: Score | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", plain(self.size))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Size):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "model": self.model,
            "method": self.method,
            "size": self.size,
            "stability": None if self.stability is None else self.stability.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Size:
        """Rebuild what `to_dict` gave."""
        stability = optional(Score.from_dict, data["stability"])
        return cls(data["model"], data["method"], data["size"], stability)


@dataclass(frozen=True)
class Transfer:
    """How often one model is wrong on rows that an attack made on another, or on itself.

    Parameters
    ----------
    attack : str
    radius : float or None
    attacker, target : str
        The model that the rows were made on, and the one that answers.
    score : Score
        Metric "error rate"; intervals by source row.
    """

    attack: str
    radius: float | None
    attacker: str
    target: str
    score: Score

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "attack": self.attack,
            "radius": self.radius,
            "attacker": self.attacker,
            "target": self.target,
            "score": self.score.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Transfer:
        """Rebuild what `to_dict` gave."""
        return cls(**{**data, "score": Score.from_dict(data["score"])})
