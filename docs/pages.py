"""Pages that are made from the source: the table of methods, and the list of every public name."""

from __future__ import annotations

import ast
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {
    "surrogate": "The front door.",
    "surrogate.adapters": "Black boxes: one class for each kind of model.",
    "surrogate.domain": "What a row is.",
    "surrogate.oracle": "The only door to a black box.",
    "surrogate.sampling": "Rows to ask about.",
    "surrogate.forms": "What a person can read.",
    "surrogate.local": "Readings around one row.",
    "surrogate.trees": "Trees learnt from a black box.",
    "surrogate.rules": "Rules.",
    "surrogate.fidelity": "How far a reading may be trusted.",
    "surrogate.explanation": "A form with its proof.",
    "surrogate.render": "Text, plots and fragments of HTML.",
    "surrogate.report": "The page.",
    "surrogate.methods": "The table of methods.",
    "surrogate.types": "What rooms hand to each other.",
    "surrogate.errors": "Every error raised on purpose.",
}


def public_names(room: str) -> list[str]:
    """The ``__all__`` of a room, read without importing it."""
    parts = room.split(".")[1:]
    folder = ROOT if parts[:1] == ["adapters"] else ROOT / "surrogate"
    path = folder.joinpath(*parts)
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def api_page() -> str:
    """One list for each room."""
    lines = ["API reference", "=============", ""]
    for room, summary in ROOMS.items():
        names = [name for name in public_names(room) if name[0].isalpha()]
        if not names:
            continue
        lines += [room, "-" * len(room), "", summary, ""]
        lines += [f".. currentmodule:: {room}", ""]
        lines += [".. autosummary::", "   :toctree: names", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in names] + [""]
    return "\n".join(lines)


def write(app: Sphinx) -> None:
    """Write the pages beside the others; git ignores them."""
    from surrogate.cli.methods_table import markdown

    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    for name, text in {"index.rst": api_page(), "methods_table.md": markdown()}.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook into the build before files are looked for."""
    app.connect("builder-inited", write, priority=100)  # before autosummary reads the list
    return {"parallel_read_safe": True}
