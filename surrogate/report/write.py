"""Write a report: one file, complete or not there."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TypeAlias

from surrogate._optional import require
from surrogate.errors import InputError
from surrogate.explanation import AuditResult, Comparison, GlobalExplanation, LocalExplanations
from surrogate.render.fragments import Fragment
from surrogate.report.comparison import comparison_page
from surrogate.report.page import Page, page_of
from surrogate.report.twin import Twin, twin_of

__all__ = ["Reportable", "page_script", "render", "write_report"]

Reportable: TypeAlias = AuditResult | Comparison | GlobalExplanation | LocalExplanations


def write_report(result: Reportable, path: str | os.PathLike[str]) -> Path:
    """Write what was found as one self-contained HTML page.

    The page opens from a file, offline, and loads nothing. It runs one script, the same in
    every report, whose hash its content security policy pins; all is readable without it. The
    same result as JSON is written beside it, and the page names it. Files of the same names are
    replaced when both are complete, and not before.

    Parameters
    ----------
    result : AuditResult, Comparison, GlobalExplanation or LocalExplanations
    path : str or path

    Returns
    -------
    pathlib.Path

    Raises
    ------
    MissingDependency
        If Jinja2 or matplotlib is not installed.
    InputError
        If the folder does not exist, the path is a folder, or the JSON beside the page would
        replace a file that is no result.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError(f"The report needs a file name; {str(target)!r} is a folder.")
    if not target.parent.is_dir():
        raise InputError(
            f"The folder {str(target.parent)!r} of the report does not exist; make it first."
        )
    twin = twin_of(result, target)
    _replace({target: render(result, twin=twin), twin.path: twin.text})
    return target


def render(result: Reportable, *, twin: Twin | None = None) -> str:
    """The page as text, which names its JSON if it is to have one."""
    if isinstance(result, Comparison):
        return _render(comparison_page(result), twin)
    return _render(page_of(as_audit(result)), twin)


def as_audit(result: Reportable) -> AuditResult:
    """One explanation as an audit that found nothing else.

    Raises
    ------
    InputError
        If the result is none that a report can be written of.
    """
    if isinstance(result, AuditResult):
        return result
    if isinstance(result, GlobalExplanation):
        return AuditResult(
            target=_target(result),
            data={},
            surrogates=(result,),
            queries=result.queries,
            settings=result.settings,
        )
    if isinstance(result, LocalExplanations):
        return AuditResult(
            target=_target(result),
            data={},
            surrogates=(),
            local=result,
            queries=result.queries,
            settings=result.settings,
        )
    raise InputError(
        "A report is written of an Audit, a Comparison, a GlobalExplanation or LocalExplanations; "
        f"got {type(result).__name__}."
    )


def _target(result: GlobalExplanation | LocalExplanations) -> dict[str, object]:
    return {"name": result.target, "task": result.task, "classes": result.classes}


def _render(page: Page, twin: Twin | None) -> str:
    """Fill the template; everything but fragments is escaped."""
    jinja2 = require("jinja2", extra="report")
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_resource),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _resource("report.css"), page_script()
    template = environment.get_template("report.html")
    text: str = template.render(
        page=page,
        twin=twin,
        style=Fragment(style),
        style_hash=_digest(style),
        script=Fragment(script),
        script_hash=_digest(script),
    )
    return text


def page_script() -> str:
    """The one script of every report."""
    return _resource("forms.js") + _resource("report.js")


def _digest(text: str) -> str:
    """A hash as a content security policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _resource(name: str) -> str:
    return resources.files("surrogate.report").joinpath(name).read_text(encoding="utf-8")


def _replace(texts: Mapping[Path, str]) -> None:
    """Write all beside their targets, then put each in its place at once."""
    parts = {target: target.with_name(f".{os.getpid()}.{target.name}"[:200]) for target in texts}
    try:
        for target, part in parts.items():
            with open(part, "x", encoding="utf-8", newline="\n") as file:
                file.write(texts[target])
        for target, part in parts.items():
            part.replace(target)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
