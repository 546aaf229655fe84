"""On a GPU the attacks find what they find on the host."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from surrogate.robust.attacks import ATTACKS, Adversarial


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_a_net_on_a_gpu_is_attacked_there(
    name: str,
    device: str,
    digits: Any,
    attacked: Callable[[str, str], Adversarial],
    attacking: Callable[..., Adversarial],
) -> None:
    net = copy.deepcopy(digits.net).to(device)
    there = attacking(dataclasses.replace(digits, net=net), name)
    assert abs(there.fooled.mean() - attacked("digits", name).fooled.mean()) <= 0.1
    assert next(net.parameters()).device.type == "cuda"
