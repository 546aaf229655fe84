"""Who may import whom: the rooms of the house, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

LOWEST = {"_array", "_optional", "_progress", "_validate", "errors", "types"}
BELOW_ORACLE = {*LOWEST, "domain", "forms"}
BELOW_ALGORITHMS = {
    *BELOW_ORACLE,
    "oracle",
    "sampling",
    "export",
    "fidelity",
    "render",
    "explanation",
}
ALGORITHMS = {"local", "rules", "trees"}
MEETING = {*BELOW_ALGORITHMS, *ALGORITHMS, "adapters", "methods"}

# Each room with the rooms that it may import from.
ROOMS: Mapping[str, set[str]] = {
    **dict.fromkeys(LOWEST, LOWEST),
    "adapters": LOWEST,
    "domain": LOWEST,
    "forms": LOWEST,
    "export": {*LOWEST, "forms"},
    "oracle": BELOW_ORACLE,
    "sampling": {*BELOW_ORACLE, "oracle"},
    "fidelity": {*BELOW_ORACLE, "oracle", "sampling"},
    "render": {*BELOW_ORACLE, "oracle", "sampling", "fidelity"},
    "explanation": BELOW_ALGORITHMS,
    "trees": BELOW_ALGORITHMS,
    "local": BELOW_ALGORITHMS,
    "rules": {*BELOW_ALGORITHMS, "trees"},
    "bulk": {*BELOW_ALGORITHMS, "local"},
    "methods": {*BELOW_ALGORITHMS, *ALGORITHMS},
    "report": BELOW_ALGORITHMS,
    # The front door, where adapters and algorithms meet: each may use those before it.
    "_target": {*BELOW_ALGORITHMS, "adapters"},
    "_probe": {*MEETING, "_target"},
    "_held": {*MEETING, "_target", "_probe"},
    "_kept": MEETING,
    "_reproduction": MEETING,
    "_distill": {*MEETING, "_target", "_probe", "_held", "_kept"},
    "_explain": {*MEETING, "_target", "_distill", "_explain_inputs"},
    "_explain_to": {*MEETING, "_target", "_explain", "bulk"},
    "_sweep": {*MEETING, "_target", "_explain"},
    "_explain_inputs": {*MEETING, "_target", "_explain"},
    "auditing": {*MEETING, "_target", "_probe", "_held", "_kept", "_distill", "_explain"},
    "_audit": {
        *MEETING,
        "_target",
        "_held",
        "_distill",
        "_explain",
        "_reproduction",
        "auditing",
        "report",
    },
    "robust": {*MEETING, "_target", "_probe", "_held", "_distill", "_explain"},
    "_compare": {*MEETING, "_target", "_held", "_distill", "_reproduction", "robust"},
    "verifying": {*MEETING, "_probe", "_held", "_kept", "auditing", "robust"},
    "cli": {
        *MEETING,
        "_compare",
        "_audit",
        "_distill",
        "_explain",
        "_explain_to",
        "_sweep",
        "bulk",
        "report",
        "robust",
        "verifying",
    },
    "__main__": {"cli"},
}

# Imports inside a function that go against the order, each with its reason.
DEFERRED = {
    ("explanation", "report"): "Audit.report(path) is the one way that leads upward",
}


def imported(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Names of this package that a module imports, and whether inside a function.

    Imports for type checkers alone are left out.
    """

    def walk(node: ast.AST, deferred: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from ((alias.name, deferred) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"a relative import in line {child.lineno}"
                yield from ((f"{child.module}.{alias.name}", deferred) for alias in child.names)
            inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from walk(child, deferred or inside)

    for name, deferred in walk(tree, False):
        if name.partition(".")[0] == "surrogate" and name != "surrogate.__version__":
            yield name, deferred


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_every_room_has_a_place(modules: dict[str, ast.Module]) -> None:
    assert {room_of(name) for name in modules} - {""} == set(ROOMS)


def test_rooms_import_only_downward(modules: dict[str, ast.Module]) -> None:
    wrong = []
    for module, tree in modules.items():
        room = room_of(module)
        if not room:
            continue  # surrogate/__init__.py names its exports as strings
        for name, deferred in imported(tree):
            target = room_of(name)
            excused = deferred and (room, target) in DEFERRED
            if target != room and target not in ROOMS[room] and not excused:
                wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_excuses_are_still_needed(modules: dict[str, ast.Module]) -> None:
    used = {(room_of(m), room_of(n)) for m, tree in modules.items() for n, _ in imported(tree)}
    assert set(DEFERRED) <= used


def test_no_import_cycle(modules: dict[str, ast.Module]) -> None:
    def module_of(name: str) -> str:
        return name if name in modules else name.rpartition(".")[0]

    graph = {
        module: {module_of(n) for n, deferred in imported(tree) if not deferred} - {module}
        for module, tree in modules.items()
    }
    while leaves := [name for name, targets in graph.items() if not targets & graph.keys()]:
        for name in leaves:
            del graph[name]
    assert {name: sorted(targets & graph.keys()) for name, targets in graph.items()} == {}


def test_adapters_are_imported_under_one_name(modules: dict[str, ast.Module]) -> None:
    for module, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert all(a.name.partition(".")[0] != "adapters" for a in node.names), module
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] != "adapters", module
