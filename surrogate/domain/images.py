"""Images as rows of a model: superpixels that are kept or hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np

from surrogate._array import is_torch, on_library, to_numpy
from surrogate._validate import Choice, NoneOr, Real, Rule, Whole, check
from surrogate.domain.masks import Host, MaskDomain, kept, pack_array, parts_of, unpack_array
from surrogate.domain.segments import SEGMENTATIONS, Segmentation, segment
from surrogate.errors import DataError, OptionError
from surrogate.types import Array, IntArray

__all__ = ["ImageMasks", "Images"]

Channels: TypeAlias = Literal["last", "first", "none"]

_FILLS = ("mean", "blur", "constant")
_COLOURS = (1, 3, 4)
_SEGMENTS = 50
_RULES: Mapping[str, Rule] = {
    "n_segments": NoneOr(Whole(2)),
    "sigma": NoneOr(Real(0, closed="neither")),
    "channels": NoneOr(Choice(("last", "first", "none"))),
}


@dataclass(frozen=True, eq=False)
class ImageMasks(MaskDomain):
    """One image, of which superpixels are kept or hidden; made by `Images`.

    Parameters
    ----------
    features : tuple of m Feature
        A superpixel each.
    image, filling : arrays of shape (h, w) or (h, w, c)
        What is seen where a superpixel is kept, and where it is hidden.
    segments : int array of shape (h, w)
        The number of each pixel's superpixel.
    channels : {"last", "first", "none"}
        Where the model wants the colours.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import Images
    >>> (domain,) = Images(n_segments=4, fill="constant").domains(np.ones((1, 4, 4)))
    >>> domain.decode(np.array([[1.0, 0.0, 0.0, 1.0]]))[0]
    array([[1., 1., 0., 0.],
           [1., 1., 0., 0.],
           [0., 0., 1., 1.],
           [0., 0., 1., 1.]])
    """

    kind: ClassVar[str] = "image"
    part: ClassVar[str] = "superpixel"

    image: Host = field(kw_only=True)
    filling: Host = field(kw_only=True)
    segments: IntArray = field(kw_only=True)
    channels: Channels = field(default="none", kw_only=True)

    @property
    def entries(self) -> int:
        """Numbers in the image."""
        return self.image.size

    def decode(self, matrix: Array) -> Array:
        """Images (n, h, w), (n, h, w, c) or (n, c, h, w) from masks (n, m).

        Of a torch tensor they are made as one, where it lies.
        """
        shape = (len(matrix), *self._flat[2])
        if is_torch(matrix):
            image, filling, place = self._on(str(matrix.device))
            seen = (matrix > 0.5)[:, place]
            return image.where(self._spread(seen), filling).reshape(shape)
        image, filling, _ = self._flat
        seen = np.take(kept(matrix), self.segments.ravel(), axis=1)  # (n, m) -> (n, h * w)
        return np.where(self._spread(seen), image, filling).reshape(shape)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe: the image as it was given, compressed."""
        small = np.uint16 if len(self.features) < 1 << 16 else np.uint32
        return {
            "domain": self.kind,
            "channels": self.channels,
            "image": pack_array(self.image),
            "filling": pack_array(self.filling),
            "segments": pack_array(self.segments.astype(small)),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:  # type: ignore[override]
        """Undo `to_dict`."""
        segments = unpack_array(data["segments"]).astype(np.intp)
        return cls(
            _superpixels(segments),
            image=unpack_array(data["image"]),
            filling=unpack_array(data["filling"]),
            segments=segments,
            channels=data["channels"],
        )

    def __repr__(self) -> str:
        h, w = self.segments.shape
        return f"<ImageMasks of {h} x {w} pixels, {len(self.features)} superpixels>"

    @cached_property
    def _flat(self) -> tuple[Host, Host, tuple[int, ...]]:
        """Image and filling as the model has them, pixels in one axis, and the model's shape."""
        h, w = self.segments.shape
        if self.image.ndim == 2:
            return self.image.reshape(h * w), self.filling.reshape(h * w), (h, w)
        c = self.image.shape[2]
        pair = [a.reshape(h * w, c) for a in (self.image, self.filling)]
        if self.channels == "first":
            pair = [np.ascontiguousarray(a.T) for a in pair]
            return pair[0], pair[1], (c, h, w)
        return pair[0], pair[1], (h, w, c)

    def _spread(self, seen: Array) -> Array:
        """What is seen of each pixel, for all of its colours: (n, h * w) -> with an axis."""
        if self.image.ndim == 2:
            return seen
        return seen[:, None, :] if self.channels == "first" else seen[:, :, None]

    def _on(self, device: str) -> tuple[Array, Array, Array]:
        """Image, filling and superpixels as tensors on a device, moved there once."""
        if device not in self._tensors:
            image, filling, _ = self._flat
            parts = (image, filling, self.segments.ravel())
            self._tensors[device] = tuple(on_library(part, "torch", device) for part in parts)
        image, filling, place = self._tensors[device]
        return image, filling, place

    @cached_property
    def _tensors(self) -> dict[str, tuple[Array, ...]]:
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_tensors"}


@dataclass(frozen=True, eq=False)
class Images:
    """Says that inputs are images, into what parts they are cut, and what hides a part.

    Parameters
    ----------
    segmentation : {"grid", "slic", "quickshift"} or callable
        Superpixels. "grid": rectangles. "slic" and "quickshift" need scikit-image; quickshift
        has the parameters that lime gives it. A callable gets one image, (h, w) or (h, w, c),
        and gives one whole number a pixel, (h, w).
    n_segments : int or None
        About how many superpixels "grid" and "slic" make. None: 50.
    fill : {"mean", "blur", "constant"} or array
        What is seen where a superpixel is hidden: its own mean colour (of whole numbers
        rounded down, as lime does), the image blurred, one colour, or another image: of the
        shape of one image, or of all of them.
    constant : float or sequence of c floats
        The colour of fill="constant".
    sigma : float or None
        Standard deviation of fill="blur", in pixels. None: a tenth of the longer side.
    channels : {"last", "first", "none"} or None
        Where the colours are: images (n, h, w, c), (n, c, h, w) or (n, h, w). None: read from
        the shape, where that is clear.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import Images, explain
    >>> images = np.random.default_rng(0).random((1, 8, 8))
    >>> found = explain(
    ...     lambda x: x[:, :4, :4].mean(axis=(1, 2)) > 0.5,
    ...     images,
    ...     domain=Images(n_segments=4, fill="constant"),
    ... )
    >>> found[0].coef.shape
    (2, 4)
    """

    segmentation: str | Segmentation = "grid"
    n_segments: int | None = None
    fill: Any = "mean"
    constant: float | Sequence[float] = 0.0
    sigma: float | None = None
    channels: Channels | None = None

    def __post_init__(self) -> None:
        check("Images", _RULES, vars(self))
        named = isinstance(self.segmentation, str) and self.segmentation in SEGMENTATIONS
        if not named and not callable(self.segmentation):
            raise OptionError(
                "The `segmentation` parameter of Images must be one of "
                f"{', '.join(map(repr, SEGMENTATIONS))} or a callable; got {self.segmentation!r}."
            )
        if self.n_segments is not None and self.segmentation not in ("grid", "slic"):
            raise OptionError(
                "The `n_segments` parameter of Images is for 'grid' and 'slic'; other "
                "segmentations make as many as they find."
            )
        if isinstance(self.fill, str) and self.fill not in _FILLS:
            raise OptionError(
                f"The `fill` parameter of Images must be one of {', '.join(map(repr, _FILLS))} or "
                f"an array, another image; got {self.fill!r}."
            )

    def domains(self, images: Any, *, where: str = "X") -> tuple[ImageMasks, ...]:
        """A domain of masks for each image.

        Parameters
        ----------
        images : array of shape (n, h, w), (n, h, w, c) or (n, c, h, w), or list of images
            Whole numbers or floats; images of a list may differ in size.
        where : str
            What messages call them.

        Returns
        -------
        tuple of n ImageMasks

        Raises
        ------
        DataError
            If they are no images, or one cannot be cut into two or more superpixels, or what
            hides them is what stands there.
        OptionError
            If it is unclear where the colours are, or a fill does not fit.
        """
        given, channels = self._read(images, where)
        others = self._others(given)
        return tuple(
            self._domain(image, channels, other, f"{where}[{i}]")
            for i, (image, other) in enumerate(zip(given, others))
        )

    def to_dict(self) -> dict[str, Any]:
        """What was said, for the record; of arrays and functions, only that they are there."""
        said = "a callable" if callable(self.segmentation) else self.segmentation
        fill = self.fill if isinstance(self.fill, str) else "another image"
        facts: dict[str, Any] = {"segmentation": said, "n_segments": self.n_segments, "fill": fill}
        more = {"constant": "constant", "blur": "sigma"}.get(fill)
        return {**facts, more: getattr(self, more)} if more else facts

    def _domain(
        self, image: Host, channels: Channels, other: Host | None, where: str
    ) -> ImageMasks:
        """One image, as the model has it, with its superpixels."""
        if channels == "first":
            image = np.moveaxis(image, 0, -1)
            other = None if other is None else np.moveaxis(other, 0, -1)
        image = _readonly(image)
        n = _SEGMENTS if self.n_segments is None else self.n_segments
        segments = segment(image, self.segmentation, n_segments=n, where=where)
        filling = self._filling(image, segments) if other is None else other.astype(image.dtype)
        if np.array_equal(filling, image):
            raise DataError(
                f"Hiding superpixels of {where} changes nothing, since what `fill` puts there is "
                "what stands there; give another fill, such as fill='blur', or an image."
            )
        return ImageMasks(
            _superpixels(segments),
            image=image,
            filling=_readonly(filling),
            segments=segments,
            channels=channels,
        )

    def _read(self, images: Any, where: str) -> tuple[list[Host], Channels]:
        """Images one by one, checked, and where their colours are."""
        if isinstance(images, list | tuple):
            given = [_numbers(image, f"{where}[{i}]") for i, image in enumerate(images)]
        else:
            whole = _numbers(images, where)
            if whole.ndim not in (3, 4):
                raise DataError(
                    f"Images must have shape (n, h, w), (n, h, w, c) or (n, c, h, w); {where} has "
                    f"{whole.shape}." + _one_image(whole.ndim)
                )
            given = list(whole)
        if not given:
            raise DataError(f"{where} holds no images; give at least one.")
        axes = {image.ndim for image in given}
        if len(axes) > 1 or not axes <= {2, 3}:
            raise DataError(
                f"Each image of {where} must have shape (h, w), (h, w, c) or (c, h, w), all of one "
                f"kind; got {', '.join(str(image.shape) for image in given[:3])}."
            )
        if any(0 in image.shape for image in given):
            raise DataError(f"{where} holds an image without pixels.")
        return given, self._placed(given, where)

    def _placed(self, given: Sequence[Host], where: str) -> Channels:
        """Where the colours are, as said or as the shapes tell."""
        grey = given[0].ndim == 2
        if self.channels is not None:
            if grey != (self.channels == "none"):
                kind = "(n, h, w), without colours" if grey else "(n, h, w, c) or (n, c, h, w)"
                raise OptionError(
                    f"The `channels` parameter of Images is {self.channels!r}, but {where} has the "
                    f"shape of images {kind}."
                )
            return self.channels
        if grey:
            n, (h, w) = len(given), given[0].shape
            if n > 1 and w in _COLOURS and len({image.shape for image in given}) == 1:
                raise OptionError(
                    f"{where} of shape {(n, h, w)} may be {n} images without colours or one image "
                    f"with {w}; give channels='none', or the one image as a batch: image[None]."
                )
            return "none"
        last = all(image.shape[2] in _COLOURS for image in given)
        first = all(image.shape[0] in _COLOURS for image in given)
        if last == first:
            raise OptionError(
                f"It is unclear where the colours of {where} are, images of shape "
                f"{given[0].shape}; say channels='last' or channels='first'."
            )
        return "last" if last else "first"

    def _others(self, given: Sequence[Host]) -> Sequence[Host | None]:
        """Another image for each, where one hides superpixels."""
        if isinstance(self.fill, str):
            return [None] * len(given)
        other = _numbers(self.fill, "fill")
        shapes = [image.shape for image in given]
        if all(shape == other.shape for shape in shapes):
            return [other] * len(given)
        if other.shape[:1] == (len(given),) and all(s == other.shape[1:] for s in shapes):
            return list(other)
        raise OptionError(
            f"The `fill` parameter of Images must have the shape of an image, {shapes[0]}, or of "
            f"all {len(given)}; got {other.shape}."
        )

    def _filling(self, image: Host, segments: IntArray) -> Host:
        """What hides superpixels, of the image's own shape and dtype."""
        if self.fill == "constant":
            try:
                colour = np.broadcast_to(np.asarray(self.constant, dtype=np.float64), image.shape)
            except ValueError:
                raise OptionError(
                    "The `constant` parameter of Images must be a number, or one a colour of "
                    f"images of shape {image.shape}; got {self.constant!r}."
                ) from None
            return _as_type(colour, image.dtype)
        if self.fill == "blur":
            from scipy import ndimage

            sigma = max(segments.shape) / 10 if self.sigma is None else self.sigma
            axes = (sigma, sigma, 0)[: image.ndim]
            return _as_type(ndimage.gaussian_filter(image.astype(np.float64), axes), image.dtype)
        return _as_type(_means(image, segments), image.dtype)


def _means(image: Host, segments: IntArray) -> Host:
    """Each pixel as the mean of its superpixel."""
    place = segments.ravel()
    flat = image.reshape(len(place), -1).astype(np.float64)  # (h * w, c)
    count = np.bincount(place)
    sums = np.stack([np.bincount(place, column) for column in flat.T], axis=1)
    means: Host = (sums / count[:, None])[place].reshape(image.shape)
    return means


def _as_type(values: Host, dtype: np.dtype[Any]) -> Host:
    """Values in an image's own type; whole numbers are rounded down, and kept in its range."""
    if dtype.kind not in "iu":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.floor(np.clip(values + 1e-9, limits.min, limits.max)).astype(dtype)


def _numbers(images: Any, where: str) -> Host:
    """An array of finite numbers."""
    try:
        array = to_numpy(images)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "biuf":
        raise DataError(f"{where} must be an array of numbers; got {array.dtype}.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError(f"{where} holds pixels that are not finite.")
    return array.astype(np.uint8) if array.dtype.kind == "b" else array


def _one_image(axes: int) -> str:
    return " One image is a batch of one: image[None]." if axes == 2 else ""


def _readonly(array: Host) -> Host:
    """A contiguous copy that nobody writes to."""
    own = np.array(array, order="C", copy=True)
    own.flags.writeable = False
    return own


def _superpixels(segments: IntArray) -> tuple[Any, ...]:
    """A feature for each superpixel, named by its number and where its middle is."""
    place = segments.ravel()
    count = np.bincount(place)
    rows, columns = (a.ravel() for a in np.indices(segments.shape))
    y, x = (np.bincount(place, a) / count for a in (rows, columns))
    return parts_of([f"superpixel {j} at {a:.0f}, {b:.0f}" for j, (a, b) in enumerate(zip(y, x))])
