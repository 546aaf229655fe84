"""The sdist carries what the wheel needs, and the wheel carries what the package needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import surrogate

BUILT = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "dist", "out", "_build",
    "*.egg-info",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with an sdist made from a copy of the tree, and the wheel made from that sdist."""
    pytest.importorskip("build", reason="needs the test extra")
    folder = tmp_path_factory.mktemp("built")
    tree = folder / "tree"
    shutil.copytree(root, tree, symlinks=True, ignore=BUILT)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def in_wheel(built: Path) -> set[str]:
    (wheel,) = built.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def in_sdist(built: Path) -> set[str]:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def sources(root: Path) -> set[str]:
    """Paths inside the wheel of every file of the package."""
    kinds = {".py", ".html", ".css", ".js", ".typed", ".toml"}
    own = {p for p in (root / "surrogate").rglob("*") if "adapters" not in p.parts}
    paths = {str(p.relative_to(root)) for p in own if p.suffix in kinds or p.name == "py.typed"}
    adapters = {p for p in (root / "adapters").rglob("*") if p.suffix in kinds}
    return paths | {str(Path("surrogate", p.relative_to(root))) for p in adapters}


def test_the_wheel_made_from_the_sdist_is_whole(root: Path, in_wheel: set[str]) -> None:
    package = {name for name in in_wheel if ".dist-info/" not in name}
    assert package == sources(root)
    assert "surrogate/adapters/__init__.py" in package


def test_the_wheel_is_named_and_licensed(built: Path, in_wheel: set[str]) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.name == f"surrogate_toolkit-{surrogate.__version__}-py3-none-any.whl"
    info = f"surrogate_toolkit-{surrogate.__version__}.dist-info"
    assert f"{info}/licenses/LICENSE" in in_wheel
    metadata = zipfile.ZipFile(wheel).read(f"{info}/METADATA").decode()
    assert "License-Expression: BSD-3-Clause" in metadata
    assert "Requires-Python: >=3.11" in metadata


def test_the_sdist_has_what_a_developer_needs(in_sdist: set[str]) -> None:
    assert {
        "Makefile",
        "constraints.txt",
        "CHANGELOG.md",
        "adapters/__init__.py",
        "examples/adult.onnx",
        "examples/data/PROVENANCE.md",
        "tests/conftest.py",
        "docs/conf.py",
    } <= in_sdist
    assert not any("__pycache__" in name for name in in_sdist)


def test_the_checkout_has_the_symlink(root: Path) -> None:
    link = root / "surrogate" / "adapters"
    if not link.exists():
        pytest.skip("an unpacked sdist has no symlink")
    assert link.resolve() == root / "adapters"
