"""Where sums are taken."""

from __future__ import annotations

from surrogate._optional import require
from surrogate.errors import OptionError

__all__ = ["place_of"]


def place_of(named: str | None, box: str) -> str:
    """The device that was named, or that of the box.

    Raises
    ------
    OptionError
        If torch knows or finds no such device.
    """
    if named is None or named == "cpu":
        return named or box
    torch = require("torch", extra="torch")
    try:
        torch.empty(0, device=named)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise OptionError(
            f"The `device` parameter of Lime names {named!r}, which torch does not find here "
            f"({reason}); leave it out, or say 'cpu'."
        ) from error
    return named
