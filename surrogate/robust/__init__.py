"""Natural against adversarially trained models: attacks, training, and the comparison of both.

Each part is imported by its own name, such as ``surrogate.robust.attacks``.
"""

from __future__ import annotations

__all__: list[str] = []
