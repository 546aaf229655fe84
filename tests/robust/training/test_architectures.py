"""Nets by name: their shapes, their draws, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.errors import OptionError
from surrogate.robust.training import ARCHITECTURES, build_net, image_shape, sizes_of

torch = pytest.importorskip("torch")


def weights(net) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for _, p in net.named_parameters()])


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_rows_become_logits(name: str) -> None:
    net = build_net(name, 64, 5)
    assert net.module(torch.zeros(3, 64)).shape == (3, 5)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_weights_come_from_the_seed_alone(name: str) -> None:
    before = torch.random.get_rng_state()
    first, again, other = (weights(build_net(name, 64, 3, seed=s)) for s in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_weights_are_as_wide_as_torch_draws_them() -> None:
    net = build_net("fc", 100, 2, sizes={"hidden": (400,)})
    for part in (net.module.linear0.weight, net.module.linear0.bias):
        assert 0.08 < float(part.detach().abs().max()) <= 0.1  # 1 / sqrt(100), biases too


def test_maxout_is_the_largest_of_linear_functions() -> None:
    net = build_net("maxout", 4, 2, sizes={"units": (3,), "pieces": 2}).module
    x = torch.linspace(-1, 1, 8).reshape(2, 4)
    pieces = (x @ net.linear0.weight.T + net.linear0.bias).reshape(2, 3, 2)
    hidden = pieces.max(dim=2).values
    expected = hidden @ net.answer.weight.T + net.answer.bias
    assert torch.allclose(net(x), expected)


def test_an_autoencoder_rebuilds_rows_from_the_code_that_it_classifies() -> None:
    net = build_net("ae", 9, 2, sizes={"hidden": (7,), "code": 3})
    code = net.module.encoder(torch.zeros(4, 9))
    assert code.shape == (4, 3)
    assert net.decoder(code).shape == (4, 9)
    assert torch.equal(net.module.classifier(code), net.module(torch.zeros(4, 9)))
    assert {name.split(".")[0] for name, _ in net.named_parameters()} == {"module", "decoder"}


def test_a_convolution_sees_the_image_that_a_row_is() -> None:
    net = build_net("cnn", 2 * 4 * 6, 3, sizes={"channels": (2,)}, shape=(2, 4, 6))
    assert net.module.image(torch.zeros(1, 48)).shape == (1, 2, 4, 6)
    assert net.module.hidden.in_features == 2 * 2 * 3


@pytest.mark.parametrize(
    ("d", "shape", "expected"),
    [(64, None, (1, 8, 8)), (12, (3, 4), (1, 3, 4)), (12, (3, 2, 2), (3, 2, 2))],
    ids=["square", "grey", "colour"],
)
def test_shapes_of_images(d: int, shape: tuple[int, ...] | None, expected: object) -> None:
    assert image_shape("cnn", d, shape) == expected


def test_what_cannot_be_built_is_refused_with_what_can() -> None:
    with pytest.raises(OptionError, match="no architecture 'resnet'; there are: softmax, fc"):
        build_net("resnet", 4, 2)
    with pytest.raises(OptionError, match="no parameter `hiden`; did you mean `hidden`"):
        sizes_of("fc", {"hiden": (3,)})
    with pytest.raises(OptionError, match=r"`hidden` as a tuple of ints .* got \(3, 0\)"):
        sizes_of("fc", {"hidden": (3, 0)})
    with pytest.raises(OptionError, match="`pieces` as an int"):
        sizes_of("maxout", {"pieces": 2.5})
    with pytest.raises(OptionError, match="`reconstruction` as a float"):
        sizes_of("ae", {"reconstruction": -1})
    with pytest.raises(OptionError, match="10 columns are no square"):
        image_shape("cnn", 10, None)
    with pytest.raises(OptionError, match=r"of 10 columns; got \(3, 4\)"):
        image_shape("cnn", 10, (3, 4))
    with pytest.raises(OptionError, match="give fewer `channels`"):
        build_net("cnn", 4, 2, sizes={"channels": (2, 2)})
