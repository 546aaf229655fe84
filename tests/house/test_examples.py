"""The examples run as a reader would run them, and say what they promise."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

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
