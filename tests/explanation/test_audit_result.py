"""What an audit found: stored, printed, shown."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from surrogate.errors import InputError
from surrogate.explanation import AuditResult, GlobalExplanation
from surrogate.explanation.findings import finding_scores


def test_json_comes_back_equal(demo: ModuleType) -> None:
    audit = demo.audit()
    assert AuditResult.from_json(audit.to_json()) == audit
    assert AuditResult.from_json(demo.hostile().to_json()) == demo.hostile()
    with pytest.raises(InputError, match="surrogate/global-explanation"):
        GlobalExplanation.from_json(audit.to_json())


def test_a_subclass_comes_back_as_itself(demo: ModuleType) -> None:
    class Audit(AuditResult):
        pass

    assert type(Audit.from_json(demo.audit().to_json())) is Audit


def test_an_interrupted_one_says_so(demo: ModuleType) -> None:
    empty = AuditResult(demo.audit().target, {}, (), interrupted=True)
    assert "interrupted" in str(empty)
    assert "no surrogate was fitted" in str(empty)
    assert "interrupted" in empty._repr_html_()
    assert len(empty.to_frame()) == 0
    assert AuditResult.from_json(empty.to_json()) == empty


def test_print_and_frame_hold_everything(demo: ModuleType) -> None:
    audit = demo.audit()
    text = str(audit)
    assert audit.notes[0] in text
    assert "lime on credit.onnx" in text
    assert "against true outcomes" in text
    assert "This is not fidelity" in text
    frame, of_surrogate = audit.to_frame(), audit.surrogates[0].to_frame()
    of_groups = [*finding_scores(audit)]
    assert len(frame) == len(of_surrogate) + len(audit.outcomes) + len(of_groups)
    outcome = frame.iloc[len(of_surrogate)]
    assert outcome["distribution"] == "against true outcomes (no fidelity)"
    assert outcome["value"] == audit.outcomes[0].score.value
    assert frame["value"].iloc[-1] == of_groups[-1][-1].value
    assert frame["verdict"].dropna().tolist() == ["not met"]


def test_the_cost_is_printed_once_and_last(demo: ModuleType) -> None:
    lines = str(demo.audit()).splitlines()
    said = [i for i, line in enumerate(lines) if line.startswith("queries:")]
    assert len(said) == 1
    assert "15,104" in lines[said[0]]
    assert said[0] >= len(lines) - 2


def test_print_of_hostile_names_steers_no_terminal(demo: ModuleType) -> None:
    text = str(demo.hostile())
    assert not any(c in text for c in "\x1b\x07\u202e")
    assert max(map(len, text.splitlines())) < 1000


def test_facts_become_plain(demo: ModuleType) -> None:
    audit = replace(demo.audit(), data={"rows": np.int64(5), "share": np.float32(0.5)})
    assert audit.data == {"rows": 5, "share": 0.5}


def test_without_pandas_the_frame_says_what_to_install(
    demo: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        demo.audit().to_frame()
