"""Which effects are shown."""

from __future__ import annotations

import numpy as np

from surrogate.types import FloatArray

__all__ = ["strongest"]


def strongest(effects: FloatArray, top: int) -> list[int]:
    """Positions of the `top` largest effects by size, largest first, ties in order.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.render.strongest import strongest
    >>> strongest(np.array([0.1, -0.5, 0.0, 0.3]), 3)
    [1, 3, 0]
    """
    order = np.argsort(-np.abs(effects), kind="stable")[:top]
    return [int(j) for j in order if effects[j] != 0]
