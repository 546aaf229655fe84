"""Put what the demo prints into README.md, so that the page shows what really comes out.

Run: make demo > out/demo.txt; python .ci/readme.py out/demo.txt
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
FENCE = re.compile(r"(?<=<!-- demo: begin -->\n```text\n).*?(?=```\n<!-- demo: end -->)", re.DOTALL)


def shown(printed: str) -> str:
    """The part of the output worth a reader's time: the claim, the rules, the table."""
    lines = printed.splitlines()
    start = next(i for i, line in enumerate(lines) if set(line) == {"─"}) - 1
    end = next(i for i, line in enumerate(lines) if line.startswith("stability:"))
    return "\n".join(line.rstrip() for line in lines[start:end]).rstrip() + "\n...\n"


def main() -> None:
    """Rewrite the block between the two marks."""
    text = shown(Path(sys.argv[1]).read_text(encoding="utf-8"))
    page = README.read_text(encoding="utf-8")
    README.write_text(FENCE.sub(lambda _: text, page), encoding="utf-8")


if __name__ == "__main__":
    main()
