"""Explain, audit and compare models that can only be asked.

Ask once, keep every answer, fit many readings, and never show one without its fidelity.
Names are imported when they are first used, so that ``import surrogate`` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surrogate._audit import Audit, audit
    from surrogate._compare import compare
    from surrogate._distill import distill
    from surrogate._explain import explain
    from surrogate._explain_to import explain_to
    from surrogate._sweep import sweep_widths
    from surrogate.adapters import wrap
    from surrogate.bulk import BulkExplanations, read_explanations
    from surrogate.domain import Domain, Images, Texts
    from surrogate.explanation import (
        Comparison,
        GlobalExplanation,
        LocalExplanations,
        MaskExplanations,
    )
    from surrogate.oracle import Budget, Oracle
    from surrogate.verifying.verify import verify

__version__ = "0.1.0"

_EXPORTS = {
    "Audit": "surrogate._audit",
    "Budget": "surrogate.oracle",
    "BulkExplanations": "surrogate.bulk",
    "Comparison": "surrogate.explanation",
    "Domain": "surrogate.domain",
    "GlobalExplanation": "surrogate.explanation",
    "Images": "surrogate.domain",
    "LocalExplanations": "surrogate.explanation",
    "MaskExplanations": "surrogate.explanation",
    "Oracle": "surrogate.oracle",
    "Texts": "surrogate.domain",
    "audit": "surrogate._audit",
    "compare": "surrogate._compare",
    "distill": "surrogate._distill",
    "explain": "surrogate._explain",
    "explain_to": "surrogate._explain_to",
    "read_explanations": "surrogate.bulk",
    "sweep_widths": "surrogate._sweep",
    "verify": "surrogate.verifying.verify",
    "wrap": "surrogate.adapters",
}

__all__ = [
    "Audit",
    "Budget",
    "BulkExplanations",
    "Comparison",
    "Domain",
    "GlobalExplanation",
    "Images",
    "LocalExplanations",
    "MaskExplanations",
    "Oracle",
    "Texts",
    "audit",
    "compare",
    "distill",
    "explain",
    "explain_to",
    "read_explanations",
    "sweep_widths",
    "verify",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_EXPORTS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_EXPORTS})
