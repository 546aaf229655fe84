"""The report: one HTML page that holds what was found, and what it stands on."""

from __future__ import annotations

from surrogate.report.write import write_report

__all__ = ["write_report"]
