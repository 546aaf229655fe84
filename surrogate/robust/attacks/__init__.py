"""Attacks on black boxes: rows within a stated distance that change a model's decision."""

from __future__ import annotations

__all__: list[str] = []
