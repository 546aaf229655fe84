"""The examples run as a reader would run them, and say what they promise."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import http.client
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest


def run(root: Path, *command: str) -> str:
    """Standard output of an example, run from the root of the checkout."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_explain_one_row(root: Path) -> None:
    pytest.importorskip("onnxruntime")
    out = run(root, "examples/explain_one_row.py")
    assert "capital_gain" in out
    assert "R²" in out


def test_explain_images(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "eight.png"
    out = run(root, "examples/explain_images.py", str(picture))
    assert "superpixel" in out
    assert "R²" in out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_explain_texts(root: Path) -> None:
    out = run(root, "examples/explain_texts.py")
    assert "[-not]" in out
    assert "R²" in out


def test_distill_forest(root: Path) -> None:
    out = run(root, "examples/distill_forest.py")
    assert "agreement" in out
    assert "95 %" in out
    assert "worst" in out


def test_audit_torch(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("pandas")
    pytest.importorskip("jinja2")
    report = tmp_path / "report.html"
    out = run(root, "examples/audit_torch.py", str(report))
    assert "agreement" in out
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


@contextlib.contextmanager
def served(root: Path, *options: str) -> Iterator[str]:
    """The address of the example's server, for as long as the block lasts."""
    command = [sys.executable, "-W", "error", "examples/serve_adult.py", "--port", "0", "--leashed"]
    with subprocess.Popen(
        [*command, *options],
        cwd=root,
        env={**os.environ, "ADULT_KEY": "sesame"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            yield server.stdout.readline().split()[-1]
        finally:
            server.stdin.close()
            assert server.wait(10) == 0


def call(url: str, body: object = None, *, key: str = "sesame") -> tuple[int, dict, dict]:
    """Status, headers and content of one call."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Authorization": f"Bearer {key}"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.load(error)


def first_row(root: Path) -> dict[str, int | str]:
    """The first row of the demo's table, as the server takes it."""
    with (root / "examples/data/adult.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    del row["income"]
    return {name: int(value) if value.isdigit() else value for name, value in row.items()}


def test_the_demo_server_wants_a_key_and_bills_rows(root: Path) -> None:
    pytest.importorskip("onnxruntime")
    row = first_row(root)
    frame = {"columns": list(row), "data": [list(row.values())] * 2}
    inputs = [{"name": name, "shape": [2, 1], "data": [value] * 2} for name, value in row.items()]
    with served(root, "--rate", "0.5", "--burst", "2") as url:
        assert call(f"{url}/invocations", {"dataframe_split": frame}, key="wrong")[0] == 401
        status, _, content = call(f"{url}/invocations", {"dataframe_split": frame})
        assert status == 200
        assert [len(p) for p in content["predictions"]] == [2, 2]
        _, _, v2 = call(f"{url}/v2/models/adult/infer", {"inputs": inputs})
        assert v2["outputs"][0]["data"] == [p for row in content["predictions"] for p in row]
        status, headers, _ = call(f"{url}/invocations", {"dataframe_split": frame})
        assert status == 429
        assert 0 < int(headers["Retry-After-Ms"]) <= 1000 * int(headers["Retry-After"])
        assert call(f"{url}/billing")[2] == {"calls": 2, "rows": 4, "rows again": 3}


def test_the_demo_server_fails_by_the_seed(root: Path) -> None:
    pytest.importorskip("onnxruntime")
    outcomes = []
    for _ in range(2):
        with served(root, "--faults", "1", "--seed", "3", "--latency", "0") as url:
            outcomes.append([outcome(url, first_row(root)) for _ in range(8)])
    assert outcomes[0] == outcomes[1]
    assert len(set(outcomes[0])) > 2


def outcome(url: str, row: dict[str, int | str]) -> str:
    """How a call of the demo's server ends."""
    try:
        return str(call(f"{url}/invocations", {"dataframe_records": [row]})[0])
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__


def test_training_the_demo_works_on_the_kept_sample(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("skl2onnx")
    out = run(root, "-W", "default", "examples/train_adult.py", "--out", str(tmp_path))
    accuracy = float(out.split("others: ")[1].split()[0])
    assert 0.8 < accuracy < 0.9
    assert {p.name for p in tmp_path.iterdir()} == {"adult.json", "adult.onnx", "data"}


def test_the_demo_model_is_small_and_fits_its_constants(root: Path) -> None:
    assert (root / "examples/adult.onnx").stat().st_size < 200_000
    constants = json.loads((root / "examples/adult.json").read_text(encoding="utf-8"))
    width = len(constants["amounts"]) + sum(map(len, constants["categories"].values()))
    assert width == 49


def test_the_demo_table_is_the_one_of_its_provenance(root: Path) -> None:
    content = (root / "examples/data/adult.csv").read_bytes()
    said = (root / "examples/data/PROVENANCE.md").read_text(encoding="utf-8")
    assert hashlib.sha256(content).hexdigest() in said
    assert "CC BY 4.0" in said
    rows = list(csv.DictReader(content.decode().splitlines()))
    assert len(rows) == 4_000
    assert set(rows[0]) >= {"age", "sex", "race", "income"}


def test_training_the_robust_demo_works_on_the_kept_sample(root: Path, tmp_path: Path) -> None:
    for library in ("torch", "safetensors", "onnx"):
        pytest.importorskip(library)
    out = run(root, "examples/train_robust.py", "--out", str(tmp_path))
    assert out.count("pgd of radius 0.2") == 2
    assert {p.name for p in tmp_path.iterdir()} == {
        "natural.onnx", "robust.onnx", "robust.json", "data"
    }  # fmt: skip


def test_the_robust_demo_is_what_its_hashes_say(root: Path) -> None:
    kept = json.loads((root / "examples/robust.json").read_text(encoding="utf-8"))
    said = (root / "examples/data/PROVENANCE.md").read_text(encoding="utf-8")
    for name, digest in kept["sha256"].items():
        content = (root / "examples" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name
        assert name.endswith(".onnx") or digest in said


def test_adversarial_rows_of_the_demo_lie_in_their_balls(root: Path) -> None:
    kept = json.loads((root / "examples/robust.json").read_text(encoding="utf-8"))
    scale = np.array(kept["columns"]["scale"])
    with (root / "examples/data/magic_held_out.csv").open(encoding="utf-8") as file:
        clean = np.array([list(row.values())[:-1] for row in csv.DictReader(file)], dtype=float)
    with np.load(root / "examples/data/magic_adversarial.npz") as sets:
        assert len(sets["rows"]) == 6
        for rows, radius in zip(sets["rows"], sets["radius"]):
            moved = np.abs(rows - clean[sets["source"][0]]) / scale
            assert moved.max() <= radius
            assert moved.max(axis=1).min() > 0.5 * radius


def test_the_parts_of_the_robustness_study_work_on_digits(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole of it takes minutes; `compare` and training have tests of their own."""
    for library in ("torch", "safetensors"):
        pytest.importorskip(library)
    monkeypatch.syspath_prepend(str(root / "examples"))
    import mnist_robustness as study

    task = study.read(None, download=False, out=tmp_path)
    rows, test = task.flat(task.train[0][:200]), (task.flat(task.test[0][:30]), task.test[1][:30])
    arms = study.train_arms(
        rows,
        task.train[1][:200],
        recipes=("natural", "fgsm"),
        architecture="softmax",
        epochs=1,
        seeds=range(2),
        test=test,
    )
    monkeypatch.setattr(study, "by_patches", lambda net, task: np.arange(4.0) + net.settings.seed)
    table = study.lime_table(arms, task, tmp_path / "lime.csv")
    assert table.tolist() == [[[0, 1, 2, 3], [1, 2, 3, 4]]] * 2
    assert study.say_lime(table).count("fgsm against natural") == 4


def test_patches_of_a_linear_net_are_read_without_error(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(str(root / "examples"))
    import mnist_robustness as study

    task = study.digits()
    rows, test = task.flat(task.train[0]), (task.flat(task.test[0]), task.test[1])
    net = study.train_arms(
        rows, task.train[1], recipes=("natural",), seeds=(0,), architecture="softmax", test=test
    )["natural"][0]
    r2, mse, agree, margin = study.by_patches(net, task, n=3)
    assert 0.5 < r2 < 1
    assert 0 < mse < 0.1
    assert 0.5 < agree <= 1
    assert 0.8 < margin < 1  # of two linear functions the larger is nearly linear


def test_the_demo_compares_two_nets_without_torch(root: Path) -> None:
    pytest.importorskip("onnxruntime")
    code = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "art"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from surrogate.cli import main
sys.exit(main(sys.argv[1:]))
"""
    out = run(
        root,
        *("-c", code, "compare", "natural=examples/natural.onnx", "robust=examples/robust.onnx"),
        *("examples/data/magic.csv", "--test", "examples/data/magic_held_out.csv"),
        *("--target", "shower", "--adversarial", "examples/data/magic_adversarial.npz"),
        *("--radius", ".2", "--method", "cart", "--stability", "0", "--quiet"),
        *("--fidelity", "200", "--option", "n_queries=500"),
    )
    assert "robust against natural: cart, pgd rows of radius 0.2" in out
    assert "robust accuracy, pgd, radius 0.4" in out


def test_make_demo_compares_what_is_there(root: Path) -> None:
    text = (root / "Makefile").read_text(encoding="utf-8")
    recipe = text.partition("\ndemo:")[2].partition("\n\n")[0]
    named = [word.rpartition("=")[2] for word in recipe.split() if "examples/" in word]
    files = [name.partition(":")[0] for name in named]
    assert len(files) >= 7
    assert all((root / name).is_file() for name in files)
