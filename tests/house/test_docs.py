"""What the pages show runs: every ```python block, in order, page by page."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"^```(?:\{code-block\} )?python *\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_RUN = "# not run:"  # and why, as a block's first line
NEEDS = {
    "httpx2": r"Endpoint\(|wrap\(\"http",
    "torch": r"^\s*(?:import|from) torch|robust\.training import",
    "onnxruntime": r"\.onnx\b",
    "pandas": r"^\s*(?:import|from) pandas|as_frame=True|to_frame\(",
    "polars": r"^\s*(?:import|from) polars",
    "matplotlib": r"matplotlib|\.plot\(",
    "jinja2": r"\.report\(",
    "lime": r"^\s*(?:import|from) lime",
}


def blocks(page: Path) -> Iterator[tuple[int, str]]:
    """Python blocks of a page, with the line on which each begins."""
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        if not found[1].lstrip().startswith(NOT_RUN):
            yield text.count("\n", 0, found.start()) + 2, found[1]


def run(page: Path, line: int, source: str, names: dict[str, object]) -> None:
    """Run one block, as a session if it looks like one."""
    if source.lstrip().startswith(">>>"):
        flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
        test = doctest.DocTestParser().get_doctest(source, {}, page.name, str(page), line - 1)
        test.globs = names
        said: list[str] = []
        runner = doctest.DocTestRunner(optionflags=flags)
        runner.run(test, out=said.append, clear_globs=False)
        assert runner.summarize(verbose=False).failed == 0, "".join(said)
    else:
        code = compile("\n" * (line - 1) + source, str(page), "exec", dont_inherit=True)
        exec(code, names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = list(blocks(page))
    if not found:
        pytest.skip("the page has no Python to run")
    for library, sign in NEEDS.items():
        if any(re.search(sign, source, re.MULTILINE) for _, source in found):
            pytest.importorskip(library)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)  # a page may write files
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    names: dict[str, object] = {"__name__": "__main__"}
    for line, source in found:
        run(page, line, source, names)


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"
