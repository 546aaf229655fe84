"""What a row is, and the way between the user's rows and the internal matrix."""

from __future__ import annotations

from surrogate.domain.domain import Domain
from surrogate.domain.frame import ColumnType, Frame
from surrogate.domain.table import read_table

__all__ = ["ColumnType", "Domain", "Frame", "read_table"]
