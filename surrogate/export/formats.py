"""The formats that a form is written in, by name and by suffix."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from surrogate.errors import InputError
from surrogate.export._words import on_lines, one_line
from surrogate.export.graphviz import graphviz_dot
from surrogate.export.markdown import markdown_text
from surrogate.export.python_code import python_code
from surrogate.export.sql_case import sql_case
from surrogate.forms import Form, form_from_dict

__all__ = ["FORMATS", "Format", "export_form", "format_of", "json_text", "plain_text", "read_json"]


def plain_text(form: Form, *, heading: Sequence[str] = ()) -> str:
    """The form in words, whole, with lines above it.

    Examples
    --------
    >>> from surrogate.export import plain_text
    >>> from surrogate.forms import RuleSet
    >>> from surrogate.types import Feature
    >>> print(plain_text(RuleSet((Feature("a"),), ("no", "yes"), (), (0.9, 0.1)), heading=["Hm"]))
    Hm
    <BLANKLINE>
    Rules in no order; at most one holds for a row.
    always no (p 0.9)
    """
    safe = on_lines(form)
    above = [*(one_line(line) for line in heading), ""] if heading else []
    return "\n".join([*above, safe.to_text(limit=None)]) + "\n"


def json_text(form: Form, *, heading: Sequence[str] = ()) -> str:
    """The form as JSON, which `read_json` gives back equal; lines above it under "about".

    Examples
    --------
    >>> from surrogate.export import json_text, read_json
    >>> from surrogate.forms import RuleSet
    >>> from surrogate.types import Feature
    >>> form = RuleSet((Feature("a"),), ("no", "yes"), (), (0.9, 0.1))
    >>> read_json(json_text(form)) == form
    True
    """
    about = {"about": list(heading)} if heading else {}
    return json.dumps({**about, **form.to_dict()}, indent=2, allow_nan=False) + "\n"


def read_json(text: str | bytes) -> Form:
    """The form that `json_text` wrote.

    Raises
    ------
    InputError
        If it is other JSON, or none.
    """
    try:
        data = json.loads(text)
    except ValueError as cause:
        raise InputError(f"The form cannot be read: it is no JSON ({cause}).") from cause
    if not isinstance(data, dict):
        raise InputError(f"The JSON of a form is an object; got {type(data).__name__}.")
    return form_from_dict(data)


@dataclass(frozen=True)
class Format:
    """One way to write a form: its suffixes, and the function that writes it."""

    suffixes: tuple[str, ...]
    write: Callable[..., str]


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "text": Format((".txt",), plain_text),
        "markdown": Format((".md", ".markdown"), markdown_text),
        "json": Format((".json",), json_text),
        "python": Format((".py",), python_code),
        "sql": Format((".sql",), sql_case),
        "dot": Format((".dot", ".gv"), graphviz_dot),
    }
)
"""By name; pictures are drawn by `surrogate.render`."""


def format_of(path: str | Path, *, format: str | None = None) -> str:
    """Name of the format that is said, or that a path's suffix says.

    Raises
    ------
    InputError
        If neither is of `FORMATS`.

    Examples
    --------
    >>> from surrogate.export import format_of
    >>> format_of("rules.sql"), format_of("rules", format="python")
    ('sql', 'python')
    """
    if format is not None:
        if format not in FORMATS:
            raise InputError(f"The format must be one of {', '.join(FORMATS)}; got {format!r}.")
        return format
    suffix = Path(path).suffix.lower()
    for name, known in FORMATS.items():
        if suffix in known.suffixes:
            return name
    suffixes = ", ".join(one for known in FORMATS.values() for one in known.suffixes)
    raise InputError(
        f"The suffix of {Path(path).name!r} says no format; end it in one of {suffixes}, or say "
        f"format=, one of {', '.join(FORMATS)}."
    )


def export_form(
    form: Form, path: str | Path, *, format: str | None = None, heading: Sequence[str] = ()
) -> None:
    """Write a form to a file, in the format of its suffix.

    Parameters
    ----------
    form : Tree, RuleSet, DecisionGraph or Linear
    path : str or Path
    format : str, optional
        A name of `FORMATS`; by default the one that the suffix says.
    heading : sequence of str
        Lines above the form, as comments of the format.

    Raises
    ------
    InputError
        If there is no such format, or it cannot say this form.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from surrogate.export import export_form, read_json
    >>> from surrogate.forms import RuleSet
    >>> from surrogate.types import Feature
    >>> form = RuleSet((Feature("a"),), ("no", "yes"), (), (0.9, 0.1))
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "rules.json"
    >>> export_form(form, path)
    >>> read_json(path.read_bytes()) == form
    True
    """
    text = FORMATS[format_of(path, format=format)].write(form, heading=heading)
    Path(path).write_text(text, encoding="utf-8", newline="\n")
