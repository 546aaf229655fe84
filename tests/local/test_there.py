"""What torch sums up and solves, against NumPy: on the CPU, and on a GPU where there is one."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from surrogate import explain
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import OptionError
from surrogate.local import Lime
from surrogate.local import _there as there
from surrogate.local._replicates import plan_errors
from surrogate.local._run import run
from surrogate.oracle import Oracle

torch = pytest.importorskip("torch")

HERE = "cpu:0"  # torch's CPU; plain "cpu" means NumPy
SIZES: Any = {"n_samples": 700, "fidelity": 250, "seeds": {"fit": 1, "fidelity": 2}}


def table(n: int = 90) -> Any:
    rng = np.random.Generator(np.random.Philox(key=6))
    return {
        "age": rng.normal(40, 12, size=n),
        "pay": rng.lognormal(size=n),
        "town": np.array(["Ghent", "Lund", "Cork"], dtype=object)[rng.integers(3, size=n)],
        "loud": rng.integers(2, size=n),
        "twin": np.full(n, 2.5),
    }


def answer(rows: Any) -> np.ndarray:
    score = rows["age"] / 20 * (np.asarray(rows["town"], dtype=object) == "Lund") + np.sin(
        rows["pay"]
    )
    return np.column_stack([score, np.asarray(rows["loud"]) * score, 0.0 * score + 0.1])


def pair(rows: Any) -> np.ndarray:
    p = 1.0 / (1.0 + np.exp(2.0 - answer(rows)[:, 0]))
    return np.column_stack([1.0 - p, p])


def job(function: Any, **options: Any) -> Any:
    data = table()
    domain = Domain.infer(data)
    said = {"task": "regression"} if function is answer else {}
    matrix = domain.encode(data)
    lime = Lime(Oracle(wrap(function, **said), domain), **options)
    return lime.job(matrix[:40], reference=matrix)


def assert_alike(ours: Any, theirs: Any, *, rtol: float, atol: float) -> None:
    for part in ("fit", "fresh"):
        for field in fields(getattr(ours, part)):
            if field.name not in ("sums", "condition"):
                a, b = (getattr(getattr(found, part), field.name) for found in (ours, theirs))
                np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=field.name)
    a, b = (plan_errors(found.fit.sums.sum(axis=0))[:2] for found in (ours, theirs))
    np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


@pytest.mark.parametrize("function", [answer, pair], ids=["values", "probabilities"])
@pytest.mark.parametrize("sampling", ["discretised", "neighbours"])
@pytest.mark.parametrize("ridge", [0.0, 2.0], ids=["plain", "ridge"])
def test_torch_finds_what_numpy_finds(function: Any, sampling: str, ridge: float) -> None:
    work = job(function, sampling=sampling, ridge=ridge)
    ours, theirs = run(work, **SIZES), run(replace(work, device=HERE), **SIZES)
    tight = sampling == "neighbours"  # there both sum in float64
    assert_alike(ours, theirs, rtol=1e-7 if tight else 2e-4, atol=1e-9 if tight else 2e-5)


def test_torch_is_asked_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    solve = there._solve
    monkeypatch.setattr(there, "_solve", lambda *given: seen.append(1) or solve(*given))
    run(replace(job(answer), device=HERE), **SIZES)
    assert seen
    del seen[:]
    run(replace(job(answer, selection="highest_weights"), device=HERE), **SIZES)
    assert not seen  # lime's ways of choosing are the host's


def test_rows_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    work = replace(job(answer), device=HERE)
    whole = run(work, **SIZES)
    monkeypatch.setattr(there, "_BYTES", 2_000_000)
    assert_alike(whole, run(work, **SIZES), rtol=1e-9, atol=1e-11)


def test_columns_that_move_together_have_no_errors() -> None:
    data = {"a": np.linspace(0.1, 1.3, 80), "b": 3.0 * np.linspace(0.1, 1.3, 80)}
    domain = Domain.infer(data)
    matrix = domain.encode(data)
    oracle = Oracle(wrap(lambda rows: rows["a"] ** 2 + rows["b"], task="regression"), domain)
    work = Lime(oracle).job(matrix[:5], reference=matrix)
    ours, theirs = run(work, **SIZES), run(replace(work, device=HERE), **SIZES)
    assert np.isnan(ours.fit.errors).all()
    assert np.isnan(theirs.fit.errors).all()
    np.testing.assert_allclose(ours.fit.coef, theirs.fit.coef, rtol=1e-5)


def test_devices_that_are_not_there() -> None:
    with pytest.raises(OptionError, match="`device` parameter of Lime names 'abacus'"):
        job(answer, device="abacus")
    with pytest.raises(OptionError, match="`device` parameter of Lime must be"):
        job(answer, device=3)
    assert job(answer).device == job(answer, device="cpu").device == "cpu"


def net() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))


@pytest.mark.parametrize("sampling", ["neighbours", "discretised", "kernel", "gaussian"])
def test_a_gpu_finds_what_the_host_finds(device: str, sampling: str) -> None:
    X = np.random.Generator(np.random.Philox(key=1)).normal(size=(300, 6)).astype(np.float32)
    results = [
        explain(
            wrap(net().to(place), output="scores"),
            X[:100],
            data=X,
            options={"sampling": sampling, "n_samples": 1000, "width": 1.5},
        )
        for place in ("cpu", device)
    ]
    one, other = (result.coef for result in results)
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        results[0].fidelity.value, results[1].fidelity.value, rtol=1e-3, atol=1e-4
    )
