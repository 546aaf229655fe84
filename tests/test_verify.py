"""What was written is what is read: hashes, and figures computed again from kept evidence."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate import Audit, audit, distill, explain, verify, wrap
from surrogate.errors import InputError, OptionError
from surrogate.explanation.serial import integrity

from doors import AUDIT, CART, DISTILL, EXPLAIN, numbers, people, probability, says, value

Place = tuple[str | int, ...]
ALWAYS = ("fidelity", "curve", "stability", "verdict")
"""Parts of a surrogate all of whose numbers are computed again."""
LOCAL = ("value", "low", "high", "ess", "error", "n", "level", "seed")


def leaves(value: Any, place: Place = ()) -> Iterator[Place]:
    """Places of all numbers."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*place, name))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from leaves(item, (*place, i))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place


def at(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


def put(document: Any, place: Place, number: Any) -> Any:
    """A copy with another number at a place."""
    changed = copy.deepcopy(document)
    at(changed, place[:-1])[place[-1]] = number
    return changed


def forged(document: Any) -> str:
    """As one writes it who knows how the hash is made."""
    changed = {**document, "integrity": {"sha256": integrity(document)}}
    return json.dumps(changed)


def check(text: str, folder: Path) -> Any:
    path = folder / "found.json"
    path.write_text(text, encoding="utf-8")
    return verify(path)


@pytest.fixture(scope="module")
def result() -> Audit:
    data = people()
    data["income"] = np.where(np.arange(150) % 9 == 0, np.nan, data["income"])
    rng = np.random.Generator(np.random.Philox(key=1))
    y = np.where(rng.random(150) < 0.2, "no", says(data))
    more = {"groups": ["job"], "y": y, "target_fidelity": 0.6, **AUDIT, "stability": 2}
    return audit(says, data, **more)


@pytest.fixture(scope="module")
def document(result: Audit) -> Any:
    return json.loads(result.to_json())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verify")


def recomputable(document: Any) -> list[Place]:
    """Numbers that an audit's evidence gives, by what they are and not by what verify says."""
    found: list[Place] = []
    for name in ("outcomes", "impacts", "flips", "regions", "checks"):
        found += leaves(document[name], (name,))
    for name in ("overall", "leaves", "n_fit"):
        found += leaves(document["disagreements"][name], ("disagreements", name))
    for j, one in enumerate(document["surrogates"]):
        for name in ALWAYS:
            found += leaves(one[name], ("surrogates", j, name))
        for rules in ("form", "rules"):
            if one[rules] is not None and one[rules]["form"] == "rules":
                counts = ("n_covered", "n_correct", "precision_interval", "n_rows", "level")
                here: Place = ("surrogates", j, rules)
                found += [p for p in leaves(one[rules], here) if any(c in p for c in counts)]
    local = document["local"]
    for name in LOCAL:
        found += leaves(local["fidelity"][name], ("local", "fidelity", name))
    for name in ("local_values", "box_values", "stability"):
        found += leaves(local[name], ("local", name))
    return found


# ---- what is whole ----


@pytest.mark.parametrize("kept", ["rows", "answers"])
@pytest.mark.parametrize(
    ("model", "data"),
    [
        (probability, numbers()),
        (value, numbers()),
        (wrap(lambda X: 3 * X[:, :2], output="scores", classes=["no", "yes"]), numbers()),
    ],
    ids=["probabilities", "values", "scores"],
)
def test_every_kind_of_answer_is_computed_again(model: Any, data: Any, kept: str) -> None:
    found = audit(model, data, evidence=kept, **AUDIT)
    checked = verify(found)
    assert checked.ok, str(checked)
    assert checked.evidence == kept
    assert {"surrogates[0].fidelity", "local.fidelity"} <= set(checked.recomputed)
    assert Audit.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    "lime", [{"sampling": "gaussian"}, {"sampling": "kernel"}, {"sampling": "discretised"}]
)
def test_every_sampling_of_lime_is_computed_again(lime: dict[str, Any]) -> None:
    options = {"cart": CART, "lime": {"n_samples": 300, **lime}}
    found = audit(probability, numbers(), rows=[1, 2], **{**AUDIT, "options": options})
    checked = verify(found)
    assert checked.ok, str(checked)
    assert checked.recomputed["local.fidelity"] >= 10


def test_rows_that_were_picked_are_computed_again() -> None:
    options = {"cart": CART, "lime": {"n_samples": 300, "sampling": "gaussian"}}
    checked = verify(audit(probability, numbers(60), pick=2, **{**AUDIT, "options": options}))
    assert checked.ok, str(checked)
    assert "local.fidelity" in checked.recomputed


def test_torch_answers_in_single_precision_are_computed_again() -> None:
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Softmax(dim=1))
    checked = verify(audit(wrap(net, classes=["no", "yes"]), numbers(), **AUDIT))
    assert checked.ok, str(checked)
    assert "local.fidelity" in checked.recomputed


def test_several_surrogates_share_their_rows() -> None:
    options = {"cart": CART, "c45rules": {"n_queries": 200}}
    job = {"methods": ["cart", "c45rules"], "fidelity": 60, "stability": 1, "options": options}
    found = audit(probability, numbers(), **job)
    checked = verify(found)
    assert checked.ok, str(checked)
    assert {"surrogates[1].fidelity", "surrogates[1].form"} <= set(checked.recomputed)
    assert found.evidence is not None
    assert sum(name.endswith("/rows") for name in found.evidence.arrays) == 2


def test_what_is_recomputed_is_what_can_be(result: Audit, document: Any, folder: Path) -> None:
    checked = check(result.to_json(indent=2), folder)
    assert checked.ok, str(checked)
    assert sum(checked.recomputed.values()) == len(recomputable(document))
    numbers_in_it = sum(1 for place in leaves(document) if place[0] not in ("evidence", "version"))
    assert sum(checked.recomputed.values()) + sum(checked.by_hash.values()) == numbers_in_it
    text = str(checked)
    for part in ("verified", "computed again from the rows", "held by the hash only", "queries"):
        assert part in text


@pytest.mark.parametrize(
    "make",
    [
        lambda: distill(probability, numbers(), **DISTILL),
        lambda: explain(probability, numbers()[:3], data=numbers(), **EXPLAIN),
        lambda: audit(probability, numbers(), evidence="none", **AUDIT),
    ],
    ids=["distill", "explain", "audit"],
)
def test_without_evidence_it_is_integrity_only(make: Any) -> None:
    found = make()
    checked = verify(found)
    assert checked.ok
    assert checked.integrity_only
    assert "integrity only" in str(checked)
    document = json.loads(found.to_json())
    place = next(leaves({k: v for k, v in document.items() if k != "version"}))
    with pytest.raises(AssertionError):
        assert verify(_Text(json.dumps(put(document, place, 12345)))).ok


class _Text:
    """JSON that is checked without a file."""

    def __init__(self, text: str) -> None:
        self._text = text

    def to_json(self) -> str:
        return self._text


# ---- what was changed ----


@settings(max_examples=30)
@given(data=st.data())
def test_any_number_that_is_changed_is_caught(document: Any, data: Any) -> None:
    place = data.draw(st.sampled_from([p for p in leaves(document) if p != ("version",)]))
    was = at(document, place)
    number = data.draw(st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6)))
    if number == was and type(number) is type(was):
        number = was + 1
    assert not verify(_Text(json.dumps(put(document, place, number)))).ok


@settings(max_examples=60)
@given(data=st.data())
def test_a_figure_that_is_forged_with_its_hash_is_caught(document: Any, data: Any) -> None:
    place = data.draw(st.sampled_from(recomputable(document)))
    was = at(document, place)
    factor = data.draw(st.sampled_from([1 + 1e-6, 1 - 1e-3, 1.5, -1.0]))
    number = was + data.draw(st.integers(1, 3)) if isinstance(was, int) else was * factor or 1e-6
    checked = verify(_Text(forged(put(document, place, number))))
    assert checked.intact
    assert not checked.ok
    assert "FAILED" in str(checked)


def test_the_place_of_a_forged_figure_is_named(document: Any) -> None:
    place: Place = ("surrogates", 0, "fidelity", 0, "scores", 0, "value")
    checked = verify(_Text(forged(put(document, place, 0.999))))
    assert [one.place for one in checked.differences] == [
        "surrogates[0].fidelity[0].scores[0].value"
    ]
    assert "stored 0.999, computed 1.0" in str(checked)


def test_rounding_is_no_forgery(document: Any) -> None:
    place: Place = ("surrogates", 0, "fidelity", 0, "scores", 0, "lift_interval", "low")
    assert verify(_Text(forged(put(document, place, at(document, place) * (1 + 1e-14))))).ok


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.pop("evidence"), "its settings say that rows are kept; there are none"),
        (lambda d: d["surrogates"].append(d["surrogates"][0]), "computed 1 entries"),
        (lambda d: d["outcomes"].pop(), "computed 2 entries"),
        (lambda d: d["surrogates"][0]["fidelity"][0].update(notes=["All is well."]), "notes"),
        (lambda d: d["surrogates"][0]["verdict"].update(verdict="not met"), '"not met"'),
        (lambda d: d["evidence"].update(kind="answers"), "The evidence was changed"),
        (lambda d: d["evidence"]["facts"].update(seed=5), "The evidence was changed"),
        (lambda d: d["evidence"]["arrays"].pop("probe0/held"), "The evidence was changed"),
        (lambda d: d["evidence"].update(arrays={}), "The evidence was changed"),
        (lambda d: d["local"]["coef"].update(shape=[1, 1]), "cannot be computed again"),
        (lambda d: d.update(disagreements=None), "disagreements"),
        (lambda d: d["target"]["classes"].reverse(), "target.classes"),
        (lambda d: d["surrogates"][0]["classes"].reverse(), "surrogates[0].classes"),
        (lambda d: d.update(schema="surrogate/width-sweep"), "it holds evidence"),
    ],
)
def test_what_else_is_forged_is_caught(document: Any, change: Any, said: str) -> None:
    changed = copy.deepcopy(document)
    change(changed)
    checked = verify(_Text(forged(changed)))
    assert not checked.ok
    assert said in str(checked)


def test_a_tree_that_answers_otherwise_is_caught(document: Any) -> None:
    form = document["surrogates"][0]["form"]
    flipped = [1 - code for code in form["decision"]]
    changed = put(document, ("surrogates", 0, "form", "decision"), flipped)
    assert not verify(_Text(forged(changed))).ok


def test_evidence_that_is_forged_with_its_own_hash_gives_other_figures(document: Any) -> None:
    from surrogate.explanation import Evidence

    kept = Evidence.from_dict(document["evidence"])
    decision = 1 - kept.arrays["probe0/decision"]
    other = Evidence(kept.kind, {**kept.arrays, "probe0/decision": decision}, kept.facts)
    checked = verify(_Text(forged({**document, "evidence": other.to_dict()})))
    assert checked.differences


def test_a_document_without_a_hash_is_not_verified(document: Any) -> None:
    bare = {name: item for name, item in document.items() if name != "integrity"}
    checked = verify(_Text(json.dumps(bare)))
    assert not checked.ok
    assert "bears no hash" in str(checked)
    assert Audit.from_json(json.dumps({k: v for k, v in bare.items() if k != "evidence"}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not the JSON of a result"),
        ("[1]", 'no "schema"'),
        ('{"schema": "other"}', 'no "schema"'),
        ('{"schema": "surrogate/audit", "a": NaN}', "holds NaN"),
        ('{"schema": "surrogate/audit", "a": 1, "a": 2}', "names 'a' twice"),
        ("[" * 100_000, "not the JSON of a result"),
        ('{"schema": "surrogate/audit"}', 'whole number from 1 as "version"; got None'),
        ('{"schema": "surrogate/audit", "version": 99}', "Upgrade it"),
    ],
)
def test_what_is_no_result_is_refused(text: str, said: str, folder: Path) -> None:
    with pytest.raises(InputError, match=said):
        check(text, folder)
    with pytest.raises(InputError, match="cannot be read"):
        verify(folder / "absent.json")


# ---- what is kept ----


def test_answers_alone_hold_no_row() -> None:
    data = people()
    data["income"] = data["income"] + 0.123456
    found = audit(
        says, data, evidence="answers", methods=["cart"], **{**AUDIT, "options": {"cart": CART}}
    )
    assert found.evidence is not None
    assert not [name for name in found.evidence.arrays if name.endswith("rows")]
    for array in found.evidence.arrays.values():
        assert not np.isin(
            np.round(array.ravel().astype(float), 4), np.round(data["income"], 4)
        ).any()


def test_what_may_be_kept_is_checked_first() -> None:
    with pytest.raises(OptionError, match="`evidence` parameter of audit must be one of 'rows'"):
        audit(probability, numbers(), evidence=True, **AUDIT)  # type: ignore[call-overload]


def test_an_interrupted_audit_is_computed_again() -> None:
    from doors import Counted

    for call in (4, 5, 6, 7):
        found = audit(Counted(probability, stop_at=call), numbers(), **AUDIT)
        checked = verify(found)
        assert checked.ok, f"{call}: {checked}"
