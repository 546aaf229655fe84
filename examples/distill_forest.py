"""A forest of 200 trees, said in one tree of eight leaves.

Run: python examples/distill_forest.py
"""

from __future__ import annotations

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier

from surrogate import distill

data = load_breast_cancer(as_frame=True)
X, y = data.data, data.target_names[data.target]
forest = RandomForestClassifier(200, random_state=0).fit(X[:300], y[:300])

# The forest learnt from the first 300 rows; what it says is learnt and measured on the others.
tree = distill(forest, X[300:], options={"max_leaves": 8}, seed=0)
print(tree)
