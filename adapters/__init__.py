"""Black boxes: one attempt at one batch, in the model's own format.

An adapter knows nothing of surrogates, budgets or retries. `wrap` picks one by looking at
the object; the classes are public for those who want their options.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if __name__ != "surrogate.adapters":
    raise ImportError(
        f"This package is surrogate.adapters and was imported as {__name__!r}. "
        "Write `from surrogate.adapters import wrap`, and take the folder that holds "
        "adapters/ off sys.path if it stands before the installed packages."
    )

if TYPE_CHECKING:
    from surrogate.adapters._load import load
    from surrogate.adapters._wrap import wrap
    from surrogate.adapters.callable import CallableBox
    from surrogate.adapters.http import Endpoint, HttpBox, Secret
    from surrogate.adapters.mlp import MlpBox
    from surrogate.adapters.onnx import OnnxBox
    from surrogate.adapters.sklearn import SklearnBox
    from surrogate.adapters.torch import TorchBox

_EXPORTS = {
    "CallableBox": "surrogate.adapters.callable",
    "Endpoint": "surrogate.adapters.http",
    "HttpBox": "surrogate.adapters.http",
    "MlpBox": "surrogate.adapters.mlp",
    "OnnxBox": "surrogate.adapters.onnx",
    "Secret": "surrogate.adapters.http",
    "SklearnBox": "surrogate.adapters.sklearn",
    "TorchBox": "surrogate.adapters.torch",
    "load": "surrogate.adapters._load",
    "wrap": "surrogate.adapters._wrap",
}

__all__ = [
    "CallableBox",
    "Endpoint",
    "HttpBox",
    "MlpBox",
    "OnnxBox",
    "Secret",
    "SklearnBox",
    "TorchBox",
    "load",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_EXPORTS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_EXPORTS})
