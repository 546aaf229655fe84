"""Domains as text, as HTML, and as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.domain.derivation import NotStored
from surrogate.domain.frame import Frame
from surrogate.types import Feature

if TYPE_CHECKING:
    from surrogate.domain.domain import Domain

__all__ = ["domain_html", "domain_text", "domain_to_dict", "parts_from_dict"]

_SHOWN = 30
_CATEGORIES = 5
_ROWS = {
    "array": "rows of an array",
    "columns": "columns by name",
    "pandas": "rows of a pandas DataFrame",
    "polars": "rows of a polars DataFrame",
}


def domain_text(domain: Domain) -> str:
    """A line for each feature, in columns."""
    rows = [(f.name, f.kind, _values(f), _notes(f, domain)) for f in domain.features[:_SHOWN]]
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    lines = [_title(domain)]
    lines += [
        "  ".join(["", *(row[k].ljust(widths[k]) for k in range(3)), row[3]]).rstrip()
        for row in rows
    ]
    if len(domain) > _SHOWN:
        lines.append(f"  ... and {len(domain) - _SHOWN} more")
    return "\n".join(lines)


def domain_html(domain: Domain) -> str:
    """A small table; everything from the user is escaped."""
    head = "".join(f"<th>{title}</th>" for title in ("feature", "kind", "values", "notes"))
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in (
            (f.name, f.kind, _values(f), _notes(f, domain)) for f in domain.features[:_SHOWN]
        )
    )
    more = len(domain) - _SHOWN
    tail = f"<tr><td colspan='4'>... and {more} more</td></tr>" if more > 0 else ""
    caption = f"<caption>{escape(_title(domain))}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}{tail}</tbody></table>"


def _title(domain: Domain) -> str:
    count = f"{len(domain)} feature{'s' * (len(domain) != 1)}"
    constrained = ", constrained" if domain.constraint is not None else ""
    return f"Domain of {count}, {_ROWS[domain.frame.kind]}{constrained}"


def _values(feature: Feature) -> str:
    """What values a feature can have."""
    unit = f" {feature.unit}" if feature.unit else ""
    if feature.categories:
        shown = ", ".join(str(label) for label in feature.categories[:_CATEGORIES])
        more = len(feature.categories) - _CATEGORIES
        return f"{shown}, ... ({more} more){unit}" if more > 0 else f"{shown}{unit}"
    if feature.kind == "binary":
        return "0, 1"
    if np.isinf(feature.low) and np.isinf(feature.high):
        return unit.strip()
    if np.isinf(feature.high):
        return f">= {feature.low:g}{unit}"
    if np.isinf(feature.low):
        return f"<= {feature.high:g}{unit}"
    return f"{feature.low:g} to {feature.high:g}{unit}"


def _notes(feature: Feature, domain: Domain) -> str:
    notes = [f"one of {name}" for name, members in domain.groups.items() if feature.name in members]
    notes += ["derived"] * (feature.name in domain.derived)
    notes += ["may be missing"] * feature.missing + ["protected"] * feature.protected
    return ", ".join(notes)


# ---- plain data ----


def domain_to_dict(domain: Domain) -> dict[str, Any]:
    """JSON safe: infinite bounds are null, functions are left out."""
    return {
        "features": [_feature_to_dict(feature) for feature in domain.features],
        "groups": {name: list(members) for name, members in domain.groups.items()},
        "derived": list(domain.derived),
        "constraint": domain.constraint is not None,
        "frame": domain.frame.to_dict(),
    }


def _feature_to_dict(feature: Feature) -> dict[str, Any]:
    return {
        "name": feature.name,
        "kind": feature.kind,
        "low": feature.low if np.isfinite(feature.low) else None,
        "high": feature.high if np.isfinite(feature.high) else None,
        "categories": list(feature.categories),
        "unit": feature.unit,
        "missing": feature.missing,
        "protected": feature.protected,
    }


def _feature_from_dict(data: Mapping[str, Any]) -> Feature:
    low = -np.inf if data["low"] is None else float(data["low"])
    high = np.inf if data["high"] is None else float(data["high"])
    return Feature(**{**data, "low": low, "high": high, "categories": tuple(data["categories"])})


def parts_from_dict(
    data: Mapping[str, Any], derived: Mapping[str, Any], constraint: Any
) -> dict[str, Any]:
    """Arguments of the domain that `domain_to_dict` wrote."""
    stubs = {n: derived.get(n, NotStored(f"Derived column {n!r}")) for n in data["derived"]}
    if constraint is None and data["constraint"]:
        constraint = NotStored("The constraint")
    return {
        "features": tuple(_feature_from_dict(feature) for feature in data["features"]),
        "groups": {name: tuple(members) for name, members in data["groups"].items()},
        "derived": stubs,
        "constraint": constraint,
        "frame": Frame.from_dict(data["frame"]),
    }
