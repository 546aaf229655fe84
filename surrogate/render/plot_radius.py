"""Curves over the radius: one line a model, each with its band, one small picture a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surrogate.render.canvas import CLASS_COLOURS, GREY, MARKERS, label, panels, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from surrogate.fidelity import Score

__all__ = ["Line", "plot_radius", "radius_size"]

_COLUMNS = 2
_FEW = 3  # lines of one arm that each get marks and whiskers
_DOTS = (0, (1, 2))
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


@dataclass(frozen=True)
class Line:
    """Scores of one model over the radius.

    Parameters
    ----------
    name : str
    points : tuple of (float, Score)
        With growing radii; an undefined score leaves a gap.
    arm : str
        Lines of one arm share their colour and one line of the key.
    trained : float or None
        The radius that the model was trained for; marked.
    """

    name: str
    points: tuple[tuple[float, Score], ...]
    arm: str = ""
    trained: float | None = None


def radius_size(n: int) -> tuple[float, float]:
    """Width and height in inches of n small pictures."""
    return 8.4, 0.5 + 2.3 * -(-n // _COLUMNS)


def plot_radius(
    metrics: Mapping[str, Sequence[Line]],
    *,
    xlabel: str = "radius",
    ax: Axes | None = None,
) -> list[Axes]:
    """Draw each metric over the radius, a line and its band for every model.

    One metric alone misleads: R² falls where a model varies less, and its errors with it.

    Parameters
    ----------
    metrics : mapping from str to sequence of Line
        What each small picture is called, and its lines.
    xlabel : str
    ax : matplotlib.axes.Axes, optional
        Its place is divided; new ones if not given.

    Returns
    -------
    list of matplotlib.axes.Axes
        One a metric.

    Raises
    ------
    MissingDependency
        If matplotlib is not installed.
    """
    parts = panels(ax, len(metrics), columns=_COLUMNS, size=radius_size(len(metrics)))
    arms = list(dict.fromkeys(_arm(line) for lines in metrics.values() for line in lines))
    for part, (metric, lines) in zip(parts, metrics.items()):
        for line in lines:
            beside = sum(_arm(other) == _arm(line) for other in lines)
            _line(part, line, arms.index(_arm(line)), beside=beside)
        _trained(part, lines, arms)
        part.set_title(label(metric, 60), loc="left", fontsize="small", parse_math=False)
        part.set_ylabel(_unit(lines), parse_math=False)
        tidy(part, keep=("bottom", "left"))
        part.tick_params(length=3)
    for part in parts[-_COLUMNS:]:
        part.set_xlabel(label(xlabel, 60), parse_math=False)
    if parts:
        _key(parts[0], arms, trained=any(o.trained for lines in metrics.values() for o in lines))
    return parts


def _line(ax: Axes, line: Line, at: int, *, beside: int) -> None:
    """A model's scores with their band; the more lines of one arm, the fainter each."""
    colour = CLASS_COLOURS[at % len(CLASS_COLOURS)]
    factor = 100.0 if any(score.percent for _, score in line.points) else 1.0
    x = np.array([radius for radius, _ in line.points], dtype=np.float64)
    three = factor * np.array([_three(score) for _, score in line.points]).reshape(-1, 3)
    ax.fill_between(x, three[:, 1], three[:, 2], color=colour, alpha=0.16 / beside, linewidth=0)
    several = beside > _FEW
    alone = np.isfinite(three[:, 1:]).all(axis=1) & (not several)
    ax.vlines(x[alone], three[alone, 1], three[alone, 2], color=colour, linewidth=1, alpha=0.6)
    ax.plot(
        x,
        three[:, 0],
        color=colour,
        marker="none" if several else MARKERS[at % len(MARKERS)],
        markersize=4,
        linestyle=_DASHES[at % len(_DASHES)],
        linewidth=0.8 if several else 1.5,
    )


def _trained(ax: Axes, lines: Sequence[Line], arms: Sequence[str]) -> None:
    """A dotted line at each radius that was trained for: inside to its left, outside right."""
    marks = {(_arm(line), line.trained) for line in lines if line.trained}
    for arm, radius in sorted(marks, key=str):
        colour = CLASS_COLOURS[arms.index(arm) % len(CLASS_COLOURS)]
        ax.axvline(radius or 0.0, color=colour, linestyle=_DOTS, linewidth=1.2)


def _key(ax: Axes, arms: Sequence[str], *, trained: bool) -> None:
    """Above the first small picture: the arms, with their colour, line and mark."""
    for at in range(len(arms)):
        ax.plot(
            [],
            [],
            color=CLASS_COLOURS[at % len(CLASS_COLOURS)],
            marker=MARKERS[at % len(MARKERS)],
            markersize=4,
            linestyle=_DASHES[at % len(_DASHES)],
            label=f"arm {at}",
        )
    said = [label(arm, 40) for arm in arms]
    if trained:
        said.append("the radius trained for")
        ax.plot([], [], color=GREY, linestyle=_DOTS, linewidth=1.2, label="trained")
    key = ax.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.12),
        ncols=min(5, max(1, len(said))),
        frameon=False,
        fontsize="small",
        borderpad=0,
    )
    for text, name in zip(key.get_texts(), said):
        text.set_parse_math(False)
        text.set_text(name)


def _arm(line: Line) -> str:
    return line.arm or line.name


def _three(score: Score) -> tuple[float, float, float]:
    """Value and ends; what is not known is NaN, which is not drawn."""
    nan = float("nan")
    value = nan if score.value is None else score.value
    ends = score.interval
    return (value, nan, nan) if ends is None else (value, ends.low, ends.high)


def _unit(lines: Sequence[Line]) -> str:
    """The metric, its unit and the level of the bands."""
    scores = [score for line in lines for _, score in line.points]
    levels = {100 * s.interval.level for s in scores if s.interval is not None}
    band = f"{levels.pop():g} % band" if len(levels) == 1 else ""
    percent = "%" if any(s.percent for s in scores) else ""
    return ", ".join(part for part in (percent, band) if part)
