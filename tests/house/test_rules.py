"""Rules of the house that can be read from the source."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import surrogate

SEEDED = {"BitGenerator", "Generator", "Philox", "SeedSequence"}
# lime draws from a RandomState; the compatible mode must draw the same numbers.
MAY_USE_RANDOM_STATE = {"surrogate.local"}
LONG_FILES: set[str] = set()  # past 500 lines; each says why at its top


def package_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_no_draw_from_a_global_generator(modules: dict[str, ast.Module]) -> None:
    wrong = []
    for name, tree in modules.items():
        allowed = SEEDED | ({"RandomState"} if package_of(name) in MAY_USE_RANDOM_STATE else set())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import) and any(a.name == "random" for a in node.names):
                wrong.append(f"{name}:{node.lineno} imports random")
            if not isinstance(node, ast.Attribute):
                continue
            text = ast.unparse(node)
            drawn = re.fullmatch(r"(?:np|numpy)\.random\.(\w+)", text)
            if (drawn and drawn[1] not in allowed) or text in (
                "torch.manual_seed",
                "torch.seed",
                "torch.rand",
                "torch.randn",
                "torch.randint",
                "torch.randperm",
            ):
                wrong.append(f"{name}:{node.lineno} uses {text}")
    assert wrong == []


def deprecations(tree: ast.Module) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("warnings.warn", "warn")
        and re.search("DeprecationWarning|FutureWarning", ast.unparse(node))
    ]


def overdue(call: ast.Call, version: str) -> str | None:
    """What is wrong with a deprecation at a version; None if nothing."""
    said = re.search(r"removed in (\d+)\.(\d+)", ast.unparse(call))
    if said is None:
        return "does not say 'removed in X.Y'"
    if (int(said[1]), int(said[2])) <= tuple(int(part) for part in version.split(".")[:2]):
        return f"is due: {said[0]}"
    return None


def test_deprecations_say_when_they_end_and_are_not_overdue(
    modules: dict[str, ast.Module],
) -> None:
    for name, tree in modules.items():
        for call in deprecations(tree):
            wrong = overdue(call, surrogate.__version__)
            assert wrong is None, f"{name}:{call.lineno} {wrong}"


def test_the_deprecation_rule_itself() -> None:
    call = "warnings.warn('`a` is called `b`; it will be removed in 0.3.', FutureWarning)"
    (found,) = deprecations(ast.parse(call))
    assert overdue(found, "0.2.9") is None
    assert overdue(found, "0.3.0") == "is due: removed in 0.3"
    (found,) = deprecations(ast.parse("warnings.warn('old', DeprecationWarning)"))
    assert overdue(found, "0.1.0") == "does not say 'removed in X.Y'"


def test_files_stay_readable(root: Path) -> None:
    for folder in ("surrogate", "adapters"):
        for path in (root / folder).rglob("*.py"):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            assert lines <= 500 or path.name in LONG_FILES, f"{path} has {lines} lines"


def test_no_function_takes_what_it_does_not_name(modules: dict[str, ast.Module]) -> None:
    wrong = []
    for name, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.args.kwarg is not None:
                if "overload" in map(ast.unparse, node.decorator_list):
                    continue  # a type; the function itself names what it takes
                wrong.append(f"{name}:{node.lineno} {node.name} takes **{node.args.kwarg.arg}")
    assert wrong == []


def test_no_metaclass_and_no_swapped_class(modules: dict[str, ast.Module]) -> None:
    for name, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                assert all(k.arg != "metaclass" for k in node.keywords), f"{name}:{node.lineno}"
            if isinstance(node, ast.Assign):
                targets = [ast.unparse(target) for target in node.targets]
                assert not any(t.endswith(".__class__") for t in targets), f"{name}:{node.lineno}"
