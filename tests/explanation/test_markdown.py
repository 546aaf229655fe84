"""Summaries as Markdown: the claim first, and nothing that data or a model named is obeyed."""

from __future__ import annotations

import re
from dataclasses import replace
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.explanation.gate import gate_of
from surrogate.render.markdown import fenced, inline, markdown_table
from surrogate.render.tables import Table


def test_an_audit_says_the_claim_first(demo: ModuleType) -> None:
    text = demo.audit().to_markdown()
    lines = text.splitlines()
    assert lines[0] == "## Fidelity report: credit.onnx"
    assert lines[2].startswith("**This tree of 16 leaves gives the same answer as credit.onnx")
    assert "95 % interval" in lines[2]
    assert "commonest answer" in lines[4]
    for part in ("Target not met", "| agreement | 83.2 %", "<details>", "came true"):
        assert part in text
    assert "`surrogate verify FILE.json`" in lines[-1]
    digest = re.search(r"`([0-9a-f]{64})`", lines[-1])
    assert digest is not None
    assert digest.group(1) in demo.audit().to_json()


def test_every_result_has_one(demo: ModuleType) -> None:
    audit = demo.audit()
    assert audit.surrogates[0].to_markdown().startswith("## ")
    assert "local explanation" in audit.local.to_markdown()
    ended = replace(audit, surrogates=(), local=None, outcomes=(), interrupted=True)
    assert "It was interrupted" in ended.to_markdown()


def test_long_forms_and_notes_are_cut(demo: ModuleType) -> None:
    audit = demo.audit()
    many = replace(audit, notes=tuple(f"note {i}" for i in range(50)))
    text = many.to_markdown()
    assert "note 11" in text
    assert "note 12" not in text
    assert re.search(r"- and \d+ more$", text, re.M)
    assert len(text) < 20_000


def test_hostile_names_do_nothing(demo: ModuleType) -> None:
    text = demo.hostile().to_markdown()
    outside = re.sub(r"(?s)(`{3,})text\n.*?\n\1", "", text)
    assert not re.search(r"<(?!/?details>|/?summary>)", outside)
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a|b", r"a\|b"),
        ("*a* _b_ `c` ~d~", r"\*a\* \_b\_ \`c\` \~d\~"),
        ("[x](y) ![z](w)", r"\[x\](y) !\[z\](w)"),
        ("$x$ \\(", r"\$x\$ \\("),
        ("&lt;", "&amp;lt;"),
        ("a\n\n# b", "a # b"),
    ],
)
def test_markup_is_escaped(text: str, said: str) -> None:
    assert inline(text) == said


@pytest.mark.parametrize(
    "text", ["# head", "- item", "+ item", "1. one", "=== x", "@who", "#12", "www.x.y", "https://x"]
)
def test_lines_links_and_mentions_are_broken(text: str) -> None:
    said = inline(text)
    assert "\u2060" in said
    assert said.replace("\u2060", "") == text


@given(text=st.text())
def test_no_text_leaves_its_cell_or_its_fence(text: str) -> None:
    table = markdown_table(Table(("a", "b"), ((text, text),), "lr"), most=5)
    assert len(table) == 3
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", table[2])) == 3
    said = fenced(text, most=10**6).splitlines()
    fence = said[0].removesuffix("text")
    assert said[-1] == fence
    assert not any(line.strip().startswith(fence) for line in said[1:-1])


def test_tables_are_cut_and_headed() -> None:
    table = Table(("a", "b"), (("head", ""), *(("x", "1.5"),) * 9), "lr")
    lines = markdown_table(table, most=3)
    assert lines[:4] == ["| a | b |", "| --- | ---: |", "| **head** |  |", "| x | 1.5 |"]
    assert lines[-1] == "and 7 more lines"


def test_the_lower_end_decides(demo: ModuleType) -> None:
    audit = demo.audit()  # 83.2 %, 95 % interval 80.6 to 85.6
    assert gate_of(audit, 0.8).shown
    between = gate_of(audit, 0.82)
    assert not between.shown
    assert "the lower end 80.6 % decides: measure on more rows" in str(between)
    assert "80.6 to 85.6" in str(between)
    assert "measure on more rows" not in str(gate_of(audit, 0.9))
    assert "✅" in audit.to_markdown(min_fidelity=0.8)
    assert "❌" in audit.to_markdown(min_fidelity=0.82)


def test_nothing_measured_is_nothing_shown(demo: ModuleType) -> None:
    audit = replace(demo.audit(), surrogates=())
    assert not gate_of(audit, 0.1).shown
    assert "no surrogate was measured" in str(gate_of(audit, 0.1))


def test_of_a_comparison_the_least_faithful_counts(demo: ModuleType) -> None:
    from surrogate.explanation import Comparison

    first = demo.audit().surrogates[0]
    score = replace(first.fidelity[0].main, interval=None)
    worse = replace(first, fidelity=(replace(first.fidelity[0], scores=(score,)),))
    pair = Comparison(models=(), measured=(), surrogates=(("a", first), ("b", worse)))
    assert not gate_of(pair, 0.5).shown
    assert "of b" in str(gate_of(pair, 0.5))
    assert gate_of(replace(pair, surrogates=(("a", first),)), 0.5).shown
