"""One verdict on two models: which is higher in one metric, by how much, and of what it speaks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from surrogate.errors import InputError
from surrogate.explanation.compared import About, Region, Scale
from surrogate.fidelity.values import metric_named

__all__ = ["VERDICTS", "Contrast", "Finding", "Unit"]

Finding: TypeAlias = Literal["higher", "lower", "no difference shown"]
Unit: TypeAlias = Literal["source rows", "training seeds"]
VERDICTS: tuple[Finding, ...] = ("higher", "lower", "no difference shown")
_NUMBERS = ("effect", "low", "high", "p", "p_holm")


@dataclass(frozen=True)
class Contrast:
    """Whether `second` is higher than `first` in one metric, or lower.

    Parameters
    ----------
    first, second : str
        Models or arms.
    method : str
        Method of the surrogates; empty where the models themselves are compared.
    region : Region
    metric : str
        "agreement", "R2", "MSE", "output spread", "accuracy", ...
    scale : {"label", "probability", "logit", "margin", "value"}
    verdict : {"higher", "lower", "no difference shown"}
        Of `second` against `first`. What is higher is not always better: see `better`.
    effect : float or None
        Of `second`, less that of `first`, in the metric's unit. None where undefined.
    low, high : float or None
        Interval of the effect by itself, at `level`; not simultaneous over the family.
    p, p_holm : float or None
        Of the permutation test; corrected for the declared family.
    about : {"these nets", "the training recipe"}
    level : float
        Of the interval; the verdict holds where ``p_holm <= 1 - level``.
    n : int
        Source rows, or training seeds of both arms.
    unit : {"source rows", "training seeds"}
        What was permuted.
    reason : str
        Why there is no p, or what is missing for a wider claim.

    Raises
    ------
    InputError
        If the verdict is another word, or contradicts its figures.

    Examples
    --------
    >>> from surrogate.explanation import Contrast, Region
    >>> found = Contrast("natural", "robust", "cart", Region("clean"), "agreement", "label",
    ...                  "higher", 0.031, 0.012, 0.05, 0.0005, 0.004, "these nets")
    >>> found.effect_text(), found.interval_text(), found.better
    ('+3.1 points', '+1.2 to +5.0', True)
    """

    first: str
    second: str
    method: str
    region: Region
    metric: str
    scale: Scale
    verdict: Finding
    effect: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    about: About
    level: float = 0.95
    n: int = 0
    unit: Unit = "source rows"
    reason: str = ""

    def __post_init__(self) -> None:
        for name in _NUMBERS:
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InputError(f"The {name} of a Contrast is finite or None; got {value}.")
        if self.verdict not in VERDICTS:
            raise InputError(f"A verdict is one of {', '.join(VERDICTS)}; got {self.verdict!r}.")
        wrong = self.verdict != VERDICTS[2] and (
            not self.effect or (self.effect > 0) != (self.verdict == "higher")
        )
        if wrong:
            raise InputError(
                f"The verdict {self.verdict!r} contradicts an effect of {self.effect}."
            )

    @property
    def shown(self) -> bool:
        """Whether a difference is shown."""
        return self.verdict != VERDICTS[2]

    @property
    def better(self) -> bool | None:
        """Whether `second` is better; None if no difference is shown, or neither way is better."""
        if not self.shown or self.metric == "output spread":
            return None
        return (self.verdict == "higher") == metric_named(self.metric).higher_is_better

    @property
    def percent(self) -> bool:
        """Whether effect and interval are shares, printed in percentage points."""
        return metric_named(self.metric).percent

    def effect_text(self) -> str:
        """The effect with its sign: percentage points for shares."""
        if self.effect is None:
            return "undefined"
        text = _signed(self.effect, self.percent, _decimals(self))
        return f"{text} points" if self.percent else text

    def interval_text(self) -> str:
        """The ends of the effect's interval, rounded outwards; why there is none."""
        if self.low is None or self.high is None:
            return f"no interval: {self.reason}" if self.reason else "no interval"
        decimals = _decimals(self)
        low, high = (
            _signed(end, self.percent, decimals, toward)
            for end, toward in ((self.low, -1), (self.high, 1))
        )
        return f"{low} to {high}"

    def p_text(self) -> str:
        """The corrected p value in words and figures."""
        if self.p_holm is None:
            return "no p"
        return f"Holm p = {p_number(self.p_holm)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Contrast:
        """Rebuild what `to_dict` gave."""
        return cls(**{**data, "region": Region.from_dict(data["region"])})


def p_number(p: float) -> str:
    """A p value to three decimals or its first digit, rounded up so that it never claims more.

    Examples
    --------
    >>> from surrogate.explanation.contrast import p_number
    >>> p_number(0.0312), p_number(1.0), p_number(0.0001), p_number(0.04999)
    ('.032', '1', '.0001', '.050')
    """
    if p >= 0.9995:
        return "1"
    decimals = 3 if p >= 0.001 else min(9, max(4, math.ceil(-math.log10(max(p, 1e-9)))))
    unit = 10.0**decimals
    text = f"{math.ceil(p * unit - 1e-6) / unit:.{decimals}f}"
    return text.removeprefix("0") if text.startswith("0.") else "1"


def _decimals(contrast: Contrast) -> int:
    """Decimals that the interval's width calls for; one for shares, three where unsure."""
    if contrast.percent:
        return 1
    if contrast.low is None or contrast.high is None or contrast.low == contrast.high:
        width = abs(contrast.effect or 1.0)
    else:
        width = contrast.high - contrast.low
    return min(9, max(0, 1 - math.floor(math.log10(max(width, 1e-9)))))


def _signed(value: float, percent: bool, decimals: int, toward: int = 0) -> str:
    """A value with its sign, rounded to nearest, down (-1) or up (1)."""
    scaled = value * (100 if percent else 1)
    unit = 10.0**decimals
    if toward:
        up, slack = math.ceil, 1e-6
        scaled = (up(scaled * unit - slack) if toward > 0 else -up(-scaled * unit - slack)) / unit
    return f"{scaled:+z,.{decimals}f}"
