"""Pages that are made from the source: the table of methods, and the list of every public name."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

ROOMS = {
    "surrogate": "The front door.",
    "surrogate.adapters": "Black boxes: one class for each kind of model.",
    "surrogate.domain": "What a row is.",
    "surrogate.oracle": "The only door to a black box.",
    "surrogate.sampling": "Rows to ask about.",
    "surrogate.forms": "What a person can read.",
    "surrogate.export": "Forms as files for other programs.",
    "surrogate.local": "Readings around one row.",
    "surrogate.trees": "Trees learnt from a black box.",
    "surrogate.rules": "Rules.",
    "surrogate.fidelity": "How far a reading may be trusted.",
    "surrogate.explanation": "A form with its proof.",
    "surrogate.report": "The page.",
    "surrogate.robust.attacks": "Rows within a stated distance that change a decision.",
    "surrogate.robust.training": "Small nets, trained naturally and adversarially.",
    "surrogate.robust.comparing": "What a comparison of models takes besides.",
    "surrogate.methods": "The table of methods.",
    "surrogate.types": "What rooms hand to each other.",
    "surrogate.errors": "Every error raised on purpose.",
}


def public_names(room: str) -> list[str]:
    """Classes and functions that a room names in ``__all__``; aliases of types are left out."""
    module = importlib.import_module(room)
    things = {name: getattr(module, name) for name in module.__all__}
    return [n for n, thing in things.items() if inspect.isclass(thing) or inspect.isfunction(thing)]


def api_page() -> str:
    """One list for each room."""
    lines = ["API reference", "=============", ""]
    listed: set[object] = set()  # what two rooms offer stands in the first one
    for room, summary in ROOMS.items():
        module = importlib.import_module(room)
        names = [name for name in public_names(room) if getattr(module, name) not in listed]
        listed |= {getattr(module, name) for name in names}
        lines += [room, "-" * len(room), "", summary, ""]
        lines += [f".. currentmodule:: {room}", ""]
        lines += [".. autosummary::", "   :toctree: names", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in names] + [""]
    return "\n".join(lines)


def write(app: Sphinx, config: Config) -> None:
    """Write the pages beside the others, before Sphinx looks which there are; git ignores them."""
    from surrogate.cli.methods_table import markdown

    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    for name, text in {"index.rst": api_page(), "methods_table.md": markdown()}.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def skip(app: Sphinx, what: str, name: str, thing: object, skipped: bool, options: object) -> bool:
    """Leave out what scikit-learn documents itself."""
    return skipped or (getattr(thing, "__module__", None) or "").startswith("sklearn.")


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook into the build."""
    app.connect("config-inited", write)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True}
