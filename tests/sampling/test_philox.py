"""The counter-based generator: its published answers, and the same numbers everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from surrogate.errors import OptionError
from surrogate.sampling.philox import normals, philox4x32, uniforms

WORD = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        (
            (0, 0, 0, 0),
            (0, 0),
            (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
        ),
        (
            (0xFFFFFFFF,) * 4,
            (0xFFFFFFFF,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_known_answers(counter: tuple[int, ...], key: tuple[int, int], answer: object) -> None:
    """Those that come with the authors' own implementation, Random123."""
    assert tuple(philox4x32(np.array([counter]), key=key)[0].tolist()) == answer


@given(counter=st.tuples(WORD, WORD, WORD, WORD), key=st.tuples(WORD, WORD))
@settings(max_examples=100, deadline=None)
def test_whole_numbers_of_any_size(counter: tuple[int, ...], key: tuple[int, int]) -> None:
    """As with Python's own numbers, which do not overflow."""
    a, b, c, d = counter
    first, second = key
    for _ in range(10):
        x, y = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (y >> 32) ^ b ^ first, y % 2**32, (x >> 32) ^ d ^ second, x % 2**32
        first, second = (first + 0x9E3779B9) % 2**32, (second + 0xBB67AE85) % 2**32
    assert tuple(philox4x32(np.array([counter]), key=key)[0].tolist()) == (a, b, c, d)


@given(seed=st.integers(0, 2**64), n=st.integers(0, 50))
@settings(max_examples=50, deadline=None)
def test_torch_draws_what_numpy_draws(seed: int, n: int) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (uniforms(n, seed=seed, stream="a", library=x) for x in ("numpy", "torch"))
    assert isinstance(theirs, torch.Tensor)
    np.testing.assert_array_equal(ours, theirs.numpy())
    ours, theirs = (normals(n, seed=seed, stream="a", library=x) for x in ("numpy", "torch"))
    assert ours.shape == (n,)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-13, atol=1e-14)


def test_a_device_draws_what_the_host_draws(device: str) -> None:
    there = uniforms(10_001, seed=3, stream="a", library="torch", device=device)
    np.testing.assert_array_equal(uniforms(10_001, seed=3, stream="a"), there.cpu().numpy())


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = uniforms(101, seed=1, stream="a")
    monkeypatch.setattr("surrogate.sampling.philox._AT_ONCE", 7)
    np.testing.assert_array_equal(whole, uniforms(101, seed=1, stream="a"))
    np.testing.assert_array_equal(whole[:40], uniforms(40, seed=1, stream="a"))


def test_they_are_uniform_and_normal() -> None:
    u, z = (draw(200_000, seed=0, stream="a") for draw in (uniforms, normals))
    assert u.min() > 0.0
    assert u.max() < 1.0
    assert stats.kstest(u, "uniform").pvalue > 0.01
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert abs(np.corrcoef(z[0::2], z[1::2])[0, 1]) < 0.02


def test_streams_and_seeds_differ() -> None:
    drawn = [uniforms(4, seed=s, stream=x).tolist() for s in (0, 1) for x in ("a", "b")]
    assert len({tuple(part) for part in drawn}) == 4
    with pytest.raises(OptionError, match="`seed` parameter of uniforms"):
        uniforms(4, seed=-1, stream="a")
