"""``python -m surrogate`` is the command line."""

from __future__ import annotations

from surrogate.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
