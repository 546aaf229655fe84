"""What asking through the oracle costs over calling the model directly, checks included.

Run: python benchmarks/oracle_overhead.py [--rounds 300]

Both ways are timed in turn, so that what disturbs one disturbs the other. The overhead is
the median of the differences of a pair; "floor" is the difference of the fastest of each,
which a busy machine disturbs least. Reach: under 5 % where bare inference takes at least
.25 ms for 1,000 rows or one ask spans many batches, else at most 15 µs a batch.
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
    print(f"{'':34}{'bare':>10}{'overhead':>12}{'floor':>12}{'ratio':>9}   reach")
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
    for _ in range(max(rounds // 20, 3)):
        case.direct(rows), oracle.ask(rows)
    bare, asked = pairs(lambda: case.direct(rows), lambda: oracle.ask(rows), rounds)
    difference = np.median(asked - bare)
    floor = asked.min() - bare.min()
    ratio = difference / np.median(bare)
    batches = -(-len(rows) // 8_192)
    if batches > 1 or np.median(bare) >= LONG_ENOUGH:
        reached = ratio < REACH_RATIO
        reach = f"under {REACH_RATIO:.0%}"
    else:
        reached = difference <= REACH_US * 1e-6
        reach = f"at most {REACH_US:g} µs"
    print(
        f"{name:34}{np.median(bare) * 1e3:>7.3f} ms{difference * 1e6:>9.1f} µs"
        f"{floor * 1e6:>9.1f} µs{ratio:>8.1%}   {reach}: {'yes' if reached else 'NO'}"
    )


def pairs(
    direct: Callable[[], Any], through: Callable[[], Any], rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of both, call by call in turn, the order changing: (rounds,), (rounds,)."""
    times = np.empty((rounds, 2))
    gc.collect()
    gc.disable()
    for i in range(rounds):
        order = ((0, direct), (1, through)) if i % 2 else ((1, through), (0, direct))
        for which, call in order:
            start = perf_counter()
            call()
            times[i, which] = perf_counter() - start
    gc.enable()
    return times[:, 0], times[:, 1]


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
