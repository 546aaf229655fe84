"""How the pages are built: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import surrogate  # noqa: E402

project = "surrogate"
author = "the surrogate authors"
copyright = author
version = release = surrogate.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "pages",
]
exclude_patterns = ["_build", "_templates", "api/methods_table.md"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"surrogate {version}"
html_static_path = ["images"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc says types, shapes and units in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
