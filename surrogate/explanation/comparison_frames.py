"""A comparison as long tables of pandas: one figure a line, its interval beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from surrogate.errors import InputError
from surrogate.explanation.compared import Region
from surrogate.explanation.frames import pandas, score_cells

if TYPE_CHECKING:
    import pandas as pd

    from surrogate.explanation.comparison import Comparison

__all__ = ["frame"]


def frame(comparison: Comparison, what: str) -> pd.DataFrame:
    """The table of that name.

    Raises
    ------
    InputError
        If there is none.
    MissingDependency
        If pandas is not installed.
    """
    if what not in _TABLES:
        known = ", ".join(map(repr, _TABLES))
        raise InputError(f"The tables of a Comparison are {known}; got {what!r}.")
    return pandas().DataFrame(list(_TABLES[what](comparison)))  # type: ignore[no-any-return]


def _contrasts(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for one in comparison.rows:
        line = one.to_dict()
        del line["region"]
        yield {**_where(one.region), **line}


def _measured(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for one in comparison.measured:
        yield {
            "model": one.model,
            "arm": one.arm,
            "method": one.method,
            **_where(one.region),
            "scale": one.scale,
            **score_cells(one.score),
        }


def _models(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for one in comparison.models:
        who = {"model": one.name, "arm": one.arm}
        if one.accuracy is not None:
            yield {**who, "on": "held-out rows", **score_cells(one.accuracy)}
        for score in one.calibration:
            yield {**who, "on": "held-out rows", **score_cells(score)}
        for robust in one.robust:
            on = Region("adversarial", robust.radius, robust.attack, one.name)
            yield {**who, "on": str(on), **score_cells(robust.score)}
        for region, score in one.spread:
            yield {**who, "on": region, **score_cells(score)}


def _transfer(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for one in comparison.transfer:
        line = one.to_dict()
        del line["score"]
        yield {**line, **score_cells(one.score)}


_TABLES: Mapping[str, Callable[[Comparison], Iterator[dict[str, Any]]]] = MappingProxyType(
    {
        "contrasts": _contrasts,
        "measured": _measured,
        "models": _models,
        "transfer": _transfer,
    }
)


def _where(region: Region) -> dict[str, Any]:
    """The region in words, and in columns to sort by."""
    return {
        "region": str(region),
        "kind": region.kind,
        "radius": region.radius,
        "attack": region.attack,
        "attacker": region.attacker,
    }
