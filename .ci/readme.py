"""Put what the demo prints into README.md, so that the page shows what really comes out.

Run: make demo > out/demo.txt; python .ci/readme.py out/demo.txt
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def fence(name: str) -> re.Pattern[str]:
    """What stands between the two marks of a block."""
    between = rf"(?<=<!-- {name}: begin -->\n```text\n).*?(?=```\n<!-- {name}: end -->)"
    return re.compile(between, re.DOTALL)


def shown(printed: str) -> str:
    """The part of the output worth a reader's time: the claim, the rules, the table."""
    lines = printed.splitlines()
    start = next(i for i, line in enumerate(lines) if set(line) == {"─"}) - 1
    end = next(i for i, line in enumerate(lines) if line.startswith("stability:"))
    return "\n".join(line.rstrip() for line in lines[start:end]).rstrip() + "\n...\n"


def compared(printed: str) -> str:
    """Of the comparison: the claim, what has to be said first, the models, the first verdicts."""
    lines = printed.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("comparison of "))
    end = next(i for i, line in enumerate(lines[start:], start) if ": cart, noise" in line)
    return "\n".join(line.rstrip() for line in lines[start:end]).rstrip() + "\n...\n"


def main() -> None:
    """Rewrite the blocks between their marks."""
    printed = Path(sys.argv[1]).read_text(encoding="utf-8")
    page = README.read_text(encoding="utf-8")
    page = fence("demo").sub(lambda _: shown(printed), page)
    page = fence("comparison").sub(lambda _: compared(printed), page)
    README.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
