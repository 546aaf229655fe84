"""Which words make a classifier take a review for a good one.

Run: python examples/explain_texts.py
"""

from __future__ import annotations

from itertools import product

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from surrogate import Texts, explain

PRAISE = ("a warm and funny", "a clever", "an honest, moving", "not a dull")
BLAME = ("a slow and dull", "a lifeless", "a loud, clumsy", "not a clever")
THINGS = ("film", "story about a family", "comedy", "portrait of a painter")
ENDS = ("", ", with a fine cast", " from start to finish", " that many will see")

good, bad = (
    [" ".join((how, what)) + end for how, what, end in product(hows, THINGS, ENDS)]
    for hows in (PRAISE, BLAME)
)
model = make_pipeline(CountVectorizer(ngram_range=(1, 2)), LogisticRegression())
model.fit(good + bad, ["good"] * len(good) + ["bad"] * len(bad))

reviews = ["not a clever comedy, and a slow one", "a warm portrait of a clumsy painter"]
explanations = explain(model, reviews, domain=Texts(), seed=0)
print(explanations)
