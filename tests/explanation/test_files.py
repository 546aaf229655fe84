from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from surrogate import distill
from surrogate.errors import AbilityError, InputError
from surrogate.explanation import GlobalExplanation
from surrogate.export import read_json
from surrogate.forms import Linear, Scaled


def model(rows):
    """Grants to cooks from 30 on, and to any with little debt."""
    good = ((rows["job"] == "cook") & (rows["age"] >= 30)) | (rows["debt"] < 1)
    return np.where(good, "grant", "deny")


@pytest.fixture(scope="module")
def explained() -> tuple[GlobalExplanation, dict]:
    rng = np.random.default_rng(0)
    data = {
        "age": rng.integers(18, 80, 600),
        "debt": rng.exponential(2.0, 600),
        "job": rng.choice(["cook", "clerk", "d'Artagnan"], 600).astype(object),
    }
    return distill(model, data, fidelity=200, stability=0, options={"max_leaves": 6}), data


@pytest.mark.parametrize("rules", [False, True])
@pytest.mark.parametrize(
    ("suffix", "sign"),
    [("txt", ""), ("md", ""), ("json", ""), ("py", "# "), ("sql", "-- "), ("dot", ""), ("gv", "")],
)
def test_every_file_begins_with_the_claim(explained, tmp_path, suffix, sign, rules):
    found, _ = explained
    path = tmp_path / f"form.{suffix}"
    found.export(path, rules=rules)
    text = path.read_text(encoding="utf-8")
    claim = str(found.fidelity[0].main.value_text())
    assert claim in text
    assert "95 % interval" in text
    assert text.startswith(sign)


def test_what_is_exported_answers_the_users_rows_as_the_explanation_does(explained, tmp_path):
    found, data = explained
    said = found.predict(data).tolist()
    rows = [dict(zip(data, row)) for row in zip(*(column.tolist() for column in data.values()))]
    found.export(tmp_path / "form.py")
    made = {}
    exec((tmp_path / "form.py").read_text(encoding="utf-8"), made)
    assert [made["predict"](row) for row in rows] == said
    found.export(tmp_path / "form.sql", rules=True)
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE people (age, debt, job)")
    base.executemany("INSERT INTO people VALUES (:age, :debt, :job)", rows)
    case = (tmp_path / "form.sql").read_text(encoding="utf-8")
    assert [row[0] for row in base.execute(f"SELECT {case} FROM people")] == said
    found.export(tmp_path / "form.json")
    assert read_json((tmp_path / "form.json").read_text()) == found.form


def test_pictures_are_drawn(explained, tmp_path):
    pytest.importorskip("matplotlib")
    found, _ = explained
    for name, rules, start in (("a.png", False, b"\x89PNG"), ("b.svg", True, b"<?xml")):
        found.export(tmp_path / name, rules=rules)
        assert (tmp_path / name).read_bytes().startswith(start)


def test_a_format_may_be_said(explained, tmp_path):
    found, _ = explained
    found.export(tmp_path / "form", format="sql")
    assert (tmp_path / "form").read_text().startswith("-- This tree")


def test_what_cannot_be_exported_is_refused(explained, tmp_path):
    found, _ = explained
    with pytest.raises(InputError, match=r"'form.xls' says no format.*Pictures end in \.png"):
        found.export(tmp_path / "form.xls")
    with pytest.raises(InputError, match="must be one of text, markdown"):
        found.export(tmp_path / "form.py", format="excel")
    with pytest.raises(InputError, match="does not exist"):
        found.export(tmp_path / "nowhere" / "form.py")
    bare = GlobalExplanation("cart", found.form, found.domain, found.task, found.fidelity)
    with pytest.raises(AbilityError, match="no rules beside"):
        bare.export(tmp_path / "form.py", rules=True)


def test_rules_are_counted_on_rows_that_did_not_choose_them(explained):
    found, _ = explained
    rules = found.rules
    assert rules.n_rows == found.fidelity[0].main.n
    assert sum(r.n_covered for r in rules.rules) + rules.n_covered == rules.n_rows
    assert all(r.precision_interval for r in rules.rules if r.n_covered)
    assert "95 % interval" in str(rules)


def test_why_takes_the_users_rows_and_changes_what_may_change(explained):
    found, data = explained
    rows = {name: column[:20] for name, column in data.items()}
    reasons = found.why(rows)
    assert [r.classes[r.decision] for r in reasons] == found.predict(rows).tolist()
    for reason in reasons:
        assert str(reason).startswith(reason.classes[reason.decision])
        for other in reason.otherwise:
            assert found.form.predict(other.row[None])[0] != reason.decision
    kept = found.why(rows, fixed=["debt", "job"])
    changed = {c.feature for r in kept for o in r.otherwise for c in o.changes}
    assert changed <= {0}


def test_a_linear_form_has_no_rules_to_tell(explained):
    found, data = explained
    form = Linear(found.form.features, None, [[1.0]], [0.0], (Scaled(0),))
    linear = GlobalExplanation("linear", form, found.domain, "regression", found.fidelity)
    with pytest.raises(AbilityError, match="linear form has no rules"):
        linear.why(data)
