"""Ask why the demo's net says what it says about one person.

Run: python examples/explain_one_row.py
Needs the onnx extra.
"""

from __future__ import annotations

from pathlib import Path

from surrogate import explain, wrap
from surrogate.domain.table import read_table

from adult import prepare

HERE = Path(__file__).resolve().parent

table = read_table(HERE / "data" / "adult.csv")
del table["income"]  # what really happened: the net is asked, not the census
one = {name: column[:1] for name, column in table.items()}

model = wrap(HERE / "adult.onnx", preprocess=prepare)
explanation = explain(model, one, data=table, seed=0)
print(explanation)
