"""Forms as files for other programs: text, Markdown, JSON, Python, SQL and Graphviz."""

from __future__ import annotations

from surrogate.export.formats import (
    FORMATS,
    Format,
    export_form,
    format_of,
    json_text,
    plain_text,
    read_json,
)
from surrogate.export.graphviz import graphviz_dot
from surrogate.export.markdown import markdown_text
from surrogate.export.python_code import python_code
from surrogate.export.sql_case import MOST_PATHS, sql_case

__all__ = [
    "FORMATS",
    "MOST_PATHS",
    "Format",
    "export_form",
    "format_of",
    "graphviz_dot",
    "json_text",
    "markdown_text",
    "plain_text",
    "python_code",
    "read_json",
    "sql_case",
]
