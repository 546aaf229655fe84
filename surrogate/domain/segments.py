"""Superpixels: a number for every pixel, which says to which part of the image it belongs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from surrogate._optional import require
from surrogate.domain.masks import Host
from surrogate.errors import DataError
from surrogate.types import IntArray

__all__ = ["SEGMENTATIONS", "Segmentation", "segment"]

Segmentation: TypeAlias = Callable[[Host], Any]
"""From one image (h, w) or (h, w, c) to whole numbers (h, w)."""

SEGMENTATIONS = ("grid", "slic", "quickshift")


def segment(
    image: Host, segmentation: str | Segmentation, *, n_segments: int, where: str
) -> IntArray:
    """Superpixels of one image, numbered 0 to m - 1.

    Parameters
    ----------
    image : array of shape (h, w) or (h, w, c)
    segmentation : str or callable
    n_segments : int
        About how many, for "grid" and "slic".
    where : str
        What messages call the image.

    Returns
    -------
    int array of shape (h, w)

    Raises
    ------
    DataError
        If they are not of that shape and whole, or there is only one.
    """
    if segmentation == "grid":
        found = grid(image.shape[0], image.shape[1], n_segments)
    elif segmentation == "slic":
        found = _slic(image, n_segments)
    elif segmentation == "quickshift":
        found = _quickshift(image)
    else:
        assert callable(segmentation)
        found = _numbers(segmentation(image.copy()), image, where)
    labels, segments = np.unique(found, return_inverse=True)
    if len(labels) < 2:
        size = f"{image.shape[0]} x {image.shape[1]} pixels"
        raise DataError(
            f"{where} ({size}) has one superpixel, and nothing to tell it from; "
            + (
                "an image of one pixel has no parts."
                if image.shape[0] * image.shape[1] == 1
                else "let `segmentation` cut it into two or more."
            )
        )
    return segments.reshape(image.shape[:2]).astype(np.intp)


def grid(height: int, width: int, n: int) -> IntArray:
    """About n rectangles, as square as they can be.

    Examples
    --------
    >>> from surrogate.domain.segments import grid
    >>> grid(4, 6, 6)[::2]
    array([[0, 0, 1, 1, 2, 2],
           [3, 3, 4, 4, 5, 5]])
    """
    side = math.sqrt(height * width / n)
    down = min(height, max(1, round(height / side)))
    across = min(width, max(1, round(n / down)))
    rows = np.arange(height) * down // height
    columns = np.arange(width) * across // width
    return np.asarray(rows[:, None] * across + columns, dtype=np.intp)


def _slic(image: Host, n_segments: int) -> Host:
    """k-means of colour and place (Achanta et al. 2012)."""
    library = require("skimage.segmentation", extra="images")
    return np.asarray(library.slic(_in_colour(image), n_segments=n_segments, start_label=0))


def _quickshift(image: Host) -> Host:
    """Mode seeking (Vedaldi and Soatto 2008), with the parameters that lime gives it."""
    library = require("skimage.segmentation", extra="images")
    return np.asarray(library.quickshift(_in_colour(image), kernel_size=4, max_dist=200, ratio=0.2))


def _in_colour(image: Host) -> Host:
    """What scikit-image takes for a colour image: (h, w, 3), whole numbers or from 0 to 1."""
    if image.ndim == 2:
        image = image[:, :, None]
    if image.shape[2] in (1, 2):
        image = np.repeat(image[:, :, :1], 3, axis=2)
    image = image[:, :, :3]
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    image = image.astype(np.float64)
    low, high = float(image.min()), float(image.max())
    if low >= 0 and high <= 1:
        return np.ascontiguousarray(image)
    return np.ascontiguousarray((image - low) / (high - low))


def _numbers(found: Any, image: Host, where: str) -> Host:
    """What a segmentation gave, if it is a whole number for every pixel."""
    numbers = np.asarray(found)
    if numbers.shape != image.shape[:2] or numbers.dtype.kind not in "iu":
        raise DataError(
            f"`segmentation` must give one whole number a pixel, of shape {image.shape[:2]} for "
            f"{where}; got {numbers.dtype} of shape {numbers.shape}."
        )
    return numbers
