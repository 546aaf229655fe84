"""The engine behind ``compare``: the same surrogates, rows and plans for several models."""

from __future__ import annotations

__all__: list[str] = []
