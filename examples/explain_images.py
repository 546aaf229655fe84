"""Which strokes make a net read an eight as an eight, drawn over the digit.

Run: python examples/explain_images.py [PICTURE.png]
Needs the plot extra for the picture.
"""

from __future__ import annotations

import sys

from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from surrogate import Images, explain

digits = load_digits()
net = MLPClassifier((64,), max_iter=60, random_state=0, early_stopping=True)
net.fit(digits.data[:1500], digits.target[:1500])

# Two held-out digits, (n, h, w); each pixel of these small images is a part of its own.
eights = digits.images[1500:][digits.target[1500:] == 8][:2]
explanations = explain(net, eights, domain=Images(n_segments=64, fill="constant"), seed=0)
print(explanations)

if len(sys.argv) > 1:
    explanations[0].plot().figure.savefig(sys.argv[1], dpi=100)
