"""Opening what a command line can name: files of models, and Python objects."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from surrogate._optional import require
from surrogate.adapters._base import blame
from surrogate.adapters._rows import nearest
from surrogate.errors import InputError

__all__ = ["load"]


def load(target: str | Path, *, unpickle: bool = False) -> Any:
    """Load what `wrap` takes.

    Parameters
    ----------
    target : str or path
        A path to an .onnx file, which is given back as a path; "file.py:name" or
        "module:name", a Python object, such as a function or a fitted model; a .pkl,
        .pickle, .joblib, .pt or .pth file, which needs `unpickle`; or a URL, which is
        given back as it is; so is a .toml file that declares an endpoint.
    unpickle : bool, default=False
        Open pickles too. Loading one runs whatever code is in it: say True only of files
        that you trust.

    Returns
    -------
    object

    Raises
    ------
    InputError
        If there is no such file or object, its kind is unknown, or it is a pickle and
        `unpickle` is False.
    ModelError
        If loading it raises.

    Examples
    --------
    >>> from surrogate.adapters import load
    >>> load("math:floor")(2.5)
    2
    """
    text = str(target)
    if "://" in text:
        return text
    place, colon, name = text.rpartition(":")
    if colon and place and not Path(text).exists() and "\\\\" not in name and "/" not in name:
        return _object(place, name)
    if text.partition("#")[0].lower().endswith(".toml"):
        return text
    path = Path(target)
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    suffix = path.suffix.lower()
    if suffix == ".onnx":
        return path
    if suffix in _LOADERS:
        return _unpickled(path, _LOADERS[suffix], unpickle=unpickle)
    if suffix == ".py":
        raise InputError(f"Say which object of {path} is the model: {path}:name.")
    if suffix == ".safetensors":
        raise InputError(_WEIGHTS_ONLY.format(path=path))
    raise InputError(
        f"{path} is of no known kind; known are .onnx, {', '.join(_LOADERS)}, file.py:name and"
        " module:name."
    )


_WEIGHTS_ONLY = (
    "{path} holds weights and not the net they belong to; build the net in a Python file, load"
    " the weights there, and give file.py:name."
)


def _unpickled(path: Path, loader: Callable[[Path], Any], *, unpickle: bool) -> Any:
    """What is in a pickle, if the user says that it may be opened."""
    if unpickle is not True:
        raise InputError(
            f"{path} is not opened, because loading a {path.suffix} file can run any code that is"
            " in it. If you trust where it comes from, say unpickle=True (on the command line:"
            " --unpickle)."
        )
    with blame(f"Loading {path}"):
        model = loader(path)
    if isinstance(model, dict):
        raise InputError(_WEIGHTS_ONLY.format(path=path))
    return model


def _pickle(path: Path) -> Any:
    import pickle

    with path.open("rb") as file:
        return pickle.load(file)


def _joblib(path: Path) -> Any:
    return importlib.import_module("joblib").load(path)  # scikit-learn brings it


def _torch(path: Path) -> Any:
    torch = require("torch", extra="torch")
    return torch.load(path, map_location="cpu", weights_only=False)


_LOADERS: dict[str, Callable[[Path], Any]] = {
    ".joblib": _joblib,
    ".pickle": _pickle,
    ".pkl": _pickle,
    ".pt": _torch,
    ".pth": _torch,
}


def _object(place: str, name: str) -> Any:
    """A named object of a Python file or module."""
    module = _file_module(Path(place)) if place.endswith(".py") else _module(place)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            public = [n for n in vars(module) if not n.startswith("_")]
            raise InputError(f"{place} has no {name!r}{nearest(name, public)}.")
        found = getattr(found, part)
    return found


def _file_module(path: Path) -> ModuleType:
    """A Python file, run as a module of its own."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported as Python.")
    module = importlib.util.module_from_spec(spec)
    known = sys.modules.get(path.stem)
    ours = known is None or getattr(known, "__file__", None) == module.__file__
    if ours:  # so that what it defines can be pickled, and dataclasses find their module
        sys.modules[path.stem] = module
    try:
        with _first_on_path(path.parent), blame(f"Running {path}"):
            spec.loader.exec_module(module)
    except BaseException:
        if ours:
            del sys.modules[path.stem]
        raise
    return module


def _module(name: str) -> ModuleType:
    """An importable module, the working directory first."""
    with _first_on_path(Path.cwd()), blame(f"Importing {name}"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name and name.startswith(error.name):
                raise InputError(f"There is no module {name!r} to import.") from error
            raise


@contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    """Let imports look into a folder first, for as long as something is loaded."""
    entry = str(folder.resolve())
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)
