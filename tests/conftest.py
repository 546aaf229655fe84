"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no failure.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50
)
settings.load_profile("house")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """Path of a file of the project's shared data, or a skip that says so."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"the shared data file {name} is not beside this checkout")
        return path

    return find


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=0))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", help='a GPU to run device tests on, such as "cuda"')


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    """The GPU of `--device`, or a skip that says why there is none."""
    name: str | None = request.config.getoption("--device")
    torch = pytest.importorskip("torch")
    if name is None:
        pytest.skip("no GPU was named; with one, run: pytest --device cuda")
    if name.partition(":")[0] == "cuda" and not torch.cuda.is_available():
        pytest.skip(f"--device {name}: torch finds no CUDA device here")
    return name
