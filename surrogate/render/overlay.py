"""An image with its superpixels coloured by their effects, as plain pixels."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

from surrogate.render.fragments import Fragment
from surrogate.types import FloatArray, IntArray

__all__ = ["COLOURS", "overlay", "picture", "png"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

COLOURS = ((42, 122, 185), (208, 100, 28))
"""Of effects for and against: the blue and the orange of all pictures."""

_LEAST = 336  # pixels of the longer side, so that small images can be read
_STRONGEST = 0.8  # how much of a pixel the largest effect covers
_PALE = 0.5  # how far the image below is faded, so that it does not look like an effect


def overlay(image: np.ndarray[Any, Any], segments: IntArray, effects: FloatArray) -> Pixels:
    """The image in pale grey, each superpixel covered the more, the larger its effect.

    Parameters
    ----------
    image : array of shape (h, w) or (h, w, c)
    segments : int array of shape (h, w)
    effects : array of shape (m,)

    Returns
    -------
    array of shape (H, W, 3), uint8
        Larger than the image by a whole factor where that is small.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.render.overlay import overlay
    >>> overlay(np.zeros((2, 4)), np.array([[0, 0, 1, 1]] * 2), np.array([1.0, 0.0])).shape
    (168, 336, 3)
    """
    factor = max(1, _LEAST // max(segments.shape))
    grey = _PALE + (1 - _PALE) * _grey(image)  # (h, w)
    most = float(np.abs(effects).max(initial=0.0)) or 1.0
    cover = (_STRONGEST * np.abs(effects) / most)[segments][:, :, None]
    colour = np.where((effects > 0)[segments][:, :, None], *(np.array(c) / 255 for c in COLOURS))
    pixels = (1 - cover) * grey[:, :, None] + cover * colour
    large, cut = (np.repeat(np.repeat(a, factor, 0), factor, 1) for a in (pixels, segments))
    seen = np.repeat(np.repeat(effects[segments] != 0, factor, 0), factor, 1)
    for axis in (0, 1):
        line = np.diff(cut, axis=axis, append=np.take(cut, [-1], axis=axis)) != 0
        strong = line & (seen | np.roll(seen, -1, axis=axis))
        large[line] *= 0.88
        large[strong] *= 0.55
    return np.asarray(np.round(255 * np.clip(large, 0, 1)), dtype=np.uint8)


def picture(pixels: Pixels, words: str) -> Fragment:
    """Pixels as an image of HTML, with the words that say what it shows."""
    from html import escape

    text = base64.b64encode(png(pixels)).decode("ascii")
    return Fragment(f'<img alt="{escape(words)}" src="data:image/png;base64,{text}">')


def png(pixels: Pixels) -> bytes:
    """The bytes of a PNG file of pixels (h, w, 3)."""
    h, w, _ = pixels.shape
    lines = np.concatenate([np.zeros((h, 1), np.uint8), pixels.reshape(h, -1)], axis=1)
    header = struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _grey(image: np.ndarray[Any, Any]) -> FloatArray:
    """Brightness from 0 to 1, (h, w)."""
    values = image.astype(np.float64)
    if image.dtype == np.uint8:
        values = values / 255
    low, high = values.min(), values.max()
    if low < 0 or high > 1:
        values = (values - low) / ((high - low) or 1.0)
    if values.ndim == 2:
        return values
    if values.shape[2] < 3:
        return np.asarray(values[:, :, 0])
    return np.asarray(values[:, :, :3] @ np.array([0.299, 0.587, 0.114]))
