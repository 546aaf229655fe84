"""Audit a torch net on rows that it has not seen.

Run: python examples/audit_torch.py [report.html]
Needs the torch and report extras, and pandas.
"""

from __future__ import annotations

import sys

import torch
from sklearn.datasets import load_wine

from surrogate import audit, wrap

wine = load_wine(as_frame=True)
rows, labels = wine.data, torch.tensor(wine.target.to_numpy())
inputs = torch.tensor(rows.to_numpy(), dtype=torch.float32)
mean, scale = inputs.mean(0), inputs.std(0)

torch.manual_seed(0)
net = torch.nn.Sequential(
    torch.nn.Linear(13, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3), torch.nn.Softmax(dim=1)
)
optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
for _ in range(100):
    loss = torch.nn.functional.nll_loss(net((inputs[::2] - mean) / scale).log(), labels[::2])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

# The net wants standardised numbers; people read raw units: scaling belongs to the model.
model = wrap(
    net,
    classes=[str(name) for name in wine.target_names],
    preprocess=lambda frame: (frame.to_numpy() - mean.numpy()) / scale.numpy(),
)
result = audit(model, rows[1::2], y=wine.target_names[wine.target[1::2]], seed=0)
print(result)
if len(sys.argv) > 1:
    result.report(sys.argv[1])
    print(f"The whole report: {sys.argv[1]}")
