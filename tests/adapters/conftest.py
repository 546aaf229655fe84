"""The table of black boxes that the contract is held over.

A case builds a box with whatever options a test adds, and says what the model itself
answers, asked without an adapter.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
COLUMNS = ("a", "b", "c", "d")
WEIGHTS = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, -1.0], [2.0, 0.5, 0.0], [-1.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Case:
    """One black box.

    `make(**options)` gives the box; `expected(rows)` gives (values, labels) of the model
    itself, either of which may be None. `columns`: whether `make` takes columns=.
    """

    name: str
    make: Callable[..., Any]
    expected: Callable[[np.ndarray], tuple[Any, Any]]
    rows: Callable[[], np.ndarray]
    task: str | None = None
    classes: tuple[Any, ...] | None = None
    named: bool = True
    pickles: bool = True
    needs: tuple[str, ...] = ()


def normal_rows() -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=1)).standard_normal((40, 4))


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# Functions


def as_matrix(rows: Any) -> np.ndarray:
    """What a careful user's function does with frames and mappings."""
    if isinstance(rows, dict):
        return np.column_stack(list(rows.values()))
    return np.asarray(rows)


def probabilities(rows: Any) -> np.ndarray:
    return softmax(as_matrix(rows) @ WEIGHTS)


def names(rows: Any) -> np.ndarray:
    return np.array(["low", "mid", "top"])[probabilities(rows).argmax(axis=1)]


def mappings(rows: Any) -> list[dict[str, float]]:
    return [dict(zip(("top", "low", "mid"), p.tolist())) for p in probabilities(rows)]


def total(rows: Any) -> np.ndarray:
    return as_matrix(rows).sum(axis=1)


def from_callable(function: Callable[..., Any], **fixed: Any) -> Callable[..., Any]:
    def make(**options: Any) -> Any:
        from surrogate.adapters import CallableBox

        return CallableBox(function, **fixed | options)

    return make


# Estimators


@cache
def estimator(kind: str) -> Any:
    from sklearn.ensemble import IsolationForest, RandomForestClassifier
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.model_selection import FixedThresholdClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    rows = np.random.Generator(np.random.Philox(key=2)).standard_normal((200, 4))
    three, two = names(rows), total(rows) > 0
    logistic = make_pipeline(StandardScaler(), LogisticRegression())
    made = {
        "pipeline": lambda: logistic.fit(rows, three),
        "forest": lambda: RandomForestClassifier(10, random_state=0).fit(rows, two.astype(int)),
        "svc": lambda: SVC().fit(rows, three),
        "threshold": lambda: FixedThresholdClassifier(
            LogisticRegression(), threshold=0.8, response_method="predict_proba"
        ).fit(rows, two),
        "linear": lambda: LinearRegression().fit(rows, rows @ WEIGHTS[:, 0]),
        "outliers": lambda: IsolationForest(n_estimators=10, random_state=0).fit(rows),
        "mlp": lambda: MLPClassifier((8,), max_iter=2000, random_state=0).fit(rows, three),
    }
    return made[kind]()


def from_estimator(kind: str) -> Callable[..., Any]:
    def make(**options: Any) -> Any:
        from surrogate.adapters import SklearnBox

        return SklearnBox(estimator(kind), **options)

    return make


def estimator_says(kind: str, method: str | None, *, labels: bool = False) -> Callable[..., Any]:
    def expected(rows: np.ndarray) -> tuple[Any, Any]:
        model = estimator(kind)
        values = None if method is None else getattr(model, method)(rows)
        return values, (model.predict(rows) if labels else None)

    return expected


# Torch modules


@cache
def module(kind: str) -> Any:
    import torch

    torch.manual_seed(0)
    layers = [torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3)]
    if kind == "double softmax":
        return torch.nn.Sequential(*layers, torch.nn.Softmax(dim=1)).double().train()
    if kind == "no parameters":
        return torch.nn.Softmax(dim=1)
    return torch.nn.Sequential(*layers).train()


def from_module(kind: str, **fixed: Any) -> Callable[..., Any]:
    def make(**options: Any) -> Any:
        from surrogate.adapters import TorchBox

        return TorchBox(module(kind), **fixed | options)

    return make


def module_says(kind: str) -> Callable[..., Any]:
    def expected(rows: np.ndarray) -> tuple[Any, Any]:
        import copy

        import torch

        quiet = copy.deepcopy(module(kind)).eval()
        dtype = next((p.dtype for p in quiet.parameters()), torch.float32)
        with torch.no_grad():
            return quiet(torch.tensor(rows, dtype=dtype)).numpy(), None

    return expected


# ONNX files


@cache
def converted(kind: str, *, zipmap: bool = False, double: bool = False) -> bytes:
    """An estimator as ONNX."""
    from skl2onnx import to_onnx

    sample = np.zeros((1, 4), dtype=np.float64 if double else np.float32)
    model = estimator(kind)
    options = {"zipmap": zipmap} if hasattr(model, "predict_proba") else None
    opsets = {"": 18, "ai.onnx.ml": 3}
    return to_onnx(model, sample, options=options, target_opset=opsets).SerializeToString()


@cache
def net(kind: str) -> bytes:
    """A net of two layers, in one of the shapes that exporters leave behind."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    dtype = {"half": np.float16}.get(kind, np.float32)
    elem = {"half": TensorProto.FLOAT16}.get(kind, TensorProto.FLOAT)
    batch: Any = 1 if kind in ("one row", "rows mixed") else 3 if kind == "three rows" else "n"
    row = [2, 2] if kind in ("image", "one row") else [4]
    nodes, constants = [], {"w": WEIGHTS.astype(dtype)}
    inputs = [helper.make_tensor_value_info("x", elem, [batch, *row])]
    if kind == "several inputs":
        inputs = [helper.make_tensor_value_info(name, elem, ["n", 1]) for name in "dcba"]
        nodes.append(helper.make_node("Concat", ["a", "b", "c", "d"], ["flat"], axis=1))
    elif len(row) > 1:
        constants["shape"] = np.array([batch if batch == 1 else -1, 4])
        nodes.append(helper.make_node("Reshape", ["x", "shape"], ["flat"]))
    elif kind == "rows mixed":  # the centring over axis 0 is wrong for more than one row
        nodes.append(helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1))
        nodes.append(helper.make_node("Add", ["x", "mean"], ["flat"]))
    else:
        nodes.append(helper.make_node("Identity", ["x"], ["flat"]))
    nodes.append(helper.make_node("MatMul", ["flat", "w"], ["logits"]))
    nodes.append(helper.make_node("Softmax", ["logits"], ["p"], axis=1))
    graph = helper.make_graph(
        nodes,
        "net",
        inputs,
        [helper.make_tensor_value_info("p", elem, [batch, 3])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def from_bytes(build: Callable[..., bytes], *args: Any, **fixed: Any) -> Callable[..., Any]:
    said = {key: fixed.pop(key) for key in ("task", "output", "classes") if key in fixed}

    def make(**options: Any) -> Any:
        from surrogate.adapters import OnnxBox

        return OnnxBox(build(*args, **fixed), **said | options)

    return make


def net_says(rows: np.ndarray) -> tuple[Any, Any]:
    return probabilities(rows), None


def mixed_net_says(rows: np.ndarray) -> tuple[Any, Any]:
    return probabilities(2 * rows), None


# Nets of other people, each with the scaling and layout that it was trained with


def images(count: int) -> np.ndarray:
    """Handwritten digits in [0, 1], flat (n, 784)."""
    return digits()[:count].reshape(count, -1) / 255


@cache
def digits() -> np.ndarray:
    with np.load(SHARED / "mnist" / "mnist.npz") as file:
        return np.asarray(file["x_test"])


def photographs(count: int) -> np.ndarray:
    """Photographs in [0, 1], flat (n, 3072), the colours of a pixel side by side."""
    return pixels()[:count].reshape(count, -1) / 255.0


@cache
def pixels() -> np.ndarray:
    image = pytest.importorskip("PIL.Image")
    with image.open(SHARED / "cifar10-subset" / "cifar10_batch_50.png") as file:
        return np.asarray(file)


def colours(*, mean: tuple[float, ...], std: tuple[float, ...]) -> Callable[[Any], np.ndarray]:
    """Channels scaled and put first: (n, 3072) -> (n, 3, 32, 32)."""
    return lambda x: ((x.reshape(-1, 32, 32, 3) - mean) / std).transpose(0, 3, 1, 2)


def plain(rows: Any) -> Any:
    return rows


@dataclass(frozen=True)
class Net:
    """A file of shared/data/models; `correct` of the first `count` test images."""

    file: str
    rows: Callable[[int], np.ndarray]
    scale: Callable[[Any], Any]
    correct: float
    count: int


NETS = {
    "mnist cntk": Net("mnist-cntk-cnn_onnxruntime-examples.onnx", images,
                      lambda x: x * 255, 0.987, 1000),
    "mnist fc": Net("mnist-net_256x2_natural.onnx", images, plain, 0.978, 1000),
    "mnist colt": Net("mnist_colt_eps0.1_robust.onnx", images,
                      lambda x: (x - 0.1307) / 0.3081, 0.990, 1000),
    "cifar wong-kolter": Net("cifar_base_wongkolter_robust.onnx", photographs,
                             colours(mean=(0.485, 0.456, 0.406), std=(0.225,) * 3), 0.61, 500),
    "cifar resnet": Net("cifar10_resnet_2b_robust.onnx", photographs,
                        colours(mean=(0.4914, 0.4822, 0.4465), std=(0.2471, 0.2435, 0.2616)),
                        0.69, 500),
    "cifar marabou": Net("cifar10_small_marabou.onnx", photographs, plain, 0.574, 500),
    "mnist lenet": Net("mnist_lenet5_clntrained.safetensors", images,
                       lambda x: x.reshape(-1, 1, 28, 28), 0.9835, 2000),
    "mnist lenet adversarial": Net("mnist_lenet5_advtrained.safetensors", images,
                                   lambda x: x.reshape(-1, 1, 28, 28), 0.98, 2000),
    "mnist provable": Net("mnist_wongkolter_provable.safetensors", images,
                          lambda x: x.reshape(-1, 1, 28, 28), 0.982, 1000),
}  # fmt: skip


def shared_net(net: Net) -> Any:
    """The path of an .onnx file, or the torch module that the weights belong to."""
    path = SHARED / "models" / net.file
    if not path.exists():
        pytest.skip(f"the shared data file models/{net.file} is not beside this checkout")
    return path if path.suffix == ".onnx" else torch_net(path)


@cache
def torch_net(path: Path) -> Any:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    weights = pytest.importorskip("safetensors.torch").load_file(path)
    if "lenet" in path.name:
        built = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(3136, 200), nn.ReLU(), nn.Linear(200, 10),
        )  # fmt: skip
        places = {"conv1": "0", "conv2": "3", "linear1": "7", "linear2": "9"}
    else:  # its file counts a module before the first convolution
        built = nn.Sequential(
            nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 4, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(1568, 100), nn.ReLU(), nn.Linear(100, 10),
        )  # fmt: skip
        places = {"1": "0", "3": "2", "6": "5", "8": "7"}
    built.load_state_dict(
        {f"{places[k.split('.')[0]]}.{k.split('.')[1]}": v for k, v in weights.items()}
    )
    return built


def from_shared(name: str) -> Callable[..., Any]:
    net = NETS[name]

    def make(preprocess: Any = None, **options: Any) -> Any:
        from surrogate.adapters import wrap

        scale = Chain(as_matrix if preprocess is None else preprocess, net.scale)
        return wrap(shared_net(net), preprocess=scale, output="scores", **options)

    return make


@dataclass(frozen=True)
class Chain:
    """One function after another."""

    first: Callable[[Any], Any]
    then: Callable[[Any], Any]

    def __call__(self, rows: Any) -> Any:
        return self.then(self.first(rows))


def shared_says(name: str) -> Callable[[np.ndarray], tuple[Any, Any]]:
    """Rows run one by one, without an adapter."""
    net = NETS[name]

    def expected(rows: np.ndarray) -> tuple[Any, Any]:
        model, scaled = shared_net(net), np.asarray(net.scale(rows), dtype=np.float32)
        if isinstance(model, Path):
            import onnxruntime

            session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
            (given,) = session.get_inputs()
            shape = [1, *given.shape[1:]]
            runs = [session.run(None, {given.name: row.reshape(shape)})[0] for row in scaled]
            return np.concatenate(runs), None
        import torch

        with torch.no_grad():
            return torch.cat([model(torch.tensor(row[None])) for row in scaled]).numpy(), None

    return expected


def shared_case(name: str) -> Case:
    net = NETS[name]
    needs = ONNX if net.file.endswith(".onnx") else ("torch", "safetensors")
    kind = "onnx" if net.file.endswith(".onnx") else "torch"
    return Case(f"{kind} {name}", from_shared(name), shared_says(name), lambda: some(net),
                task="classification", pickles=False, needs=needs)  # fmt: skip


def some(net: Net) -> np.ndarray:
    shared_net(net)  # or skip
    return net.rows(8)


# Models behind a URL, without the net


def from_url(path: str, serve: Callable[[Any], Any], **fixed: Any) -> Callable[..., Any]:
    """A box whose server answers the JSON of a request with other JSON."""

    def make(*, preprocess: Any = None, **options: Any) -> Any:
        import httpx2

        from surrogate.adapters import Endpoint, HttpBox

        transport = httpx2.MockTransport(
            lambda request: httpx2.Response(200, json=serve(json.loads(request.content)))
        )
        endpoint = Endpoint(f"http://localhost{path}", **fixed | options)
        return HttpBox(endpoint, preprocess=preprocess, transport=transport)

    return make


def serve_v1(body: Any) -> Any:
    return {"predictions": probabilities(np.array(body["instances"])).tolist()}


def serve_v2(body: Any) -> Any:
    (given,) = body["inputs"]
    labels = names(np.array(given["data"]).reshape(given["shape"])).tolist()
    shape, kind = [len(labels), 1], "BYTES"
    return {"outputs": [{"name": "predict", "shape": shape, "datatype": kind, "data": labels}]}


def serve_mlflow(body: Any) -> Any:
    frame = body.get("dataframe_split", {})
    return {"predictions": mappings(np.array(body["inputs"] if not frame else frame["data"]))}


CLASSES = ("low", "mid", "top")
HTTP = ("httpx2",)
ONNX = ("onnxruntime", "onnx", "skl2onnx")
CASES = [
    Case("callable probabilities", from_callable(probabilities), net_says, normal_rows),
    Case("callable labels", from_callable(names), lambda x: (None, names(x)), normal_rows),
    Case("callable values", from_callable(total, task="regression"),
         lambda x: (total(x), None), normal_rows, task="regression"),
    Case("callable mappings", from_callable(mappings, classes=CLASSES),
         lambda x: (probabilities(x)[:, [1, 2, 0]], None), normal_rows,
         task="classification", classes=CLASSES),
    Case("sklearn pipeline", from_estimator("pipeline"),
         estimator_says("pipeline", "predict_proba"), normal_rows,
         task="classification", classes=CLASSES),
    Case("sklearn forest", from_estimator("forest"), estimator_says("forest", "predict_proba"),
         normal_rows, task="classification", classes=(0, 1)),
    Case("sklearn svc", from_estimator("svc"),
         estimator_says("svc", "decision_function", labels=True), normal_rows,
         task="classification", classes=CLASSES),
    Case("sklearn own threshold", from_estimator("threshold"),
         estimator_says("threshold", "predict_proba", labels=True), normal_rows,
         task="classification", classes=(False, True)),
    Case("sklearn regression", from_estimator("linear"), estimator_says("linear", "predict"),
         normal_rows, task="regression"),
    Case("sklearn outliers", from_estimator("outliers"),
         estimator_says("outliers", "decision_function", labels=True), normal_rows,
         task="classification", classes=(-1, 1)),
    Case("torch logits", from_module("logits", output="scores"), module_says("logits"),
         normal_rows, task="classification", needs=("torch",)),
    Case("torch double softmax", from_module("double softmax"), module_says("double softmax"),
         normal_rows, needs=("torch",)),
    Case("torch without parameters", from_module("no parameters"), module_says("no parameters"),
         normal_rows, needs=("torch",)),
    Case("onnx labels and probabilities", from_bytes(converted, "mlp"),
         estimator_says("mlp", "predict_proba", labels=True), normal_rows,
         task="classification", classes=CLASSES, needs=ONNX),
    Case("onnx zipmap", from_bytes(converted, "pipeline", zipmap=True),
         estimator_says("pipeline", "predict_proba", labels=True), normal_rows,
         task="classification", classes=CLASSES, needs=ONNX),
    Case("onnx zipmap, whole classes", from_bytes(converted, "forest", zipmap=True),
         estimator_says("forest", "predict_proba", labels=True), normal_rows,
         task="classification", classes=(0, 1), needs=ONNX),
    Case("onnx double", from_bytes(converted, "pipeline", double=True),
         estimator_says("pipeline", "predict_proba", labels=True), normal_rows,
         task="classification", classes=CLASSES, needs=ONNX),
    Case("onnx regression", from_bytes(converted, "linear", task="regression"),
         estimator_says("linear", "predict"), normal_rows, task="regression", needs=ONNX),
    Case("onnx net", from_bytes(net, "plain"), net_says, normal_rows, needs=ONNX),
    Case("onnx half", from_bytes(net, "half"), net_says, normal_rows, needs=ONNX),
    Case("onnx image", from_bytes(net, "image"), net_says, normal_rows, needs=ONNX),
    Case("onnx exported for one row", from_bytes(net, "one row"), net_says, normal_rows,
         needs=ONNX),
    Case("onnx exported for three rows", from_bytes(net, "three rows"), net_says, normal_rows,
         needs=ONNX),
    Case("onnx bound to one row", from_bytes(net, "rows mixed"), mixed_net_says, normal_rows,
         needs=ONNX),
    Case("onnx several inputs", from_bytes(net, "several inputs"),
         lambda x: (probabilities(x[:, ::-1]), None), normal_rows, named=False, needs=ONNX),
    Case("http v1", from_url("/v1/models/m", serve_v1), net_says, normal_rows, pickles=False,
         needs=HTTP),
    Case("http v2 labels", from_url("/v2/models/m", serve_v2), lambda x: (None, names(x)),
         normal_rows, pickles=False, needs=HTTP),
    Case("http mlflow by name", from_url("", serve_mlflow, protocol="mlflow", classes=CLASSES),
         lambda x: (probabilities(x)[:, [1, 2, 0]], None), normal_rows,
         task="classification", classes=CLASSES, pickles=False, needs=HTTP),
    *map(shared_case, NETS),
]  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(autouse=True)
def _needs(request: pytest.FixtureRequest) -> None:
    """Skip a case whose library is not installed."""
    if "case" in request.fixturenames:
        for library in request.getfixturevalue("case").needs:
            pytest.importorskip(library)


@pytest.fixture
def nets() -> Callable[[str], tuple[Net, Any]]:
    """A net of shared/data/models and its box, or a skip that says so."""

    def find(name: str) -> tuple[Net, Any]:
        for library in ONNX if NETS[name].file.endswith(".onnx") else ("torch", "safetensors"):
            pytest.importorskip(library)
        return NETS[name], from_shared(name)()

    return find
