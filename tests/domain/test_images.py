"""Images as domains of masks."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from surrogate import Images
from surrogate.domain import ImageMasks, domain_from_dict
from surrogate.domain.segments import grid
from surrogate.errors import DataError, OptionError

GREY = np.arange(2 * 6 * 8, dtype=np.float64).reshape(2, 6, 8)
COLOUR = np.arange(2 * 6 * 8 * 3, dtype=np.uint8).reshape(2, 6, 8, 3)


def naive(domain: ImageMasks, masks: np.ndarray) -> np.ndarray:
    """Images with hidden superpixels, one by one, pixel by pixel."""
    out = []
    for mask in masks:
        image = np.array(domain.image)
        for j in np.flatnonzero(mask == 0):
            image[domain.segments == j] = domain.filling[domain.segments == j]
        out.append(np.moveaxis(image, -1, 0) if domain.channels == "first" else image)
    return np.stack(out)


@pytest.mark.parametrize("fill", ["mean", "blur", "constant"])
@pytest.mark.parametrize(
    ("images", "channels"),
    [
        (GREY, "none"),
        (COLOUR, "last"),
        (np.moveaxis(COLOUR, -1, 1), "first"),
        (COLOUR.astype(np.float32), "last"),
    ],
    ids=["grey", "last", "first", "float32"],
)
def test_masks_hide_superpixels(
    images: np.ndarray, channels: str, fill: str, rng: np.random.Generator
) -> None:
    domain = Images(n_segments=6, fill=fill, constant=7.0).domains(images)[1]
    masks = (rng.random((20, len(domain.features))) < 0.5).astype(np.float64)
    shown = domain.decode(masks)
    assert domain.channels == channels
    assert shown.dtype == images.dtype
    assert np.array_equal(shown, naive(domain, masks))
    assert np.array_equal(domain.decode(domain.ones)[0], images[1])
    assert domain.entries == images[1].size


def test_hidden_superpixels_have_their_own_mean_as_in_lime() -> None:
    domain = Images(segmentation=lambda image: grid(6, 8, 4)).domains(COLOUR)[0]
    part = domain.segments == 2
    mean = COLOUR[0][part].mean(axis=0)
    assert np.array_equal(domain.filling[part][0], np.floor(mean))  # uint8 rounds down


def test_a_constant_may_have_a_value_for_each_colour() -> None:
    domain = Images(fill="constant", constant=(1, 2, 3)).domains(COLOUR)[0]
    assert domain.decode(0 * domain.ones)[0, 4, 5].tolist() == [1, 2, 3]


@pytest.mark.parametrize("other", [GREY[1], GREY[1:]], ids=["one", "one each"])
def test_another_image_hides(other: np.ndarray) -> None:
    domain = Images(fill=other).domains(GREY[:1])[0]
    assert np.array_equal(domain.decode(0 * domain.ones)[0], GREY[1])


def test_torch_makes_the_same_images_where_the_masks_lie(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    for images in (GREY, COLOUR, np.moveaxis(COLOUR, -1, 1)):
        domain = Images(n_segments=6).domains(images)[0]
        masks = (rng.random((9, len(domain.features))) < 0.5).astype(np.float32)
        shown = domain.decode(torch.from_numpy(masks))
        assert isinstance(shown, torch.Tensor)
        assert np.array_equal(shown.numpy(), domain.decode(masks))


@pytest.mark.parametrize("segmentation", ["slic", "quickshift"])
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_segmentations_of_scikit_image(
    segmentation: str, colours: int, scale: float, rng: np.random.Generator
) -> None:
    pytest.importorskip("skimage")
    blurred = ndimage.gaussian_filter(rng.random((60, 60, colours)), (4, 4, 0))
    images = scale * ((blurred - blurred.min()) / np.ptp(blurred))[None]
    first, again = (Images(segmentation).domains(images)[0] for _ in range(2))
    assert np.array_equal(first.segments, again.segments)
    assert set(first.segments.ravel()) == set(range(len(first.features)))
    assert len(first.features) >= 2


def test_quickshift_is_limes() -> None:
    lime = pytest.importorskip("lime.wrappers.scikit_image")
    image = np.random.default_rng(0).random((40, 50, 3))
    ours = Images("quickshift").domains(image[None])[0].segments
    theirs = lime.SegmentationAlgorithm("quickshift", kernel_size=4, max_dist=200, ratio=0.2)
    assert np.array_equal(ours, theirs(image))


@pytest.mark.parametrize("size", [(28, 28), (3, 200), (2, 1), (7, 5)])
def test_grids_have_about_as_many_cells(size: tuple[int, int]) -> None:
    segments = grid(*size, 50)
    m = segments.max() + 1
    assert sorted(set(segments.ravel())) == list(range(m))
    assert min(50, segments.size) / 2 <= m <= 80


def test_labels_of_a_segmentation_are_numbered_anew() -> None:
    cut = np.where(np.arange(8) < 4, 7, -3) * np.ones((6, 1), dtype=int)
    domain = Images(lambda image: cut).domains(GREY[:1])[0]
    assert domain.segments[0].tolist() == [1] * 4 + [0] * 4


def test_a_domain_goes_out_and_comes_back() -> None:
    for images in (GREY, np.moveaxis(COLOUR, -1, 1)):
        domain = Images(n_segments=6).domains(images)[0]
        for back in (domain_from_dict(domain.to_dict()), pickle.loads(pickle.dumps(domain))):
            assert back == domain
            assert isinstance(back, ImageMasks)
            assert np.array_equal(back.decode(0 * domain.ones), domain.decode(0 * domain.ones))


def test_images_may_differ_in_size() -> None:
    domains = Images(n_segments=6).domains([GREY[0], GREY[1, :3, :3]])
    assert [d.segments.shape for d in domains] == [(6, 8), (3, 3)]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((8, 8)), r"shape \(n, h, w\).*X has \(8, 8\). One image is a batch"),
        (np.zeros((1, 2, 8, 8, 3)), r"X has \(1, 2, 8, 8, 3\)"),
        (np.zeros((0, 8, 8)), "X holds no images"),
        ([], "X holds no images"),
        (np.zeros((1, 0, 8)), "image without pixels"),
        (np.full((1, 8, 8), np.nan), "not finite"),
        (np.full((1, 8, 8), "a"), "must be an array of numbers; got <U1"),
        ([np.zeros((8, 8)), np.zeros((8, 8, 3))], "all of one kind"),
        (np.zeros((1, 1, 1)), r"X\[0\] \(1 x 1 pixels\) has one superpixel.*no parts"),
    ],
)
def test_what_is_no_image_is_said(images: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Images().domains(images)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (np.zeros((6, 8), dtype=int), r"X\[0\] \(6 x 8 pixels\) has one superpixel.*two or more"),
        (np.zeros((8, 6), dtype=int), r"one whole number a pixel, of shape \(6, 8\) for X\[0\]"),
        (np.zeros((6, 8)), r"got float64 of shape \(6, 8\)"),
        (None, "got object"),
    ],
)
def test_what_is_no_segmentation_is_said(found: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Images(lambda image: found).domains(GREY)


@pytest.mark.parametrize(
    ("options", "images", "message"),
    [
        ({}, np.zeros((2, 3, 8, 3)), "unclear where the colours of X are.*say channels="),
        ({}, np.zeros((2, 8, 8, 5)), "unclear where the colours"),
        (
            {},
            np.zeros((32, 32, 3)),
            r"32 images without colours or one.*image\[None\]",
        ),
        ({"channels": "none"}, COLOUR, r"is 'none', but X has the shape of images \(n, h, w, c\)"),
        ({"channels": "last"}, GREY, r"is 'last', but X has the shape of images \(n, h, w\)"),
        (
            {"fill": np.zeros((3, 3))},
            GREY,
            r"shape of an image, \(6, 8\), or of all 2; got",
        ),
        ({"fill": "constant", "constant": (1, 2)}, COLOUR, "must be a number, or one a colour"),
    ],
)
def test_what_does_not_fit_the_images_is_said(options: Any, images: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Images(**options).domains(images)


@pytest.mark.parametrize(
    "options", [{"fill": "constant"}, {"fill": "mean"}, {"fill": np.zeros((6, 8))}]
)
def test_a_fill_that_hides_nothing_is_said(options: Any) -> None:
    with pytest.raises(DataError, match=r"Hiding superpixels of X\[0\] changes nothing"):
        Images(**options).domains(np.zeros((1, 6, 8)))


def test_said_channels_settle_what_is_unclear() -> None:
    unclear = np.arange(144.0).reshape(2, 3, 8, 3)
    assert Images(channels="first", fill="blur").domains(unclear)[0].segments.shape == (8, 3)
    assert Images(channels="none", fill="blur").domains(unclear[0])[0].segments.shape == (8, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"segmentation": "voronoi"}, "must be one of 'grid', 'slic', 'quickshift' or a callable"),
        ({"segmentation": "quickshift", "n_segments": 9}, "is for 'grid' and 'slic'"),
        ({"n_segments": 1}, r"must be an int in \[2, inf\) or None; got 1"),
        ({"fill": "noise"}, "must be one of 'mean', 'blur', 'constant' or an array"),
        ({"sigma": 0}, "`sigma` parameter of Images must be a float"),
        ({"channels": "middle"}, "one of 'last', 'first', 'none' or None"),
    ],
)
def test_wrong_options_are_said(options: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Images(**options)


def test_a_missing_scikit_image_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "skimage.segmentation", None)
    with pytest.raises(ImportError, match=r"surrogate-toolkit\[images\]"):
        Images("slic").domains(GREY)


def test_masks_of_another_width_are_refused() -> None:
    domain = Images(n_segments=6).domains(GREY)[0]
    with pytest.raises(DataError):
        domain.encode(np.ones((1, 3)))
    with pytest.raises(DataError):
        domain.encode(np.full((1, len(domain)), 0.5))
