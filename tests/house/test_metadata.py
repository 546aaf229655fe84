"""What setup.cfg, CHANGELOG and constraints say agrees with the source."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import surrogate

# Where the name one imports is not the name one installs.
DISTRIBUTIONS = {
    "art": "adversarial-robustness-toolbox",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}
# Whoever has a DataFrame has the library; results that become one say so.
NOT_IN_EXTRAS = {"pandas", "polars"}


@pytest.fixture(scope="module")
def setup_cfg(root: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(root / "setup.cfg", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def extras(setup_cfg: configparser.ConfigParser) -> dict[str, list[str]]:
    return {
        name: [re.split(r"[<>=!~;\[ ]", line)[0] for line in value.split("\n") if line]
        for name, value in setup_cfg["options.extras_require"].items()
    }


def requires(tree: ast.Module) -> list[tuple[str, str, int]]:
    """Calls of ``require("module", extra="extra")``: module, extra and line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("require"):
            extra = next((k.value for k in node.keywords if k.arg == "extra"), None)
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(extra, ast.Constant):
                found.append((str(first.value), str(extra.value), node.lineno))
    return found


def test_the_extras_are_those_promised(extras: dict[str, list[str]]) -> None:
    promised = {
        "onnx",
        "torch",
        "http",
        "plot",
        "report",
        "lime",
        "shap",
        "images",
        "parquet",
        "adversarial",
    }
    assert set(extras) == promised | {"all", "test", "docs"}


def test_required_modules_are_in_the_extra_that_the_message_names(
    modules: dict[str, ast.Module], extras: dict[str, list[str]]
) -> None:
    seen = 0
    for name, tree in modules.items():
        for module, extra, line in requires(tree):
            package = module.partition(".")[0]
            if package in NOT_IN_EXTRAS:
                continue
            seen += 1
            assert extra in extras, f"{name}:{line} names an unknown extra {extra!r}"
            assert DISTRIBUTIONS.get(package, package) in extras[extra], (
                f"{name}:{line}: the extra {extra!r} does not install {package}"
            )
    assert seen > 0


def test_optional_libraries_are_imported_through_require(
    modules: dict[str, ast.Module], extras: dict[str, list[str]]
) -> None:
    tools = {"all", "test", "docs"}
    optional = {n.replace("-", "_") for e, names in extras.items() if e not in tools for n in names}
    optional |= {"pandas", "polars", "art"}
    wrong = []
    for name, tree in modules.items():
        for line, module in imports(tree):
            if module.partition(".")[0] in optional:
                wrong.append(f"{name}:{line} imports {module}")
    assert wrong == []


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of every import but those for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""
        else:
            yield from imports(node)


def test_packages_are_listed(root: Path, setup_cfg: configparser.ConfigParser) -> None:
    listed = set(setup_cfg["options"]["packages"].split())
    there = {
        ".".join(path.parent.relative_to(root).parts)
        for path in (root / "surrogate").rglob("__init__.py")
        if path.parent.name != "adapters"
    } | {
        ".".join(("surrogate", *path.parent.relative_to(root).parts))
        for path in (root / "adapters").rglob("__init__.py")
    }
    assert listed == there


def test_every_pin_is_exact_and_torch_is_the_one_promised(root: Path) -> None:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[0-9][0-9a-z.]*", pin) for pin in pins)
    assert "torch==2.13.0" in pins


def test_everything_that_can_be_asked_for_is_pinned(
    root: Path, extras: dict[str, list[str]], setup_cfg: configparser.ConfigParser
) -> None:
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    pinned = {line.partition("==")[0] for line in text.splitlines()}
    needed = {name.lower() for names in extras.values() for name in names}
    core = setup_cfg["options"]["install_requires"].split()
    needed |= {re.split("[<>=]", name)[0].lower() for name in core}
    assert needed - {"surrogate-toolkit"} <= pinned


def test_the_changelog_has_the_version(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[?([^\]\s]+)", text, flags=re.MULTILINE)
    assert headings[0] == "Unreleased" or headings[0] == surrogate.__version__
    assert surrogate.__version__ in headings
