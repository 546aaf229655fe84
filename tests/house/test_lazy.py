"""``import surrogate`` stays light: it loads nothing that it may not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = [
    "IPython",
    "httpx2",
    "jinja2",
    "lime",
    "matplotlib",
    "narwhals",
    "onnx",
    "onnxruntime",
    "pandas",
    "polars",
    "scipy",
    "shap",
    "sklearn",
    "torch",
    "tqdm",
]


def loaded_after(statement: str) -> list[str]:
    """Which of HEAVY are loaded after a statement, in a fresh interpreter."""
    code = f"{statement}; import sys; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_the_package_loads_no_heavy_library() -> None:
    assert loaded_after("import surrogate") == []


def test_the_probe_sees_what_is_loaded() -> None:
    assert loaded_after("import tqdm") == ["tqdm"]


def test_listing_the_names_loads_no_heavy_library() -> None:
    assert loaded_after("import surrogate; dir(surrogate); surrogate.__version__") == []


@pytest.mark.parametrize("room", ["errors", "types", "forms", "domain", "adapters"])
def test_low_rooms_load_no_heavy_library(room: str) -> None:
    allowed = {"narwhals"} if room == "domain" else set()
    assert set(loaded_after(f"import surrogate.{room}")) <= allowed


@pytest.mark.parametrize("room", ["oracle", "sampling", "fidelity", "explanation", "report"])
def test_rooms_below_the_algorithms_load_only_scipy(room: str) -> None:
    assert set(loaded_after(f"import surrogate.{room}")) <= {"narwhals", "scipy", "tqdm"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["audit", "--help"]])
def test_help_on_the_command_line_loads_no_heavy_library(arguments: list[str]) -> None:
    call = (
        "import contextlib, io\n"
        "from surrogate.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        f"    main({arguments!r})\n"
        "pass"
    )
    assert loaded_after(call) == []
