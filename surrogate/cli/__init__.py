"""The command line: ``surrogate explain|distill|audit|compare|methods``.

Exit codes: 0 done; 1 the model or the data are wrong; 2 the command is wrong; 3 the budget
does not suffice; 130 interrupted, what there is printed and marked.
"""

from __future__ import annotations

from surrogate.cli.entry import main

__all__ = ["main"]
