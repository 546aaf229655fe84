"""Rows of a comparison: noise in its box, one direction for all radii; plans; quotes; ledgers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError
from surrogate.robust.comparing.entrants import enter
from surrogate.robust.comparing.ground import limits_of
from surrogate.robust.comparing.noise import noisy
from surrogate.robust.comparing.ready import ReadyRows, check_ready, write_ready

from remote_boxes import FakeRemote

RNG = np.random.Generator(np.random.Philox(key=5))
TABLE = {
    "age": RNG.integers(18, 80, 60),
    "pay": RNG.normal(40, 9, 60),
    "job": RNG.choice(["cook", "clerk"], 60),
}
DOMAIN = Domain.infer(TABLE, bounds={"age": (18, 80)})
ROWS = DOMAIN.encode(TABLE)
LIMITS, _ = limits_of(DOMAIN, ROWS, immutable=())


@given(radius=st.floats(0.01, 5), seed=st.integers(0, 99))
def test_noise_stays_in_its_ball_and_box(radius: float, seed: int) -> None:
    moved, kept = noisy(ROWS, radius, limits=LIMITS, domain=DOMAIN, dtype="float32", seed=seed)
    away = np.abs(moved - ROWS) / LIMITS.unit
    assert (away[:, 1] <= radius * (1 + 1e-5) + 1e-5).all()
    assert (away[:, 0] <= radius + 0.5 / LIMITS.unit[0] + 1e-9).all()  # rounded to whole years
    assert (moved[:, 2] == ROWS[:, 2]).all()
    assert (DOMAIN.encode(DOMAIN.decode(moved)) == moved).all()
    assert kept.all()


def test_a_larger_radius_goes_on_in_the_same_direction() -> None:
    near, far = (
        noisy(ROWS, r, limits=LIMITS, domain=DOMAIN, dtype="float64", seed=3)[0] - ROWS
        for r in (0.1, 0.2)
    )
    assert far[:, 1] == pytest.approx(2 * near[:, 1])


def test_immutable_columns_do_not_move_and_all_of_them_are_said() -> None:
    limits, why = limits_of(DOMAIN, ROWS, immutable=["pay"])
    assert limits.mutable.tolist() == [True, False, False]
    assert why == ""
    limits, why = limits_of(DOMAIN, ROWS, immutable=["pay", "age"])
    assert limits is None
    assert why.startswith("No row was moved")


def test_a_unit_is_the_range_of_pixels_and_the_deviation_of_columns() -> None:
    pixels = Domain.infer(np.eye(4) * 7.5, bounds=dict.fromkeys(range(4), (0, 16)))
    limits, _ = limits_of(pixels, np.eye(4), immutable=())
    assert limits.unit.tolist() == [16.0] * 4
    assert LIMITS.unit[1] == pytest.approx(ROWS[:, 1].std())


def test_ready_rows_are_held_against_the_domain(tmp_path: Path) -> None:
    good = ReadyRows("pgd", "m", 0.1, ROWS[:3], np.arange(3))
    assert len(check_ready([good], DOMAIN, n_rows=60)) == 1
    write_ready(tmp_path / "a.npz", [good], columns=["age", "job", "pay"])
    with pytest.raises(DataError, match="column 1 is 'job', and 'pay' in the data"):
        check_ready(tmp_path / "a.npz", DOMAIN, n_rows=60)
    outside = ReadyRows("pgd", "m", 0.1, ROWS[:3] + np.array([90, 0, 0]), np.arange(3))
    with pytest.raises(DataError, match="outside its bounds"):
        check_ready([outside], DOMAIN, n_rows=60)
    (tmp_path / "b.npz").write_bytes(b"no zip")
    with pytest.raises(DataError, match="could not be read"):
        check_ready(tmp_path / "b.npz", DOMAIN, n_rows=60)
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(
        DataError, match=r"array.npy could not be read as an \.npz file: it is none"
    ):
        check_ready(tmp_path / "array.npy", DOMAIN, n_rows=60)
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="it is none, or not whole"):
        check_ready(tmp_path / "half.npz", DOMAIN, n_rows=60)
    np.savez(tmp_path / "c.npz", rows=np.zeros(3))
    with pytest.raises(DataError, match="lacks 'source', 'attack'"):
        check_ready(tmp_path / "c.npz", DOMAIN, n_rows=60)


@pytest.mark.parametrize("radius", [0.0, -1.0, float("nan"), float("inf")])
def test_ready_rows_have_a_radius_or_none(radius: float) -> None:
    given = ReadyRows("pgd", "m", radius, ROWS[:3], np.arange(3))
    with pytest.raises(DataError, match="radius must be a number above 0, or None"):
        check_ready([given], DOMAIN, n_rows=60)


def test_ready_rows_are_measured_in_a_known_norm() -> None:
    given = ReadyRows("pgd", "m", 0.1, ROWS[:3], np.arange(3), "l7")
    with pytest.raises(DataError, match="norm must be 'linf', 'l2'"):
        check_ready([given], DOMAIN, n_rows=60)


def test_every_remote_model_has_a_ledger_of_its_own(tmp_path: Path) -> None:
    models = {"a": wrap(len), "b/c": FakeRemote(), "b?c": FakeRemote()}
    entered = {one.name: one for one in enter(models, ledger=tmp_path, budget=9)}
    assert entered["a"].ledger is None
    assert not entered["a"].offline
    files = {Path(entered[name].ledger) for name in ("b/c", "b?c")}
    assert len(files) == 2
    assert all(path.parent == tmp_path for path in files)
    chosen = enter(models, ledger={"b/c": tmp_path / "x.ledger"}, budget={"b?c": 7})
    assert [one.ledger for one in chosen] == [None, tmp_path / "x.ledger", None]
    assert [one.budget for one in chosen] == [None, None, 7]
    with pytest.raises(OptionError, match="'a', which answers in this process"):
        enter(models, ledger={"a": tmp_path / "x.ledger"})
