"""Arrays that are kept: exact to the bit, bounded, and refused where they are damaged."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from surrogate.errors import InputError
from surrogate.explanation import Evidence
from surrogate.explanation.packing import from_text, to_text

KINDS = ["<f8", "<f4", "<f2", "<i8", "<i4", "<u2", "|u1", "|b1"]
ANY = st.sampled_from(KINDS).flatmap(
    lambda kind: arrays(kind, array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=7))
)


@given(array=ANY)
def test_every_array_comes_back_bit_by_bit(array: np.ndarray) -> None:
    packed = json.loads(json.dumps(to_text(array)))
    back = from_text(packed)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == np.ascontiguousarray(array).tobytes()
    assert not back.flags.writeable


def test_other_orders_and_types_are_kept_as_numbers() -> None:
    big = np.arange(6, dtype=">f8").reshape(2, 3)[:, ::-1]
    assert from_text(to_text(big)).tolist() == big.tolist()
    assert from_text(to_text(np.array(3.5))).tolist() == [3.5]
    assert from_text(to_text(np.array([1, 2], dtype=np.uint32))).tolist() == [1, 2]
    with pytest.raises(InputError, match="floats, whole numbers and bools; got <U1"):
        to_text(np.array(["a"]))


def test_rows_are_small_and_have_a_bound(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(2000, 14))
    assert len(to_text(rows)["data"]) < 2000 * 14 * 8 * 1.2  # random bits, as base64
    coded = np.column_stack([rng.integers(0, 9, 2000) for _ in range(14)]).astype(float)
    assert len(to_text(coded)["data"]) < 2000 * 14
    single = rows.astype(np.float32).astype(np.float64)
    assert to_text(single)["stored"] == "<f4"
    assert len(to_text(np.zeros((2000, 14)))["data"]) < 200


def damaged(**change: Any) -> dict[str, Any]:
    return {**to_text(np.arange(10.0)), **change}


@pytest.mark.parametrize(
    "packed",
    [
        {},
        damaged(data="%%"),
        damaged(data=base64.b64encode(b"not zlib").decode()),
        damaged(data=base64.b64encode(zlib.compress(bytes(10_000_000))).decode()),
        damaged(shape=[11]),
        damaged(shape=[2**40, 2**40]),
        damaged(shape=[-1]),
        damaged(shape=[]),
        damaged(dtype="|O"),
        damaged(stored="<c16"),
        damaged(shape="10"),
    ],
)
def test_damaged_arrays_are_refused(packed: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no packed array"):
        from_text(packed)


def kept() -> Evidence:
    arrays = {"a/rows": np.eye(3), "a/decision": np.array([0, 1, 1]), "b": np.array([True])}
    return Evidence("rows", arrays, {"seed": 3, "names": ["x"]})


def test_evidence_comes_back_and_knows_its_parts() -> None:
    one = kept()
    back = Evidence.from_dict(json.loads(json.dumps(one.to_dict())))
    assert back == one
    assert sorted(back.part("a")) == ["decision", "rows"]
    assert back.facts["seed"] == 3
    assert "3 arrays" in repr(one)
    assert one.n_bytes < 200
    with pytest.raises(InputError, match="of 'rows' or of 'answers'"):
        Evidence("none", {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["facts"].update(seed=4),
        lambda d: d.update(kind="answers"),
        lambda d: d["arrays"].pop("b"),
        lambda d: d["arrays"].update(c=d["arrays"]["b"]),
        lambda d: d["arrays"].update(b=to_text(np.array([False]))),
        lambda d: d["arrays"].update({"a/rows": to_text(np.eye(3).reshape(9))}),
        lambda d: d.pop("sha256"),
        lambda d: d.update(arrays=[1]),
    ],
)
def test_evidence_that_was_changed_is_refused(change: Any) -> None:
    data = json.loads(json.dumps(kept().to_dict()))
    change(data)
    with pytest.raises(InputError, match=r"was changed|no evidence|of 'rows'"):
        Evidence.from_dict(data)


def test_the_hash_does_not_depend_on_the_compression() -> None:
    data = kept().to_dict()
    raw = zlib.decompress(base64.b64decode(data["arrays"]["b"]["data"]))
    data["arrays"]["b"] = {
        **data["arrays"]["b"],
        "data": base64.b64encode(zlib.compress(raw, 1)).decode(),
    }
    assert Evidence.from_dict(data) == kept()
