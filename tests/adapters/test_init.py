from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import surrogate.adapters

ROOT = Path(__file__).resolve().parents[2]


def test_the_public_names() -> None:
    boxes = {"CallableBox", "HttpBox", "MlpBox", "OnnxBox", "SklearnBox", "TorchBox"}
    names = {*boxes, "Endpoint", "Secret", "load", "wrap"}
    assert set(surrogate.adapters.__all__) == names
    assert names <= set(dir(surrogate.adapters))
    for name in names:
        assert callable(getattr(surrogate.adapters, name))
    with pytest.raises(AttributeError, match="has no attribute 'KerasBox'"):
        surrogate.adapters.KerasBox  # noqa: B018


def test_another_name_is_refused() -> None:
    spec = importlib.util.spec_from_file_location("adapters", ROOT / "adapters" / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.raises(ImportError, match=r"is surrogate\.adapters and was imported as 'adapters'"):
        spec.loader.exec_module(module)
