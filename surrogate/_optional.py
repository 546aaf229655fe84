"""Optional libraries, imported when they are needed and not before."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from surrogate.errors import MissingDependency

__all__ = ["is_there", "require"]


def is_there(root: str) -> bool:
    """Whether a library could be imported; nothing is."""
    try:
        return importlib.util.find_spec(root) is not None
    except ImportError:
        return False


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional library, or say which extra brings it.

    Parameters
    ----------
    module : str
        Dotted name of the module, such as ``"torch"``.
    extra : str
        The extra of ``surrogate-toolkit`` that installs it.

    Returns
    -------
    module

    Raises
    ------
    MissingDependency
        If the library is not installed.

    Examples
    --------
    >>> from surrogate._optional import require
    >>> require("math", extra="none").floor(2.5)
    2
    """
    root = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != root:
            raise
        raise MissingDependency(
            f"This needs {root}, which is not installed; run: "
            f"pip install 'surrogate-toolkit[{extra}]'"
        ) from error
