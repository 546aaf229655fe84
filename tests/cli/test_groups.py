"""surrogate audit: groups, flips, and what is refused of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from surrogate import Audit
from surrogate.cli import main

SMALL = [
    *("--target", "truth", "--method", "cart", "--fidelity", "200", "--stability", "0"),
    *("--option", "n_queries=100", "--quiet"),
]


@pytest.fixture
def table(tmp_path: Path, rng: np.random.Generator) -> str:
    """Enough rows for groups to be compared."""
    x, y = rng.normal(size=(2, 400))
    sex = np.where(np.arange(400) % 2 == 0, "f", "m")
    lines = ["x,y,sex,truth"]
    lines += [f"{a:.4f},{b:.4f},{s},{'yes' if a + b > 0 else 'no'}" for a, b, s in zip(x, y, sex)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_groups_are_named_crossed_and_flipped(model: str, table: str, tmp_path: Path) -> None:
    target = tmp_path / "audit.json"
    command = ["audit", model, table, "--groups", "sex", "--groups", "sex,x", *SMALL]
    more = ["--flips", "40", "--change", "x=0.5", "--favourable", "no", "--json", str(target)]
    assert main([*command, *more]) == 0
    found = Audit.from_json(target.read_text(encoding="utf-8"))
    assert [one.grouping for one in found.impacts[::2]] == ["sex", "sex & x"]
    assert found.impacts[0].favourable == "no"
    assert found.queries is not None
    assert 0 < found.queries.purposes["flips"] <= 80
    moved = next(one for one in found.flips if one.attribute == "x")
    assert any(score.change == "up by 0.5" for score in moved.scores)


def test_a_reference_or_all_pairs(model: str, table: str, tmp_path: Path) -> None:
    target = tmp_path / "audit.json"
    command = ["audit", model, table, "--protected", "sex", "--flips", "0", *SMALL]
    assert main([*command, "--reference", "sex=m", "--json", str(target)]) == 0
    one = Audit.from_json(target.read_text(encoding="utf-8")).impacts[0]
    assert (one.reference, one.chosen) == ("m", False)
    assert main([*command, "--reference", "pairs", "--json", str(target)]) == 0
    assert Audit.from_json(target.read_text(encoding="utf-8")).impacts[0].pairs


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (["--reference", "m"], "--reference takes GROUPING=GROUP, or pairs"),
        (["--groups", "x", "--change", "x=far"], "the step must be a number"),
        (["--favourable", "perhaps"], "--favourable must be a class of the model"),
    ],
)
def test_what_is_wrong_is_said(
    said: list[str], wanted: str, model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", model, table, "--protected", "sex", *said, *SMALL]) == 2
    assert wanted in capsys.readouterr().err
