"""The JSON beside a page: the same result, whole, for programs and for ``surrogate verify``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from surrogate.errors import InputError
from surrogate.explanation.serial import digest

if TYPE_CHECKING:
    from surrogate.report.write import Reportable

__all__ = ["Twin", "check_twin", "twin_of"]

_OURS = re.compile(r'\s*\{\s*"schema":\s*"surrogate/')
_HEAD = 200


@dataclass(frozen=True)
class Twin:
    """A result as JSON, and where it goes.

    Parameters
    ----------
    path : Path
        Of the page, with the suffix ".json".
    text : str
    sha256 : str
        The hash that the document bears, however it is laid out.
    """

    path: Path
    text: str
    sha256: str


def twin_of(result: Reportable, page: Path) -> Twin:
    """The JSON that belongs to a page.

    Raises
    ------
    InputError
        If it would replace a file that is none of ours.
    """
    text = result.to_json() + "\n"
    return Twin(check_twin(page), text, digest(text))


def check_twin(page: Path) -> Path:
    """Where the JSON beside a page goes.

    Raises
    ------
    InputError
        If that is the page itself, or a file that holds something else.
    """
    path = page.with_suffix(".json")
    if path == page:
        raise InputError(
            f"{page} is to be an HTML page, and its JSON is written beside it under that name; "
            f"name the page {page.with_suffix('.html').name}."
        )
    if path.is_dir() or (path.exists() and not _is_ours(path)):
        raise InputError(
            f"The JSON beside the page would replace {path}, which is no result of surrogate's; "
            "move it, or give the page another name."
        )
    return path


def _is_ours(path: Path) -> bool:
    """Whether a file begins as a result does, or is empty."""
    with path.open(encoding="utf-8", errors="replace") as file:
        head = file.read(_HEAD)
    return not head.strip() or _OURS.match(head) is not None
