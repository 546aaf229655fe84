"""Pictures of a comparison: curves over the radius, verdicts as a forest, attacker × target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from surrogate._validate import Choice, Rule, Whole, check
from surrogate.errors import AbilityError, OptionError
from surrogate.explanation.contrast import Contrast
from surrogate.fidelity.values import metric_named
from surrogate.render.canvas import panels
from surrogate.render.names import clean, clip
from surrogate.render.plot_contrasts import Effect, plot_contrasts
from surrogate.render.plot_radius import Line, plot_radius
from surrogate.render.plot_transfer import plot_transfer, transfer_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from surrogate.explanation.compared import Measured, Region
    from surrogate.explanation.comparison import Comparison
    from surrogate.fidelity import Score

__all__ = ["KINDS", "Sweep", "effects", "lines", "plot", "sweeps", "transfers", "transfers_size"]

KINDS = ("radius", "contrasts", "transfer")
OVER = ("noise", "adversarial", "local")
TOP = 40
_TABLES, _WIDEST = 6, 11.0
_MODELS = 6  # in a table of transfer
_RULES: dict[str, Rule] = {"kind": Choice(KINDS), "top": Whole(1)}
_METRICS = (
    ("agreement", ("label",)),
    ("R2", ("probability", "value")),
    ("R2", ("margin",)),
    ("MSE", ("probability", "value")),
    ("output spread", ("probability", "value")),
    ("accuracy on true labels", ("label",)),
)
"""Drawn together, since one alone misleads."""


@dataclass(frozen=True)
class Sweep:
    """What changes from left to right in a picture of curves, and whose surrogates they are of.

    Parameters
    ----------
    method : str
    over : {"noise", "adversarial", "local"}
    attack : str
        For "adversarial"; each model's rows are those made on itself.
    """

    method: str
    over: str
    attack: str = ""

    @property
    def axis(self) -> str:
        """What the radius is."""
        if self.over == "local":
            return "kernel width"
        return "radius of the noise" if self.over == "noise" else f"radius of {self.attack}"

    def at(self, region: Region, model: str) -> float | None:
        """Where a region stands on the axis; None where it does not belong there."""
        if region.kind == "clean":
            return None if self.over == "local" else 0.0
        if region.kind != self.over or region.radius is None:
            return None
        if region.kind == "adversarial" and (region.attack, region.attacker) != (
            self.attack,
            model,
        ):
            return None
        return region.radius


def plot(
    comparison: Comparison,
    *,
    kind: str,
    method: str | None,
    over: str | None,
    trained: Mapping[str, float] | None,
    top: int,
    ax: Axes | None,
) -> list[Axes]:
    """Draw as `Comparison.plot` says."""
    check("Comparison.plot", _RULES, {"kind": kind, "top": top})
    if kind == "transfer":
        return _transfer(comparison, ax)
    if kind == "contrasts":
        found = effects(comparison, top=top, method=method)
        if not found:
            raise AbilityError("This comparison reached no verdict; there is none to draw.")
        return plot_contrasts(found, ax=ax)
    sweep = _sweep(comparison, method, over)
    return plot_radius(lines(comparison, sweep, trained=trained), xlabel=sweep.axis, ax=ax)


def sweeps(comparison: Comparison) -> tuple[Sweep, ...]:
    """All curves that have figures at two radii or more."""
    found: dict[Sweep, set[float]] = {}
    for one in comparison.measured:
        if not one.method or one.score.value is None:
            continue
        for over in OVER:
            attacks = _attacks(comparison) if over == "adversarial" else ("",)
            for attack in attacks:
                sweep = Sweep(one.method, over, attack)
                at = sweep.at(one.region, one.model)
                if at is not None:
                    found.setdefault(sweep, set()).add(at)
    order = {over: i for i, over in enumerate(OVER)}
    several = [sweep for sweep, radii in found.items() if len(radii) > 1]
    return tuple(sorted(several, key=lambda sweep: (sweep.method, order[sweep.over])))


def lines(
    comparison: Comparison, sweep: Sweep, *, trained: Mapping[str, float] | None = None
) -> dict[str, list[Line]]:
    """What `plot_radius` draws: by metric, the curve of every model.

    The spread of the output is the model's own, and stands beside each of its surrogates.
    """
    found: dict[str, list[Line]] = {}
    for metric, scales in _METRICS:
        rows = [m for m in comparison.measured if m.score.metric == metric and m.scale in scales]
        for model in comparison.models:
            points = sorted(_points(rows, sweep, model.name), key=lambda point: point[0])
            if not points:
                continue
            eps = (trained or {}).get(model.arm, model.facts.get("trained_eps"))
            known = float(eps) if isinstance(eps, int | float) and sweep.over != "local" else None
            scale = next(m.scale for m in rows)
            name = _titled(metric, scale)
            line = Line(model.name, tuple(points), arm=model.arm, trained=known)
            found.setdefault(name, []).append(line)
    return found


def effects(
    comparison: Comparison, *, top: int = TOP, method: str | None = None
) -> dict[str, list[Effect]]:
    """What `plot_contrasts` draws: by metric, the verdicts, held-out rows first."""
    rank = {"clean": 0, "local": 1, "noise": 2, "adversarial": 3}
    rows = [one for one in comparison.rows if method is None or one.method in ("", method)]
    rows = sorted(rows, key=lambda one: rank[one.region.kind])[:top]
    pairs = {(one.first, one.second) for one in rows}
    found: dict[str, list[Effect]] = {}
    for one in sorted(rows, key=_metric_rank):
        title = _titled(one.metric, one.scale)
        title += ", percentage points" if one.percent else ""
        if len(pairs) == 1:
            title += f": {_short(one.second)} less {_short(one.first)}"
        title += f" ({100 * one.level:g} % intervals)"
        found.setdefault(title, []).append(_effect(one, paired=len(pairs) > 1))
    return found


def transfers(comparison: Comparison) -> dict[str, dict[tuple[str, str], Score]]:
    """What `plot_transfer` draws: by attack and radius, scores by attacker and target."""
    found: dict[str, dict[tuple[str, str], Score]] = {}
    for one in comparison.transfer:
        radius = "" if one.radius is None else f", radius {one.radius:g}"
        cells = found.setdefault(f"{clean(one.attack)}{radius}", {})
        cells[one.attacker, one.target] = one.score
    return found


def transfers_size(comparison: Comparison) -> tuple[float, float]:
    """Width and height in inches of all transfer tables together."""
    width, height = transfer_size(len(_asked(comparison)))
    tables = min(_TABLES, len(transfers(comparison)))
    across = min(tables, _across(comparison)) or 1
    return width * across, height * max(1, -(-tables // across))


def _transfer(comparison: Comparison, ax: Axes | None) -> list[Axes]:
    tables = transfers(comparison)
    if not tables:
        raise AbilityError("This comparison has no adversarial rows; there is no table to draw.")
    shown = list(tables.items())[:_TABLES]
    size = transfers_size(comparison)
    parts = panels(ax, len(shown), columns=_across(comparison), size=size)
    names = _asked(comparison)
    for part, (title, cells) in zip(parts, shown):
        plot_transfer(names, cells, title=f"error rate on {title}", ax=part)
    return parts


def _asked(comparison: Comparison) -> list[str]:
    """Models that made or met adversarial rows; of many, the first of each arm."""
    there = {name for one in comparison.transfer for name in (one.attacker, one.target)}
    models = [model for model in comparison.models if model.name in there]
    if len(models) > _MODELS:
        models = list({model.arm: model for model in reversed(models)}.values())[::-1]
    return [model.name for model in models[:_MODELS]]


def _across(comparison: Comparison) -> int:
    return max(1, int(_WIDEST / transfer_size(len(_asked(comparison)))[0]))


def _sweep(comparison: Comparison, method: str | None, over: str | None) -> Sweep:
    """The curves that are meant.

    Raises
    ------
    OptionError
        If there are none such, naming those there are.
    AbilityError
        If no radius was swept at all.
    """
    there = sweeps(comparison)
    if not there:
        raise AbilityError(
            "This comparison has figures at one radius at most; there is no curve to draw."
        )
    for sweep in there:
        if method in (None, sweep.method) and over in (None, sweep.over):
            return sweep
    known = ", ".join(f"method={s.method!r} over={s.over!r}" for s in there)
    raise OptionError(
        f"Comparison.plot has no curve of method={method!r} over={over!r}; there are: {known}."
    )


def _attacks(comparison: Comparison) -> tuple[str, ...]:
    found = (one.region.attack for one in comparison.measured if one.region.attack)
    return tuple(dict.fromkeys(found))


def _points(rows: Sequence[Measured], sweep: Sweep, model: str) -> Iterator[tuple[float, Score]]:
    for one in rows:
        if one.model != model or one.method not in ("", sweep.method):
            continue
        at = sweep.at(one.region, model)
        if at is not None:
            yield at, one.score


def _effect(one: Contrast, *, paired: bool) -> Effect:
    factor = 100.0 if one.percent else 1.0
    value, low, high = (None if x is None else factor * x for x in (one.effect, one.low, one.high))
    pair = f"{_short(one.second)} less {_short(one.first)}, " if paired else ""
    by = clean(one.method) or "the models themselves"
    said = f"undefined: {clean(one.reason)}"
    if one.effect is not None:
        said = f"{one.effect_text()} ({one.interval_text()}; {one.p_text()}): {one.verdict}"
    return Effect(f"{pair}{by}, {one.region}", value, low, high, one.better, one.shown, said)


def _metric_rank(one: Contrast) -> int:
    for rank, (metric, scales) in enumerate(_METRICS):
        if one.metric == metric and one.scale in scales:
            return rank
    return len(_METRICS)


def _titled(metric: str, scale: str) -> str:
    symbol = metric_named(metric).symbol
    symbol = f"surrogate's {symbol}" if metric == "accuracy on true labels" else symbol
    return symbol if scale in ("label", "value") else f"{symbol} of the {scale}"


def _short(name: str) -> str:
    return clip(clean(name), 24)
