"""What the page's script is given: JSON that cannot end its block, fields that fit the domain."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from surrogate.domain import Domain
from surrogate.explanation import Evidence
from surrogate.forms import Interval, Rule, RuleSet, form_from_dict
from surrogate.render.fragments import Fragment
from surrogate.report.live import Start, data_block, form_json, live_form, starts_of, typical_row

WORK = ("Federal", "Private", "State")


def domain() -> Domain:
    rows = {
        "age": np.array([30, 41, 52]),
        "weight": np.array([60.5, 71.0, np.nan]),
        "work": np.array(WORK),
        "red": np.array([1, 0, 0]),
        "blue": np.array([0, 1, 1]),
        "idle": np.array([0, 1, 0]),
    }
    return Domain.infer(
        rows,
        units={"age": "years"},
        bounds={"age": (17, 90)},
        groups={"colour": ("red", "blue")},
    )


def rules() -> RuleSet:
    conditions = (
        Interval(0, high=40.0),
        Interval(1, low=65.0),
        Interval(2, high=0.5),
        Interval(3, low=0.5),
    )
    listed = tuple(Rule((condition,), (0.2, 0.8)) for condition in conditions)
    return RuleSet(domain().features, ("no", "yes"), listed, (0.9, 0.1), ordered=True)


def content(demo: ModuleType, **changes: object) -> dict:
    given = {"form": rules(), "domain": domain(), "rules": None, **changes}
    one = replace(demo.classifier(leaves=4), **given)
    starts = [Start("a\u202e row", np.array([30.0, np.nan, 2.0, 0.0, 1.0, 1.0]))]
    made = live_form([Fragment("<p>x</p>")], one, name="s", at=1, starts=starts)
    found = re.search(r'<script type="application/json" id="s">(.*?)</script>', made)
    assert found is not None
    return json.loads(found[1])


def test_fields_have_the_kind_unit_bounds_and_categories_of_their_columns(demo) -> None:
    fields = {field["name"]: field for field in content(demo)["fields"]}
    assert list(fields) == ["age", "weight", "work", "colour"]
    assert fields["age"]["hint"] == "whole number, 17 to 90 years"
    assert (fields["age"]["low"], fields["age"]["high"], fields["age"]["whole"]) == (17, 90, True)
    assert fields["weight"]["hint"] == "number; empty if missing"
    assert fields["weight"]["missing"]
    assert fields["work"]["options"] == list(WORK)
    assert fields["colour"]["options"] == ["red", "blue"]
    assert fields["colour"]["columns"] == [3, 4]


def test_rows_hold_what_matters_and_names_are_clean(demo) -> None:
    found = content(demo)
    assert found["rows"] == [["a\\u202e row", [30, None, 2, 0, 1, None]]]
    assert "agrees with the model on" in found["note"]
    assert "interval" in found["note"]


def test_a_form_that_looks_at_nothing_has_no_row_to_fill_in(demo) -> None:
    empty = replace(rules(), rules=())
    one = replace(demo.classifier(leaves=4), form=empty, domain=domain(), rules=None)
    assert live_form([Fragment("<p>x</p>")], one, name="s", at=1) == "<p>x</p>"


def test_json_keeps_the_form_to_the_last_bit(demo) -> None:
    tree = demo.classifier(leaves=8).form
    data = json.loads(json.dumps(form_json(tree)))
    assert data["threshold"] == [None if np.isnan(t) else t for t in tree.threshold]
    assert [v is None for v in data["value"]] == (~tree.is_leaf).tolist()
    said = form_json(rules())["rules"][0]["conditions"][0]
    assert said == {"condition": "interval", "feature": 0, "high": 40.0, "high_closed": True}
    full = {"low": None, "low_closed": False, "missing": False, **said}
    assert form_from_dict(rules().to_dict()).rules[0].conditions[0].to_dict() == full


@pytest.mark.parametrize("text", ["</script><b>", "<!--<script>", "a\u2028b\u2029", "&amp;"])
def test_no_text_ends_its_block(text: str) -> None:
    made = data_block("a", {"names": [text]})
    inner = made[made.index(">") + 1 : -len("</script>")]
    assert not set(inner) & set("<>&\u2028\u2029")
    assert json.loads(inner) == {"names": [text]}


def test_the_rows_to_start_from_are_those_explained(demo) -> None:
    starts = starts_of(demo.audit())
    assert [start.name for start in starts] == [f"row {i}" for i in range(4)]
    assert np.array_equal(starts[0].row, demo.audit().local.rows[0])
    assert starts_of(replace(demo.audit(), local=None)) == []


def test_a_typical_row_comes_first_where_rows_are_kept(demo) -> None:
    rows = np.array([[20, 70.0, 1, 1, 0, 1], [30, np.nan, 1, 0, 1, 1], [60, 80.0, 0, 0, 1, 0]])
    one = replace(demo.classifier(leaves=4), form=rules(), domain=domain(), rules=None)
    kept = Evidence("rows", {"probe0/rows": rows})
    audit = replace(demo.audit(), surrogates=(one,), local=None, evidence=kept)
    (start,) = starts_of(audit)
    assert start.name == "a typical row"
    assert start.row.tolist() == [30, 70, 1, 0, 1, 1]
    assert starts_of(replace(audit, evidence=Evidence("answers", {"probe0/held": rows}))) == []


def test_without_rows_one_in_the_middle_of_the_cuts() -> None:
    row = typical_row(rules(), domain())
    assert row.tolist() == [40.0, 65.0, 0.0, 1.0, 0.0, 0.0]
    domain().encode(domain().decode(row[None]))
