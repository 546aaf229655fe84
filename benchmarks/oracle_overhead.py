"""What asking through the oracle costs over calling the model directly, checks included.

Run: python benchmarks/oracle_overhead.py [--rounds 300]

The ways are timed in turn, so that what disturbs one disturbs the others. The overhead is
the median of the differences in a round, of which "box" is what the adapter takes; "floor"
is the difference of the fastest calls, which a busy machine disturbs least. Long asks are
called directly in the batches that the oracle makes. Reach: under 5 % where bare inference
takes at least .25 ms for 1,000 rows or one ask spans many batches, else at most 15 µs a
batch.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.oracle import Oracle

N_FEATURES = 30
BATCH = 1_000
MANY = 50_000
REACH_RATIO, REACH_US = 0.05, 15.0
LONG_ENOUGH = 0.25e-3  # seconds of bare inference from which the ratio counts


@dataclass(frozen=True)
class Case:
    """A model, the shortest way to call it, and the rows it takes.

    `direct` gets the rows that `oracle.ask` gets; casts that any caller has to make belong
    to the model, checks do not.
    """

    name: str
    model: Any
    direct: Callable[[Any], Any]
    said: dict[str, Any]
    tensor: bool = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="pairs of timed calls")
    rounds = parser.parse_args().rounds
    rows = np.random.default_rng(0).normal(size=(MANY, N_FEATURES))
    heads = ("bare", "overhead", "of it box", "floor", "ratio")
    print(" " * 38 + "".join(f"{head:>12}" for head in heads) + "   reach")
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        for case in cases(rows, Path(folder)):
            oracle = Oracle(wrap(case.model, **case.said), Domain.infer(rows[:500] + 0.5))
            few = as_tensor(rows[:BATCH]) if case.tensor else rows[:BATCH]
            report(f"{case.name}, {BATCH:,} rows", case, oracle, few, rounds)
            all_rows = as_tensor(rows) if case.tensor else rows
            report(f"{case.name}, {MANY:,} rows", case, oracle, all_rows, max(rounds // 20, 5))


def report(name: str, case: Case, oracle: Oracle, rows: Any, rounds: int) -> None:
    """Time one case and print a line."""
    size = min(len(rows), 8_192)
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    given = batches if case.tensor else [np.ascontiguousarray(batch) for batch in batches]

    def direct() -> None:
        for batch in given:
            case.direct(batch)

    def boxed() -> None:
        for batch in given:
            oracle.box.ask(batch)

    bare, box, asked = timed(direct, boxed, lambda: oracle.ask(rows), rounds=rounds)
    overhead = np.median(asked - bare)
    floor = asked.min() - bare.min()
    ratio = overhead / np.median(bare)
    if len(given) > 1 or np.median(bare) >= LONG_ENOUGH:
        reached, reach = ratio < REACH_RATIO, f"under {REACH_RATIO:.0%}"
    else:
        reached, reach = overhead <= REACH_US * 1e-6, f"at most {REACH_US:g} µs"
    print(
        f"{name:38}{np.median(bare) * 1e3:>9.3f} ms{overhead * 1e6:>9.1f} µs"
        f"{np.median(box - bare) * 1e6:>9.1f} µs{floor * 1e6:>9.1f} µs{ratio:>12.1%}"
        f"   {reach}: {'yes' if reached else 'NO'}"
    )


def timed(*calls: Callable[[], Any], rounds: int) -> np.ndarray:
    """Seconds of each call, taken in turn, the order turning too: (calls, rounds)."""
    times = np.empty((len(calls), rounds))
    for call in calls * 3:
        call()
    gc.collect()
    gc.disable()
    for i in range(rounds):
        for j in range(len(calls)):
            which = (i + j) % len(calls)
            start = perf_counter()
            calls[which]()
            times[which, i] = perf_counter() - start
    gc.enable()
    return times


def cases(rows: np.ndarray, folder: Path) -> Iterator[Case]:
    """Models of several libraries and sizes."""
    weights = np.random.default_rng(1).normal(size=(N_FEATURES, 3)) / 10

    def linear(x: np.ndarray) -> np.ndarray:
        return x @ weights

    yield Case("callable, linear", linear, linear, {"output": "scores"})
    y = (rows[:, 0] + rows[:, 1] > 0).astype(int)
    yield from sklearn_cases(rows[:5_000], y[:5_000])
    yield from torch_cases()
    yield from onnx_cases(rows[:5_000], y[:5_000], folder)


def sklearn_cases(rows: np.ndarray, y: np.ndarray) -> Iterator[Case]:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    models = {
        "sklearn logistic": LogisticRegression(),
        "sklearn MLP 64-32": MLPClassifier((64, 32), max_iter=5, random_state=0),
        "sklearn forest of 20": RandomForestClassifier(20, max_depth=8, random_state=0),
    }
    for name, model in models.items():
        model.fit(rows, y)
        yield Case(name, model, model.predict_proba, {})


def torch_cases() -> Iterator[Case]:
    import torch

    torch.manual_seed(0)
    for widths in ((16,), (64, 32), (256, 256), (1024, 1024)):
        layers: list[Any] = []
        before = N_FEATURES
        for width in widths:
            layers += [torch.nn.Linear(before, width), torch.nn.ReLU()]
            before = width
        net = torch.nn.Sequential(*layers, torch.nn.Linear(before, 2), torch.nn.Softmax(-1)).eval()

        def from_array(x: np.ndarray, net: Any = net) -> Any:
            with torch.no_grad():
                return net(torch.from_numpy(x).float())

        def from_tensor(x: Any, net: Any = net) -> Any:
            with torch.no_grad():
                return net(x)

        name = "torch MLP " + "-".join(map(str, widths))
        said = {"output": "probabilities"}
        yield Case(name, net, from_array, said)
        yield Case(f"{name}, tensors", net, from_tensor, said, tensor=True)


def onnx_cases(rows: np.ndarray, y: np.ndarray, folder: Path) -> Iterator[Case]:
    import onnxruntime
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier

    for widths in ((64, 32), (256, 256)):
        model = MLPClassifier(widths, max_iter=3, random_state=0).fit(rows, y)
        graph = to_onnx(model, rows[:1].astype(np.float32), options={"zipmap": False})
        path = folder / f"mlp{widths[0]}.onnx"
        path.write_bytes(graph.SerializeToString())
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        given = session.get_inputs()[0].name

        def direct(x: np.ndarray, session: Any = session, given: str = given) -> Any:
            return session.run(None, {given: x.astype(np.float32)})

        yield Case("onnx MLP " + "-".join(map(str, widths)), str(path), direct, {})


def as_tensor(rows: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(rows).float()


if __name__ == "__main__":
    main()
