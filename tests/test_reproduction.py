"""How a result came about: the call, which model it was, when it was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import Domain, Oracle, audit, wrap
from surrogate._reproduction import call_text, model_hash

from doors import AUDIT, CART, module, numbers, onnx_file, people, probability, says
from remote_boxes import FakeRemote, rows_of


def test_an_audit_says_how_it_was_called() -> None:
    job: dict[str, Any] = {"methods": ["cart"], "stability": 0, "options": {"cart": CART}}
    found = audit(says, people(), groups=["job"], y=says(people()), fidelity=60, **job)
    assert found.settings["call"] == (
        "audit(model, data, y=y, methods=['cart'], fidelity=60, stability=0, groups=['job'], "
        "options={'cart': {'n_queries': 200}})"
    )
    assert found.settings["evidence"] == "rows"
    assert found.settings["asking"]["to"].endswith("+00:00")
    assert found.settings["asking"]["ledger sha256"] is None
    assert found.target["hash"] == "none: callable in memory"


def test_a_call_is_written_plainly() -> None:
    def job(model: Any, *, seed: int = 0, name: str | None = None, rows: Any = None) -> None: ...

    assert call_text(job, {"model": 1, "seed": 0, "name": None, "rows": None}) == "job(model)"
    said = call_text(job, {"model": 1, "seed": 2, "name": "x\x1b[2J", "rows": np.arange(3)})
    assert said == "job(model, seed=2, name='x\\x1b[2J', rows=rows)"
    assert len(call_text(job, {"rows": ["long"] * 199})) < 300


def test_a_file_and_parameters_have_hashes(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    assert model_hash(wrap(onnx_file(tmp_path))).startswith("sha256 of the file: ")
    net = module()
    said = model_hash(wrap(net, output="scores"))
    assert said.startswith("sha256 of the parameters: ")
    assert said == model_hash(wrap(module(), output="scores"))
    with torch.no_grad():
        net[0].bias[0] += 1e-6
    assert said != model_hash(wrap(net, output="scores"))
    assert wrap(net.bfloat16(), output="scores").sha256() != said


def test_what_a_ledger_keeps_has_a_hash() -> None:
    X = rows_of(20)
    hashes = []
    for rows in (X[:5], X[:5], X[:6]):
        box = FakeRemote()
        assert model_hash(box) == "none: behind a URL"
        with Oracle(box, Domain.infer(X), budget=100) as oracle:
            before = oracle.ledger_sha256
            oracle.ask(rows)
            hashes.append(oracle.ledger_sha256)
            assert before != hashes[-1]
    assert len(set(hashes)) == 3  # hashes of rows are salted, for each ledger otherwise


def test_an_oracle_keeps_what_is_asked_for_a_purpose() -> None:
    X = numbers(6)
    oracle = Oracle(wrap(probability), Domain.infer(X))
    with oracle.counting("local"), oracle.keeping("b", "c") as kept:
        oracle.ask(X[:2], purpose="a")
        oracle.ask(X, purpose=(("a", 1), ("b", 4), ("c", 4), ("b", 6)))
        oracle.ask_parts([("b", X[:1]), ("a", X[1:3])])
    oracle.ask(X[:2], purpose="b")
    assert [len(rows) for rows, _ in kept.of("b")] == [3, 2, 1]
    assert kept.of("c") == []
    rows, answers = kept.of("b")[0]
    np.testing.assert_array_equal(rows, X[1:4])
    np.testing.assert_array_equal(answers.values, probability(X[1:4]))
    assert dict(oracle.queries.purposes) == {"local": 11, "b": 2}


def test_evidence_of_several_classes_is_of_those_explained() -> None:
    from surrogate import verify

    from doors import three_classes

    options = {"cart": CART, "lime": {"n_samples": 300, "classes": [2, 0]}}
    box = wrap(three_classes, classes=[0, 1, 2])
    checked = verify(audit(box, numbers(), **{**AUDIT, "options": options}))
    assert checked.ok, str(checked)
    assert "local.fidelity" in checked.recomputed
