"""Small networks trained naturally and adversarially, with the same seeds and budget."""

from __future__ import annotations

__all__: list[str] = []
