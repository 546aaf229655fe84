"""The engine of `compare`: the same rows, plans and seeds for every model."""

from __future__ import annotations

from surrogate.robust.comparing.quotes import Quotes
from surrogate.robust.comparing.ready import ReadyRows, read_ready, write_ready

__all__ = ["Quotes", "ReadyRows", "read_ready", "write_ready"]
