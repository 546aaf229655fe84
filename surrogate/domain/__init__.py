"""What a row is, and the way between the user's rows and the internal matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surrogate.domain.domain import Domain
from surrogate.domain.frame import ColumnType, Frame
from surrogate.domain.images import ImageMasks, Images
from surrogate.domain.masks import MaskDomain
from surrogate.domain.table import read_table
from surrogate.domain.texts import TextMasks, Texts

__all__ = [
    "ColumnType",
    "Domain",
    "Frame",
    "ImageMasks",
    "Images",
    "MaskDomain",
    "TextMasks",
    "Texts",
    "domain_from_dict",
    "read_table",
]


def domain_from_dict(data: Mapping[str, Any]) -> Domain:
    """The domain that a `to_dict` described: of a table, of one image, or of one text.

    Examples
    --------
    >>> from surrogate.domain import Domain, Texts, domain_from_dict
    >>> (domain,) = Texts().domains(["good film"])
    >>> domain_from_dict(domain.to_dict()) == domain
    True
    """
    kinds: dict[Any, type[MaskDomain]] = {"image": ImageMasks, "text": TextMasks}
    return kinds.get(data.get("domain"), Domain).from_dict(data)
