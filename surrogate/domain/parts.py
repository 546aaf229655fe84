"""Checks that a domain's parts fit each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from surrogate.domain.encoding import listed, suggestion
from surrogate.domain.frame import Frame
from surrogate.errors import DataError
from surrogate.types import Feature

__all__ = ["check_parts"]


def check_parts(
    features: tuple[Feature, ...],
    groups: Mapping[str, tuple[str, ...]],
    derived: Iterable[str],
    frame: Frame,
) -> None:
    """Raise unless features, groups, derived columns and frame fit each other."""
    by_name = {feature.name: feature for feature in features}
    if not features:
        raise DataError("A domain needs at least one feature.")
    if len(by_name) < len(features):
        names = [feature.name for feature in features]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"The domain has features of one name: {listed(twice)}.")
    if len(frame.columns) != len(features):
        raise DataError(f"The frame has {len(frame.columns)} columns for {len(features)} features.")
    for feature in features:
        _check_feature(feature)
    for name in derived:
        if name not in by_name:
            raise DataError(f"The derived column {name!r} is not a feature of the domain.")
    grouped: set[str] = set()
    for group, members in groups.items():
        _check_group(group, members, by_name, grouped | set(derived))
        grouped |= set(members)


def _check_feature(feature: Feature) -> None:
    if feature.low > feature.high:
        raise DataError(
            f"Feature {feature.name!r} has its lower bound {feature.low:g} above its upper bound "
            f"{feature.high:g}."
        )
    if len(set(feature.categories)) < len(feature.categories):
        raise DataError(f"Feature {feature.name!r} names a category twice.")
    if feature.kind in ("continuous", "integer") and feature.categories:
        raise DataError(
            f"Feature {feature.name!r} is {feature.kind}, so it can have no categories; declare it "
            f"ordinal or categorical."
        )
    if feature.kind == "categorical" and not feature.categories:
        raise DataError(f"Feature {feature.name!r} is categorical but names no categories.")
    if feature.kind == "binary" and len(feature.categories) not in (0, 2):
        raise DataError(
            f"Feature {feature.name!r} is binary but has {len(feature.categories)} categories."
        )


def _check_group(
    group: str, members: tuple[str, ...], by_name: Mapping[str, Feature], taken: set[str]
) -> None:
    if len(members) < 2:
        raise DataError(f"The one-hot group {group!r} needs at least two columns.")
    for member in members:
        if member not in by_name:
            raise DataError(
                f"The one-hot group {group!r} names the unknown column {member!r}"
                f"{suggestion(member, by_name) or '.'}"
            )
        if member in taken or members.count(member) > 1:
            raise DataError(f"Column {member!r} is in two groups, or derived and in a group.")
        feature = by_name[member]
        if feature.kind != "binary" or feature.is_coded or feature.missing:
            raise DataError(
                f"Column {member!r} of the one-hot group {group!r} must be 0 or 1 and complete."
            )
